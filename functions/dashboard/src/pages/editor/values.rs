//! What is in the fields of the form, and the body of the API that it makes.

use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::headers::MASK;
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use serde_json::{Map, Value, json};

use crate::form::Fields;

/// What is in the form's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) struct Values {
    pub(in crate::pages) url: String,
    pub(in crate::pages) name: String,
    pub(in crate::pages) events: Vec<String>,
    pub(in crate::pages) others: String,
    pub(in crate::pages) contract: String,
    pub(in crate::pages) filter: String,
    pub(in crate::pages) transform: String,
    pub(in crate::pages) timeout: String,
    pub(in crate::pages) rate: String,
    pub(in crate::pages) per: String,
    pub(in crate::pages) headers: String,
    pub(in crate::pages) test_mode: bool,
    /// The event type whose sample is shown or sent: empty for one that is chosen.
    pub(in crate::pages) sample: String,
    /// The revision that is changed; empty for a new webhook.
    pub(in crate::pages) revision: String,
}

/// In place of an event type: the event that says that it is a test.
pub(in crate::pages) const GREETING: &str = "-";
/// The seconds of a limit that says none.
const USUAL_SECONDS: &str = "60";

impl Values {
    pub(in crate::pages) fn of(fields: &Fields) -> Self {
        // Browsers send lines with both of their ends, and so a text that nobody changed would be another.
        let text = |name: &str| fields.raw(name).unwrap_or_default().replace("\r\n", "\n");
        Self {
            url: text("url"),
            name: text("name"),
            events: fields.all("events").map(ToOwned::to_owned).collect(),
            others: text("others"),
            contract: text("contract"),
            filter: text("filter"),
            transform: text("transform"),
            timeout: text("timeout"),
            rate: text("rate"),
            per: text("per"),
            headers: text("headers"),
            test_mode: fields.has("testMode"),
            sample: text("sample"),
            revision: text("revision"),
        }
    }

    /// What is saved of a webhook. The values of its headers are masked, as the API masks them.
    pub(in crate::pages) fn of_webhook(webhook: &Webhook) -> Self {
        let text = |expression: Option<&str>| expression.unwrap_or_default().replace("\r\n", "\n");
        let headers = webhook.headers.names().map(|name| format!("{name}: {MASK}"));
        Self {
            url: webhook.url.to_string(),
            name: webhook.name.clone(),
            events: webhook.events.iter().map(ToString::to_string).collect(),
            others: String::new(),
            contract: webhook.contract.to_string(),
            filter: text(webhook.filter.as_ref().map(Filter::as_str)),
            transform: text(webhook.transform.as_ref().map(Transform::as_str)),
            timeout: webhook.timeout.map(TimeLimit::seconds).map_or_else(String::new, written),
            rate: webhook.rate_limit.map(RateLimit::requests).map_or_else(String::new, written),
            per: webhook.rate_limit.map(RateLimit::per_seconds).map_or_else(String::new, written),
            headers: headers.collect::<Vec<_>>().join("\n"),
            test_mode: webhook.test_mode,
            sample: String::new(),
            revision: webhook.revision.to_string(),
        }
    }

    /// The fields with what is in them, for a form that carries them along.
    pub(in crate::pages) fn carried(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("url", self.url.clone()),
            ("name", self.name.clone()),
            ("others", self.others.clone()),
            ("contract", self.contract.clone()),
            ("filter", self.filter.clone()),
            ("transform", self.transform.clone()),
            ("timeout", self.timeout.clone()),
            ("rate", self.rate.clone()),
            ("per", self.per.clone()),
            ("headers", self.headers.clone()),
            ("sample", self.sample.clone()),
            ("revision", self.revision.clone()),
        ];
        all.retain(|(_, text)| !text.is_empty());
        all.extend(self.events.iter().map(|event| ("events", event.clone())));
        if self.test_mode {
            all.push(("testMode", "on".to_owned()));
        }
        all
    }

    /// The event types and patterns: those that the webhook has in its order, so that what nobody changed is the same.
    pub(in crate::pages) fn subscriptions(&self, current: Option<&Webhook>) -> Vec<String> {
        let others =
            self.others.split([',', ' ', '\n']).map(str::trim).filter(|text| !text.is_empty());
        let mut all: Vec<String> =
            self.events.iter().map(String::as_str).chain(others).map(ToOwned::to_owned).collect();
        if let Some(webhook) = current {
            let known: Vec<_> = webhook.events.iter().map(ToString::to_string).collect();
            let place = |event: &String| known.iter().position(|one| one == event);
            all.sort_by_key(|event| place(event).unwrap_or(usize::MAX));
        }
        all
    }

    /// The body as the API takes it, so that it is read and judged by the same rules: that of a registration, or of a
    /// change of a webhook. What the webhook has and the form has no more is `null`.
    pub(in crate::pages) fn body(&self, current: Option<&Webhook>) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        put("url", json!(self.url.trim()));
        put("events", json!(self.subscriptions(current)));
        let mut optional = |name: &str, had: bool, value: Option<Value>| match value {
            Some(value) => put(name, value),
            None if had => put(name, Value::Null),
            None => {}
        };
        let given =
            |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(|t| json!(t));
        match current {
            Some(_) => optional("name", false, Some(json!(self.name.trim()))),
            None => optional("name", false, given(&self.name)),
        }
        optional("contract", false, given(&self.contract));
        let is_set = |has: fn(&Webhook) -> bool| current.is_some_and(has);
        let (filter, transform) = (
            expression(
                &self.filter,
                current.and_then(|webhook| webhook.filter.as_ref()).map(Filter::as_str),
            ),
            expression(
                &self.transform,
                current.and_then(|webhook| webhook.transform.as_ref()).map(Transform::as_str),
            ),
        );
        optional("filter", is_set(|webhook| webhook.filter.is_some()), filter);
        optional("transform", is_set(|webhook| webhook.transform.is_some()), transform);
        let timeout = given(&self.timeout).map(|_| number(&self.timeout));
        optional("timeoutSeconds", is_set(|webhook| webhook.timeout.is_some()), timeout);
        optional("rateLimit", is_set(|webhook| webhook.rate_limit.is_some()), self.rate_limit());
        let headers = self.header_fields();
        let has_headers = is_set(|webhook| webhook.headers.names().next().is_some());
        optional("headers", has_headers, (!headers.is_empty()).then(|| Value::Object(headers)));
        if self.test_mode || current.is_some() {
            put("testMode", json!(self.test_mode));
        }
        body
    }

    fn rate_limit(&self) -> Option<Value> {
        let (rate, per) = (self.rate.trim(), self.per.trim());
        if rate.is_empty() && (per.is_empty() || per == USUAL_SECONDS) {
            return None;
        }
        let per = if per.is_empty() { USUAL_SECONDS } else { per };
        Some(json!({"requests": number(rate), "perSeconds": number(per)}))
    }

    fn header_fields(&self) -> Map<String, Value> {
        let mut headers = Map::new();
        for line in self.headers.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            headers.insert(name.trim().to_owned(), json!(value.trim()));
        }
        headers
    }
}

/// An expression as it was typed; the one that is saved, to the letter, if only ends of lines are others.
fn expression(typed: &str, saved: Option<&str>) -> Option<Value> {
    let typed = typed.trim();
    match saved {
        Some(saved) if saved.replace("\r\n", "\n").trim() == typed => Some(json!(saved)),
        _ => (!typed.is_empty()).then(|| json!(typed)),
    }
}

/// A number as it was typed; what is none stays a text, and is refused as such.
fn number(text: &str) -> Value {
    text.trim().parse::<u64>().map_or_else(|_| json!(text.trim()), |number| json!(number))
}

fn written(number: impl ToString) -> String {
    number.to_string()
}

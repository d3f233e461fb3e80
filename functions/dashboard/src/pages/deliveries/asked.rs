//! What the address of the list says: which deliveries, and how they are shown.

use hooklane_app::deliveries::{Answered, Search};
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::ids::{EventType, WebhookId};

use crate::form::Fields;
use crate::link;
use crate::visitor::Visitor;

/// The time whose deliveries are listed if the address says none.
const USUAL: Period = Period::Week;

/// The address of the list, read. What it says wrongly is left out.
#[derive(Default)]
pub(crate) struct Asked {
    pub(super) id: String,
    pub(super) webhook: Option<WebhookId>,
    pub(super) event: Option<EventType>,
    pub(super) status: Option<Status>,
    pub(super) waits: bool,
    pub(super) answered: Option<Answered>,
    pub(super) period: Period,
    /// Whether there is a row for each event.
    pub(super) grouped: bool,
    /// Where the page begins, in the words of the search that ended there.
    pub(super) after: String,
}

impl Asked {
    pub(crate) fn read(query: &Fields) -> Self {
        let status = query.text("status");
        let text = |name: &str| query.text(name).unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            webhook: query.text("webhook").and_then(|text| text.parse().ok()),
            event: query.text("event").and_then(|text| text.parse().ok()),
            status: status.and_then(|text| text.parse().ok()),
            waits: status == Some("parked"),
            answered: query.text("code").and_then(code).or(query.text("error").and_then(error)),
            period: query.text("since").and_then(|text| text.parse().ok()).unwrap_or(USUAL),
            grouped: query.text("group") == Some("event"),
            after: text("after"),
        }
    }

    /// Whether it says anything about which deliveries.
    pub(super) fn is_filtered(&self) -> bool {
        let by_webhook = self.webhook.is_some() || self.event.is_some() || !self.id.is_empty();
        let by_end = !self.status().is_empty() || self.answered.is_some();
        by_webhook || by_end || self.period != USUAL
    }

    pub(super) fn status(&self) -> &'static str {
        if self.waits { "parked" } else { self.status.map(Status::as_str).unwrap_or_default() }
    }

    pub(super) fn code(&self) -> String {
        match self.answered {
            Some(Answered::Code(code)) => code.to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn error(&self) -> &'static str {
        match self.answered {
            Some(Answered::Error(kind)) => word(kind),
            _ => "",
        }
    }

    /// The address of a page with these filters, and with what follows.
    pub(super) fn address(&self, visitor: &Visitor, path: &str, more: &[(&str, &str)]) -> String {
        self.written(visitor, path, self.grouped, more)
    }

    /// The address of the same deliveries, with or without a row for each event.
    pub(super) fn shown_as(&self, visitor: &Visitor, grouped: bool) -> String {
        self.written(visitor, "deliveries", grouped, &[])
    }

    fn written(
        &self,
        visitor: &Visitor,
        path: &str,
        grouped: bool,
        more: &[(&str, &str)],
    ) -> String {
        let webhook = self.webhook.map(|id| id.to_string()).unwrap_or_default();
        let event = self.event.as_ref().map(ToString::to_string).unwrap_or_default();
        let code = self.code();
        let mut query = vec![
            ("id", self.id.as_str()),
            ("webhook", &webhook),
            ("event", &event),
            ("status", self.status()),
            ("code", &code),
            ("error", self.error()),
            ("since", self.period.as_str()),
            ("group", if grouped { "event" } else { "" }),
        ];
        query.extend_from_slice(more);
        link::with(visitor.id(), path, &query)
    }

    /// When the events of these deliveries were accepted.
    pub(super) fn accepted(&self, visitor: &Visitor) -> TimeRange {
        TimeRange::new(Some(self.period.start(visitor.now)), None)
    }

    /// The same as a search.
    pub(super) fn search(&self, visitor: &Visitor) -> Search {
        Search {
            webhook: self.webhook,
            statuses: self.status.map(|status| vec![status]),
            parked: self.waits.then_some(true),
            event_type: self.event.clone(),
            accepted: self.accepted(visitor),
            answered: self.answered,
            ..Search::default()
        }
    }
}

/// A status code, as people type it.
fn code(text: &str) -> Option<Answered> {
    let code = text.parse().ok().filter(|code| (100..=599).contains(code));
    code.map(Answered::Code)
}

fn error(text: &str) -> Option<Answered> {
    ErrorKind::ALL.into_iter().find(|kind| word(*kind) == text).map(Answered::Error)
}

/// The word for a kind of error in an address: the one of the API.
pub(in crate::pages) fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Transform => "expression",
        other => other.as_str(),
    }
}

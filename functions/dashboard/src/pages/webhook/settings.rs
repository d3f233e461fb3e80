//! What is set of a webhook, and how far a rotation of its secret is.

use hooklane_domain::webhook::Webhook;

use crate::visitor::Visitor;
use crate::written::{Html, Writer, seen, theirs};

pub(super) struct Rotation {
    pub(super) since_words: Html,
    pub(super) left: String,
    /// How much of the overlap is over, of 100.
    pub(super) over: u32,
}

pub(super) fn settings(
    webhook: &Webhook,
    contracts: &hooklane_contract::Contracts,
    writer: &Writer,
) -> Vec<(&'static str, Html)> {
    let code = |text: &str| Html(format!("<code>{}</code>", seen(text)));
    let contract = contracts.get(&webhook.contract);
    let events: Vec<_> = webhook.events.iter().map(|event| code(&event.to_string()).0).collect();
    let mut rows = vec![("Event types", Html(events.join(", ")))];
    let format = contract.map_or_else(
        || webhook.contract.to_string(),
        |contract| format!("{} ({})", webhook.contract, contract.description()),
    );
    rows.push(("Format", seen(&format)));
    if let Some(filter) = &webhook.filter {
        rows.push(("Filter", code(filter.as_str())));
    }
    if let Some(transform) = &webhook.transform {
        rows.push(("Transform", code(transform.as_str())));
    }
    if let Some(contract) = contract {
        let limit = contract.timeout_of(webhook).as_secs();
        rows.push(("Time limit", Html(format!("{limit} seconds for an attempt"))));
        let retries = u64::from(contract.retry_of(webhook).max_retries());
        rows.push((
            "Tried again",
            Html(format!("up to {}", writer.count(retries, "time", "times"))),
        ));
        if let Some(limit) = contract.rate_limit_of(webhook) {
            let text = format!("{} in {} seconds", limit.requests(), limit.per_seconds());
            rows.push(("At most", Html(text)));
        }
    }
    let headers: Vec<_> =
        webhook.headers.names().map(|name| code(&format!("{name}: ***")).0).collect();
    if !headers.is_empty() {
        rows.push(("Own headers", Html(headers.join(", "))));
    }
    if let Some(description) = &webhook.description {
        rows.push(("Description", theirs(description)));
    }
    rows.push(("Created", writer.date(webhook.created_at)));
    rows.push(("Id", code(&webhook.id.to_string())));
    rows
}

pub(super) fn rotation(webhook: &Webhook, visitor: &Visitor) -> Option<Rotation> {
    let until = webhook.retiring_secret.as_ref()?.until;
    if until <= visitor.now {
        return None;
    }
    // The rotation was the latest change, or one came after it: so much of the overlap is over at least.
    let whole = Writer::between(webhook.updated_at, until).as_secs().max(1);
    let left = Writer::between(visitor.now, until);
    let over = 100 - (left.as_secs().min(whole) * 100 / whole);
    Some(Rotation {
        since_words: visitor.writer.time(until),
        left: Writer::lasts(left),
        over: u32::try_from(over).unwrap_or(100),
    })
}

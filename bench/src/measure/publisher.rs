//! Events on their way in, in the batches of the function that accepts them.

use serde_json::{Value, json};

use super::case::{self, Case, Published};
use super::event::event;
use crate::aws::sqs::Message;
use crate::lambda::Name;
use crate::payload::{Request, of_messages};
use crate::world::{EVENTS, as_operator};

/// The function that accepts events.
#[must_use]
pub const fn accepting(published: Published) -> Name {
    match published {
        Published::ByQueue => Name::Ingest,
        Published::ByApi => Name::Api,
    }
}

/// The payloads of the invocations that accept an event of each of these tenants.
#[must_use]
pub fn invocations(case: &Case, tenants: &[&str]) -> Vec<Value> {
    match case.published {
        Published::ByQueue => {
            let messages: Vec<_> = tenants
                .iter()
                .map(|tenant| Message::new(&event(Some(tenant), case.bytes).to_string()))
                .collect();
            let batches = messages.chunks(case.batch.min(case::INGEST));
            batches.map(|batch| of_messages(EVENTS, batch)).collect()
        }
        Published::ByApi => tenants
            .iter()
            .map(|tenant| {
                let body = event(None, case.bytes).to_string();
                as_operator(tenant, Request::new("POST", "/events").body(body)).payload()
            })
            .collect(),
    }
}

/// A webhook for what is published.
#[must_use]
pub fn webhook(url: &str) -> Value {
    json!({"name": "Measured", "url": url, "events": [super::round::EVENT_TYPE]})
}

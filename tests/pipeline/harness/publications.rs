//! The events that producers publish: their tenants, ids, data and channels.

use std::collections::VecDeque;

use hooklane_domain::ids::{EventId, TenantId};
use serde_json::json;

use super::environment::Environment;
use super::journal::Published;
use super::tenants::TENANTS;

/// One event and how it is published.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    pub(crate) tenant: TenantId,
    /// The id that the event gets.
    pub(crate) id: EventId,
    pub(crate) body: String,
    pub(crate) channel: Channel,
}

#[derive(Debug, Clone)]
pub(crate) enum Channel {
    Api,
    /// The event queue, as a message with this id.
    Queue(String),
}

const TYPES: [&str; 3] = ["order.created", "order.updated", "user.updated"];

/// Events of both tenants. Both tenants have the same ids. Some events have no id of their own, some fit
/// into a message only compressed, some do not fit at all.
pub(crate) fn publications(environment: &Environment, count: usize) -> VecDeque<Publication> {
    (0..count).map(|number| publication(environment, number)).collect()
}

fn publication(environment: &Environment, number: usize) -> Publication {
    let chance = &environment.chance;
    let tenant: TenantId = TENANTS[number % 2].parse().unwrap();
    let event_type = TYPES[chance.below(TYPES.len())];
    let pad = match chance.below(100) {
        0..3 => incompressible(environment, 200),
        3..5 => incompressible(environment, 1_500),
        _ => String::new(),
    };
    let data = json!({ "tenant": tenant.as_str(), "n": number, "pad": pad });
    let message = format!("m{number}");
    let by_queue = chance.happens(0.5);
    let has_id = !by_queue || chance.happens(0.6);
    let id: EventId = if has_id {
        format!("e{}", number / 2).parse().unwrap()
    } else {
        EventId::from_message_id(&message).unwrap()
    };
    let mut body = json!({ "tenant": tenant.as_str(), "type": event_type, "data": data });
    if has_id {
        body["id"] = json!(id.as_str());
    }
    let published =
        Published { event_type: event_type.to_owned(), data: data.to_string(), accepted: false };
    let key = (tenant.clone(), id.clone());
    assert!(environment.journal.entries().published.insert(key, published).is_none());
    let channel = if by_queue { Channel::Queue(message) } else { Channel::Api };
    Publication { tenant, id, body: body.to_string(), channel }
}

/// Random hexadecimal digits, which compress badly.
fn incompressible(environment: &Environment, pieces: usize) -> String {
    let piece =
        |_| environment.chance.bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    (0..pieces).map(piece).collect()
}

impl Environment {
    /// Notes that Hooklane has accepted an event.
    pub(crate) fn accepted(&self, publication: &Publication) {
        let mut entries = self.journal.entries();
        let key = (publication.tenant.clone(), publication.id.clone());
        entries.published.get_mut(&key).unwrap().accepted = true;
    }
}

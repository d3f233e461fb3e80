//! What is published, for whom, and by which way in.

use std::collections::VecDeque;

use hooklane_domain::ids::{EventId, TenantId};
use serde_json::json;

use super::journal::Published;
use super::outside::Outside;
use super::tenants::TENANTS;

/// One event, until it is accepted.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    pub(crate) tenant: TenantId,
    /// The id it will have.
    pub(crate) id: EventId,
    pub(crate) body: String,
    pub(crate) way: Way,
}

#[derive(Debug, Clone)]
pub(crate) enum Way {
    Api,
    /// As a message of this id.
    Queue(String),
}

const TYPES: [&str; 3] = ["order.created", "order.updated", "user.updated"];

/// Events of both tenants, whose ids are the same. Some come without an id, some are too large for a
/// message as they are, some too large for any message.
pub(crate) fn publications(outside: &Outside, count: usize) -> VecDeque<Publication> {
    (0..count).map(|number| publication(outside, number)).collect()
}

fn publication(outside: &Outside, number: usize) -> Publication {
    let chance = &outside.chance;
    let tenant: TenantId = TENANTS[number % 2].parse().unwrap();
    let event_type = TYPES[chance.below(TYPES.len())];
    let pad = match chance.below(100) {
        0..3 => noise(outside, 200),
        3..5 => noise(outside, 1_500),
        _ => String::new(),
    };
    let data = json!({ "tenant": tenant.as_str(), "n": number, "pad": pad });
    let message = format!("m{number}");
    let by_queue = chance.happens(0.5);
    let named = !by_queue || chance.happens(0.6);
    let id: EventId = if named {
        format!("e{}", number / 2).parse().unwrap()
    } else {
        EventId::from_message_id(&message).unwrap()
    };
    let mut body = json!({ "tenant": tenant.as_str(), "type": event_type, "data": data });
    if named {
        body["id"] = json!(id.as_str());
    }
    let published =
        Published { event_type: event_type.to_owned(), data: data.to_string(), accepted: false };
    let key = (tenant.clone(), id.clone());
    assert!(outside.journal.book().published.insert(key, published).is_none());
    let way = if by_queue { Way::Queue(message) } else { Way::Api };
    Publication { tenant, id, body: body.to_string(), way }
}

/// Text that hardly compresses.
fn noise(outside: &Outside, pieces: usize) -> String {
    let piece =
        |_| outside.chance.bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    (0..pieces).map(piece).collect()
}

impl Outside {
    pub(crate) fn accepted(&self, publication: &Publication) {
        let mut book = self.journal.book();
        let key = (publication.tenant.clone(), publication.id.clone());
        book.published.get_mut(&key).unwrap().accepted = true;
    }
}

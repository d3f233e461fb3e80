//! What can be said about a body that need not be an event.

use super::{DefaultTenant, EVENT_ID, EVENT_TYPE, TENANT, from_envelope_or_body};
use crate::ids::{EventId, EventType, TenantId};
use crate::json::fields::Fields;
use crate::json::without_byte_order_mark;

/// The tenant, the id and the type that a body names, as far as they can be read. It need not be an event for that.
#[must_use]
pub(crate) fn of(body: &str) -> (Option<TenantId>, Option<EventId>, Option<EventType>) {
    if let Ok(event) = from_envelope_or_body(body, &DefaultTenant::None) {
        return (Some(event.tenant), event.id, Some(event.content.event_type));
    }
    let Ok(mut fields) = Fields::of("", without_byte_order_mark(body)) else {
        return (None, None, None);
    };
    (fields.parse(TENANT), fields.parse(EVENT_ID), fields.parse(EVENT_TYPE))
}

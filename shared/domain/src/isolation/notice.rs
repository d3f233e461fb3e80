//! What the platform is told of an operational event, on a bus of its own.

use jiff::Timestamp;
use serde::Serialize;

use super::operational::is_operational;
use crate::event::Event;
use crate::ids::{EventId, EventType, TenantId};
use crate::json::RawJson;

/// An operational event for the platform's bus (*Amazon EventBridge API Reference*, "PutEventsRequestEntry").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The `detail-type`.
    pub event_type: EventType,
    /// The `time`: when the event happened.
    pub at: Timestamp,
    /// The `detail`, a JSON object: the event with its tenant. The same event is always the same text.
    pub detail: String,
}

/// The `detail`.
#[derive(Serialize)]
struct Detail<'a> {
    id: &'a EventId,
    tenant: &'a TenantId,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    timestamp: String,
    data: &'a RawJson,
}

impl Notice {
    /// The notice of an event, if it is an operational event.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let content = &event.content;
        if !is_operational(&content.event_type) {
            return None;
        }
        let at = content.happened_at(event.accepted_at);
        let detail = Detail {
            id: &event.id,
            tenant: &event.tenant,
            event_type: &content.event_type,
            timestamp: crate::time::with_milliseconds(at),
            data: &content.data,
        };
        let detail = serde_json::to_string(&detail).ok()?;
        Some(Self { event_type: content.event_type.clone(), at, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Content;

    fn event(event_type: &str) -> Event {
        Event {
            id: "op_1".parse().unwrap(),
            tenant: "acme".parse().unwrap(),
            accepted_at: Timestamp::from_second(9).unwrap(),
            content: Content {
                event_type: event_type.parse().unwrap(),
                data: RawJson::parse(r#"{"webhookId":"wh_1","n":1.0}"#).unwrap(),
                metadata: None,
                timestamp: Some(Timestamp::from_second(7).unwrap()),
                version: None,
                test: false,
            },
            value: None,
        }
    }

    #[test]
    fn every_operational_event_has_a_notice_with_its_tenant_and_no_other_event_has_one() {
        for operational in crate::event::OPERATIONAL {
            let notice = Notice::of(&event(operational)).unwrap();
            assert_eq!(notice.event_type.as_str(), operational);
            assert_eq!(notice.at, Timestamp::from_second(7).unwrap());
        }
        insta::assert_snapshot!(
            Notice::of(&event("webhook.failing")).unwrap().detail,
            @r#"{"id":"op_1","tenant":"acme","type":"webhook.failing","timestamp":"1970-01-01T00:00:07.000Z","data":{"webhookId":"wh_1","n":1.0}}"#
        );
        for other in ["webhook.test", "order.created", "hooklane.canary"] {
            assert_eq!(Notice::of(&event(other)), None, "{other}");
        }
    }
}

//! Operational events, which Hooklane itself publishes about a tenant's webhooks and deliveries.
//!
//! They are delivered like any event, with three exceptions: no wildcard matches them, they are never
//! sent to the webhook they are about, and their own deliveries raise none. Their ids derive from what
//! they report, so that publishing is idempotent.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::event::{Content, NewEvent};
use crate::ids::{EventId, EventType, TenantId, WebhookId};
use crate::isolation::health::{Disabling, Report};
use crate::json::RawJson;
use crate::webhook::DisableReason;
use crate::webhook::subscription::OPERATIONAL;

/// Whether events of this type are operational events.
#[must_use]
pub fn is_operational(event_type: &EventType) -> bool {
    OPERATIONAL.contains(&event_type.as_str())
}

/// The webhook that an operational event is about.
#[must_use]
pub fn concerned(content: &Content) -> Option<WebhookId> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct About {
        webhook_id: WebhookId,
    }
    if !is_operational(&content.event_type) {
        return None;
    }
    serde_json::from_str::<About>(content.data.as_str()).ok().map(|about| about.webhook_id)
}

/// What became of the deliveries of the events that were accepted while a webhook failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missed {
    /// They have not ended: they are parked, or wait for their next attempt.
    pub waited: u64,
    pub delivered: u64,
    pub failed: u64,
    /// Whether there are more than were counted.
    pub truncated: bool,
}

/// When the webhook of a report failed: from its first failure to the success.
#[must_use]
pub fn window(report: Report) -> Option<(Timestamp, Timestamp)> {
    match report {
        Report::Failing { .. } => None,
        Report::Recovered { since, at, outage } => {
            Some((outage.map_or(since, |outage| outage.first_failure), at))
        }
    }
}

/// The event of a report: `webhook.failing` or `webhook.recovered`. `missed` is what is known of the window
/// of the latter.
#[must_use]
pub fn of_report(
    tenant: &TenantId,
    webhook: WebhookId,
    report: Report,
    missed: Option<Missed>,
) -> NewEvent {
    let id = webhook.to_string();
    match report {
        Report::Failing { since, failures } => {
            let data = serde_json::json!({
                "webhookId": id, "failingSince": shown(since), "consecutiveFailures": failures,
            });
            event(tenant, "webhook.failing", &[&id, &since.to_string()], since, &data)
        }
        Report::Recovered { since, at, outage } => {
            let mut data = serde_json::json!({
                "webhookId": id, "failingSince": shown(since), "recoveredAt": shown(at),
            });
            if let Some((from, to)) = window(report) {
                data["window"] = serde_json::json!({"since": shown(from), "until": shown(to)});
            }
            if let Some(missed) = missed {
                data["waited"] = missed.waited.into();
                data["delivered"] = missed.delivered.into();
                data["failed"] = missed.failed.into();
                data["truncated"] = missed.truncated.into();
            }
            if let Some(skipped) = outage.and_then(|outage| outage.skipped) {
                data["skipped"] = skipped.into();
            }
            event(tenant, "webhook.recovered", &[&id, &since.to_string()], at, &data)
        }
    }
}

/// The event of a webhook that Hooklane is about to disable: `webhook.disabling`. There is one for each time
/// that it began to fail.
#[must_use]
pub fn of_announcement(tenant: &TenantId, webhook: WebhookId, disabling: Disabling) -> NewEvent {
    let id = webhook.to_string();
    let Disabling { since, announced_at, disables_at } = disabling;
    let data = serde_json::json!({
        "webhookId": id, "failingSince": shown(since), "disablesAt": shown(disables_at),
    });
    let about = [id.as_str(), &since.to_string()];
    event(tenant, "webhook.disabling", &about, announced_at, &data)
}

/// The event of a webhook that Hooklane disabled: `webhook.disabled`.
#[must_use]
pub fn of_disabling(
    tenant: &TenantId,
    webhook: WebhookId,
    at: Timestamp,
    reason: DisableReason,
) -> NewEvent {
    let id = webhook.to_string();
    let data = serde_json::json!({
        "webhookId": id, "disabledAt": shown(at), "reason": word(reason),
    });
    event(tenant, "webhook.disabled", &[&id, &at.to_string()], at, &data)
}

/// The event of a delivery whose attempts all failed, the last one at `at`: `delivery.exhausted`.
#[must_use]
pub fn of_exhaustion(delivery: &Delivery, attempts: u32, at: Timestamp) -> NewEvent {
    let id = delivery.id.to_string();
    let data = serde_json::json!({
        "webhookId": delivery.id.webhook().to_string(),
        "deliveryId": id,
        "eventId": delivery.id.event().as_str(),
        "eventType": delivery.event_type.as_str(),
        "attemptCount": attempts,
    });
    let about = [id.as_str(), &attempts.to_string()];
    event(&delivery.tenant, "delivery.exhausted", &about, at, &data)
}

/// An instant as the API's answers show it.
fn shown(at: Timestamp) -> String {
    crate::time::with_milliseconds(at)
}

/// The word that receivers get for a reason. It is not the stored text, so that neither binds the other.
fn word(reason: DisableReason) -> &'static str {
    match reason {
        DisableReason::Gone => "gone",
        DisableReason::Failing => "failing",
    }
}

fn event(
    tenant: &TenantId,
    name: &str,
    about: &[&str],
    at: Timestamp,
    data: &serde_json::Value,
) -> NewEvent {
    let (Ok(event_type), Ok(data)) = (name.parse(), RawJson::parse(&data.to_string())) else {
        unreachable!("the names and data of operational events are well-formed")
    };
    let content = Content {
        event_type,
        data,
        metadata: None,
        timestamp: Some(crate::time::whole_millisecond(at)),
        version: None,
        test: false,
    };
    NewEvent { id: Some(derived_id(name, about)), tenant: tenant.clone(), content }
}

/// Derived from the type and what the event is about, each part with its length.
fn derived_id(name: &str, about: &[&str]) -> EventId {
    let mut hash = Sha256::new();
    for part in std::iter::once(&name).chain(about) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    EventId::of_report(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DeliveryId;
    use crate::isolation::health::Outage;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn all() -> Vec<NewEvent> {
        let tenant: TenantId = "acme".parse().unwrap();
        let webhook = WebhookId::new(at(0), 1);
        let id = DeliveryId::new(webhook, at(1), "evt-1".parse().unwrap());
        let delivery = Delivery::unwritten(id, tenant.clone(), "order.created".parse().unwrap());
        let outage = Some(Outage { first_failure: at(3), skipped: Some(4) });
        let recovered = Report::Recovered { since: at(5), at: at(9), outage };
        let missed = Missed { waited: 7, delivered: 1, failed: 2, truncated: false };
        vec![
            of_report(&tenant, webhook, Report::Failing { since: at(5), failures: 10 }, None),
            of_report(&tenant, webhook, recovered, Some(missed)),
            of_disabling(&tenant, webhook, at(7), DisableReason::Failing),
            of_exhaustion(&delivery, 3, at(8)),
            of_announcement(
                &tenant,
                webhook,
                Disabling { since: at(5), announced_at: at(6), disables_at: at(7) },
            ),
        ]
    }

    #[test]
    fn each_operational_event_has_its_data() {
        let said: Vec<_> = all()
            .iter()
            .map(|e| format!("{} {}", e.content.event_type, e.content.data.as_str()))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        webhook.failing {"webhookId":"wh_00000000000000000000000001","failingSince":"1970-01-01T00:00:05.000Z","consecutiveFailures":10}
        webhook.recovered {"webhookId":"wh_00000000000000000000000001","failingSince":"1970-01-01T00:00:05.000Z","recoveredAt":"1970-01-01T00:00:09.000Z","window":{"since":"1970-01-01T00:00:03.000Z","until":"1970-01-01T00:00:09.000Z"},"waited":7,"delivered":1,"failed":2,"truncated":false,"skipped":4}
        webhook.disabled {"webhookId":"wh_00000000000000000000000001","disabledAt":"1970-01-01T00:00:07.000Z","reason":"failing"}
        delivery.exhausted {"webhookId":"wh_00000000000000000000000001","deliveryId":"dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAA-hldnQtMQ","eventId":"evt-1","eventType":"order.created","attemptCount":3}
        webhook.disabling {"webhookId":"wh_00000000000000000000000001","failingSince":"1970-01-01T00:00:05.000Z","disablesAt":"1970-01-01T00:00:07.000Z"}
        "#);
    }

    #[test]
    fn an_operational_event_is_about_a_webhook_and_its_id_derives_from_the_report() {
        let (first, again) = (all(), all());
        let mut ids: Vec<_> = first.iter().map(|e| e.id.clone().unwrap()).collect();
        for (event, same) in first.iter().zip(&again) {
            assert_eq!(event.id, same.id);
            assert_eq!(event.content, same.content, "else publishing it again would be a conflict");
            assert_eq!(concerned(&event.content), Some(WebhookId::new(at(0), 1)));
            assert!(is_operational(&event.content.event_type));
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }

    /// An id that can be reckoned beforehand cannot be taken beforehand: its form is Hooklane's own.
    #[test]
    fn suspected_preclaimed_ids_of_operational_events_are_refused_from_producers() {
        use crate::event::{DefaultTenant, from_body, from_envelope_or_body};
        for event in all() {
            let id = event.id.unwrap();
            let body = format!(r#"{{"id":"{id}","tenant":"acme","type":"a","data":{{}}}}"#);
            let envelope =
                format!(r#"{{"id":"{id}","detail-type":"a","detail":{{"tenant":"acme"}}}}"#);
            for read in [
                from_body(&body, &DefaultTenant::None),
                from_envelope_or_body(&body, &DefaultTenant::None),
                from_envelope_or_body(&envelope, &DefaultTenant::None),
                from_body(&body, &DefaultTenant::Is("acme".parse().unwrap())),
            ] {
                assert_eq!(read.unwrap_err().as_slice()[0].path, "id");
            }
        }
    }

    #[test]
    fn any_other_event_is_about_no_webhook() {
        let mut content = all().remove(0).content;
        content.event_type = "order.created".parse().unwrap();
        assert_eq!(concerned(&content), None);
        content.event_type = "webhook.failing".parse().unwrap();
        content.data = RawJson::parse("[1]").unwrap();
        assert_eq!(concerned(&content), None);
    }
}

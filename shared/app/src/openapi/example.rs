//! The request for the sample of an event type, as an example: written by the contract, for a webhook that nobody
//! has. It is the same each time, so that two versions of a document differ only in what changed.

use hooklane_catalog::Definition;
use hooklane_contract::{Contract, Subject, WireRequest};
use hooklane_domain::Timestamp;
use hooklane_domain::event::Content;
use hooklane_domain::ids::{DeliveryId, EventId, EventType, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Signing, Webhook};

use crate::webhooks::example_secret;

/// 2026-01-01T00:00:00Z
const AT: i64 = 1_767_225_600;

/// The request, or `None` if no webhook can be made of the constants here.
pub(super) fn request(
    contract: &Contract,
    event_type: &EventType,
    definition: &Definition,
) -> Option<WireRequest> {
    let at = Timestamp::from_second(AT).ok()?;
    let webhook = Webhook::new(Essentials {
        id: WebhookId::new(at, 1),
        tenant: "example".parse().ok()?,
        url: TargetUrl::from_stored("https://example.com/webhooks").ok()?,
        events: Vec::new(),
        secret: example_secret(contract, Signing::Hmac),
        contract: contract.name().clone(),
        created_at: at,
    });
    // Many tools read no JSON with half a character in it.
    let sample = RawJson::parse(&definition.sample.readable());
    let content = Content {
        event_type: event_type.clone(),
        data: sample.unwrap_or_else(|_| definition.sample.clone()),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let delivery = DeliveryId::new(webhook.id, at, EventId::new(at, 1));
    let subject =
        Subject { content: &content, delivery: &delivery, webhook: &webhook, attempt: 1, at };
    Some(contract.request(subject))
}

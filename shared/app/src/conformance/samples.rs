#![expect(clippy::expect_used, reason = "samples are right by construction")]
//! Sample values that the checks store, and how they are saved.

use hooklane_contract::{Contract, Contracts};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::event::SearchKey;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::{DeliveryId, ExternalId, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Metadata, RetiringSecret, Webhook};

use crate::ports::{DeliveryStore, Saved};

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).expect("a time in 2024")
}

pub(crate) fn tenant(name: &str, salt: u128) -> TenantId {
    format!("{name}-{salt:x}").parse().expect("a tenant")
}

pub(crate) fn event(tenant: &TenantId, id: &str, data: &str) -> Event {
    let content = Content {
        event_type: "user.created".parse().expect("a type"),
        data: RawJson::parse(data).expect("JSON"),
        metadata: Some(RawJson::parse(r#"{"source":"api"}"#).expect("JSON")),
        timestamp: Some(at(-1)),
        version: Some("1.0".to_owned()),
        test: false,
    };
    let id = id.parse().expect("an id");
    let key: SearchKey = "source".parse().expect("a key");
    let value = content.metadata.as_ref().and_then(|metadata| key.digest_in(metadata));
    Event { id, tenant: tenant.clone(), content, accepted_at: at(0), value }
}

pub(super) fn delivery(tenant: &TenantId, webhook: WebhookId, ms: i64) -> Delivery {
    let event = format!("event-{ms}").parse().expect("an id");
    let id = DeliveryId::new(webhook, at(ms), event);
    Delivery::unwritten(id, tenant.clone(), "user.created".parse().expect("a type"))
}

pub(super) fn answered(number: u32, ms: i64, status: u16) -> Attempt {
    // A name may come twice.
    let headers = [("content-type", "text/plain"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let outcome = Outcome::Answered(Response {
        status,
        status_text: "Text".to_owned(),
        headers,
        body: "thänks".to_owned(),
    });
    let request_headers = vec![("webhook-id".to_owned(), "e1".to_owned())];
    let remarks = vec![Remark::Resent, Remark::BodyTruncated];
    let measure = Measure::Body(number * 100);
    Attempt { number, at: at(ms), duration_ms: 7, request_headers, outcome, remarks, measure }
}

pub(super) fn unanswered(number: u32, ms: i64) -> Attempt {
    let detail = "no complete answer in 20s".to_owned();
    let outcome = Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail });
    Attempt { outcome, ..answered(number, ms, 0) }
}

/// The external id of a sample, no other sample's.
fn external_id(n: u128, ms: i64) -> ExternalId {
    format!("crm:{n:x}~{ms}").parse().expect("an external id")
}

pub(crate) fn webhook(tenant: &TenantId, n: u128, ms: i64) -> Webhook {
    let standard = ("standard.toml", include_str!("../../../../contracts/standard.toml"));
    let contracts = Contracts::load([standard]).expect("a contract");
    let name = "standard".parse().expect("a name");
    let contract: &Contract = contracts.get(&name).expect("a contract");
    let headers = vec![("Authorization".to_owned(), "Bearer of-a-secret".to_owned())];
    Webhook {
        external_id: Some(external_id(n, ms)),
        metadata: Metadata::new([("team".to_owned(), "Zahlungen ä".to_owned())].into())
            .expect("metadata"),
        name: "Hook".to_owned(),
        description: Some("What it is for".to_owned()),
        headers: contract.custom_headers(headers).expect("headers"),
        timeout: Some(7.try_into().expect("a time limit")),
        rate_limit: Some(RateLimit::new(60, 30).expect("a rate limit")),
        filter: Some("event.data.n > 1".parse().expect("a filter")),
        transform: Some("{'n': event.data.n}".parse().expect("a transform")),
        target_cidrs: Some(TargetCidrs::new(&["203.0.113.0/24", "2001:db8::/32"]).expect("ranges")),
        retiring_secret: Some(RetiringSecret {
            secret: "an-older-secret".parse().expect("a secret"),
            until: at(ms + 1),
        }),
        ..Webhook::new(Essentials {
            id: WebhookId::new(at(ms), n),
            tenant: tenant.clone(),
            url: TargetUrl::from_stored("https://example.com/hook").expect("a URL"),
            events: vec!["user.*".parse().expect("a pattern")],
            secret: "a-signing-secret".parse().expect("a secret"),
            contract: name,
            created_at: at(ms),
        })
    }
}

pub(super) fn turn() -> Turn {
    Turn { generation: 1, owner: MessageId("message-1".to_owned()) }
}

pub(super) fn waiting(delivery: Delivery, attempt: &Attempt) -> Delivery {
    delivery.after(attempt, Next::RetryAt(at(100_000)), turn())
}

#[expect(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics")]
pub(super) async fn save(store: &impl DeliveryStore, delivery: &Delivery) -> Delivery {
    match store.save(delivery).await.unwrap() {
        Saved::Yes(written) => *written,
        Saved::Conflict => panic!("no other writer wrote {}", delivery.id),
    }
}

//! The values that the stored items and messages hold.

use hooklane_catalog::{Definition, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::OwnQuotas;
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Health, MeanResponseTime, Report};
use hooklane_domain::isolation::recovery::{Recovery, Stage, Wanted, WantedStatus};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{
    CustomHeaders, DisableReason, Essentials, RetiringSecret, Webhook, WebhookState,
};

mod ledger;

pub(crate) use ledger::*;

/// The data keys that the stored secrets are sealed under.
pub(crate) const DATA_KEYS: &str =
    r#"{"current":"k1","k1":"a data key for stored samples, 32 characters or more"}"#;

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

pub(crate) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

pub(crate) fn webhook_id(n: u32) -> WebhookId {
    WebhookId::new(at(i64::from(n)), u128::from(n))
}

fn json(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

/// A webhook with only the required fields.
fn plain(n: u32, state: WebhookState) -> Webhook {
    Webhook {
        state,
        ..Webhook::new(Essentials {
            id: webhook_id(n),
            tenant: tenant(),
            url: TargetUrl::from_stored("https://example.com/hook?a=1").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(i64::from(n)),
        })
    }
}

/// A webhook with every field set, and one in each other state.
pub(crate) fn webhooks() -> Vec<Webhook> {
    let headers = vec![("Authorization".to_owned(), "Bearer of-a-secret".to_owned().into())];
    let complete = Webhook {
        name: "Hook".to_owned(),
        description: Some("What it is for".to_owned()),
        events: vec!["user.*".parse().unwrap(), "order.created".parse().unwrap()],
        contract: "github".parse().unwrap(),
        headers: CustomHeaders::from_stored(headers),
        retry_policy: Some(
            RetryPolicy::read("", r#"{"initialDelay":5000,"multiplier":5,"maxRetries":3}"#)
                .unwrap(),
        ),
        timeout: Some(7.try_into().unwrap()),
        rate_limit: Some(RateLimit::new(60, 30).unwrap()),
        filter: Some(Filter::from_stored("event.data.n > 1".to_owned())),
        transform: Some(Transform::from_stored("{'n': event.data.n}".to_owned())),
        target_cidrs: Some(TargetCidrs::new(&["203.0.113.0/24", "2001:db8::/32"]).unwrap()),
        retiring_secret: Some(RetiringSecret {
            secret: "an-older-secret".parse().unwrap(),
            until: at(86_400_000),
        }),
        test_mode: true,
        lane: Lane::Slow,
        updated_at: at(5_000),
        revision: 7,
        ..plain(1, WebhookState::Active)
    };
    let disabled = |reason| WebhookState::Disabled { at: at(9_000), reason };
    vec![
        complete,
        plain(2, WebhookState::Inactive),
        plain(3, WebhookState::Paused { at: at(8_000) }),
        plain(4, disabled(DisableReason::Gone)),
        plain(5, disabled(DisableReason::Failing)),
    ]
}

pub(crate) fn settings() -> TenantSettings {
    TenantSettings {
        contract: Some("standard".parse().unwrap()),
        catalog: Some("default".parse().unwrap()),
        strict: true,
        rate_limit: Some(600),
        paused: true,
        quotas: OwnQuotas::default(),
        search_key: None,
        inbox_off: false,
    }
}

pub(crate) fn owners() -> [Owner; 2] {
    [Owner::Platform, Owner::Tenant(tenant())]
}

pub(crate) fn definition() -> Definition {
    let body = r#"{"category":"orders","description":"An örder went out",
        "sample":{"id":"1","n":1.10},
        "schema":{"type":"object","required":["id"],"properties":{"n":{"minimum":1.0}}}}"#;
    Definition::read(body).unwrap()
}

/// Every state of a circuit and every report, by webhook. The last webhook has skipped deliveries, but
/// its health was never written.
pub(crate) fn healths() -> Vec<(WebhookId, Health)> {
    let failing = Health {
        circuit: Circuit::Open { since: at(1), probe_at: at(2), probes: 3 },
        streak: Some(Streak { failures: 12, since: at(0), last: at(1) }),
        pace: MeanResponseTime { mean_ms: 9_000, attempts: 20 },
        slow: true,
        owed: vec![
            Report::Failing { since: at(1), failures: 10 },
            Report::Recovered { since: at(1), at: at(2), outage: None },
        ],
        disabled_reported: Some(at(3)),
        disabling_reported: None,
        discard_until: Some(at(4)),
        release: None,
        skipped_before: None,
        skipped: 1,
        revision: 1,
    };
    let probed = Circuit::HalfOpen { since: at(1), probes: 4, until: at(90_000) };
    let closed = Health { pace: MeanResponseTime { mean_ms: 7, attempts: 5 }, ..Health::default() };
    vec![
        (webhook_id(1), Health { circuit: probed, ..failing.clone() }),
        (webhook_id(2), failing),
        (webhook_id(3), Health { skipped: 1, revision: 1, ..closed }),
        (webhook_id(4), Health { skipped: 1, ..Health::default() }),
    ]
}

pub(crate) fn brake() -> Brake {
    Brake { on: true, in_flight: 80_001, measured_at: at(0) }
}

/// Every stage and every wanted status, before they are written.
pub(crate) fn recoveries() -> Vec<Recovery> {
    let after = Some(delivery_id(1, "event-1"));
    let cursor = Some("EV#acme#event-1\nEVENT".to_owned());
    let recovery = |n: u32, status, stage| Recovery {
        stage,
        sent: 17,
        ..Recovery::new(
            tenant(),
            webhook_id(n),
            Wanted { since: at(1), until: at(2), status },
            at(3),
        )
    };
    vec![
        recovery(1, WantedStatus::Failed, Stage::Failed { after }),
        recovery(2, WantedStatus::Skipped, Stage::Skipped { cursor }),
        recovery(3, WantedStatus::Any, Stage::Done { at: at(4) }),
    ]
}

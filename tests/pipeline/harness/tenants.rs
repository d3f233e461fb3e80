//! The two tenants and their five webhooks.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use jiff::SignedDuration;

pub(crate) const TENANTS: [&str; 2] = ["acme", "globex"];

/// The index of the webhook whose receiver is dead while events are published.
pub(crate) const DEAD: usize = 4;
/// The index of the webhook whose receiver is slow at times.
pub(crate) const SLOW: usize = 0;
/// The index of the webhook with a rate limit of 40 requests a minute.
const LIMITED: usize = 3;

/// Tenant, subscription and retry policy of each webhook. The policies have short waits for the fast lane,
/// longer ones that move to the retry queue, and one that is longer than SQS can hide a message.
const WEBHOOKS: [(&str, &str, &str); 5] = [
    ("acme", "*", r#"{"schedule":[1,5,30,60]}"#),
    ("acme", "order.*", r#"{"schedule":[5,90,600]}"#),
    ("acme", "*", r#"{"schedule":[10,50000]}"#),
    (
        "globex",
        "*",
        r#"{"strategy":"exponential","initialDelay":1000,"multiplier":2,"maxRetries":6}"#,
    ),
    ("globex", "order.*", r#"{"schedule":[2,30,300,900]}"#),
];

pub(crate) fn webhooks(start: Timestamp) -> Vec<Webhook> {
    // Even by a clock that is behind, events are accepted after their webhooks were created.
    let created_at = start.saturating_sub(SignedDuration::from_hours(24)).unwrap();
    let webhook = |(number, (tenant, events, policy)): (usize, &(&str, &str, &str))| {
        let id = WebhookId::new(created_at, number as u128);
        let url = TargetUrl::from_stored(&format!("https://example.com/{tenant}/{id}")).unwrap();
        Webhook {
            retry_policy: Some(RetryPolicy::read("", policy).unwrap()),
            rate_limit: (number == LIMITED).then(|| RateLimit::new(40, 60).unwrap()),
            ..Webhook::new(Essentials {
                id,
                tenant: tenant.parse().unwrap(),
                url,
                events: vec![events.parse().unwrap()],
                secret: "a-signing-secret".parse().unwrap(),
                contract: "standard".parse().unwrap(),
                created_at,
            })
        }
    };
    WEBHOOKS.iter().enumerate().map(webhook).collect()
}

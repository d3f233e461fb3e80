//! Requests under the contracts of Standard Webhooks, verified by that standard's own crate.

use hooklane_domain::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use standardwebhooks::{Webhook, WebhookError};

use super::sample::{Sample, Sent, at};
use super::{each, load};

/// The contracts whose receivers use one of that standard's libraries.
const CONTRACTS: [&str; 2] = ["standard", "cloudevents"];
const OTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[expect(clippy::disallowed_methods, reason = "the crate compares with the real clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Both samples under both contracts, with their secrets.
fn each_sent(starts: Timestamp) -> Vec<(String, Sent)> {
    let contracts = load();
    let signed_so =
        each(&contracts).filter(|contract| CONTRACTS.contains(&contract.name().as_str()));
    let sent: Vec<_> = signed_so
        .flat_map(|contract| {
            let name = contract.name().as_str();
            [Sample::full(name), Sample::bare(name)]
                .map(|sample| (sample.secret.clone(), sample.send_at(contract, 1, starts)))
        })
        .collect();
    assert_eq!(sent.len(), 2 * CONTRACTS.len());
    sent
}

fn verify(secret: &str, sent: &Sent, body: &[u8]) -> Result<(), WebhookError> {
    let headers: HeaderMap = sent
        .headers
        .iter()
        .map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        })
        .collect();
    Webhook::new(secret).unwrap().verify(body, &headers)
}

#[test]
fn a_recent_request_verifies() {
    for (secret, sent) in each_sent(now()) {
        assert!(verify(&secret, &sent, sent.body.as_bytes()).is_ok(), "{sent:?}");
    }
}

#[test]
fn a_changed_byte_or_another_secret_does_not_verify() {
    for (secret, sent) in each_sent(now()) {
        let mut changed = sent.body.clone().into_bytes();
        changed[1] ^= 1;
        let refusals =
            [verify(&secret, &sent, &changed), verify(OTHER_SECRET, &sent, sent.body.as_bytes())];
        for refused in refusals {
            assert!(matches!(refused, Err(WebhookError::InvalidSignature)), "{refused:?}");
        }
    }
}

#[test]
fn an_old_request_is_refused() {
    for (secret, sent) in each_sent(at("2024-01-15T10:31:01Z")) {
        let refused = verify(&secret, &sent, sent.body.as_bytes());
        assert!(matches!(refused, Err(WebhookError::TimestampTooOldError)), "{refused:?}");
    }
}

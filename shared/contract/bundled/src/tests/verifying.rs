//! The verifying side of every contract, against the requests that the contract writes.

use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::inbox::{Arrival, SecretAge, Verdict};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::secret::SigningSecret;
use jiff::SignedDuration;

use super::each;
use super::sample::{Sample, Sent, at};
use crate::load;

const STARTS: &str = "2024-01-15T10:31:00Z";
const NEW: &str = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==";

fn arrival<'a>(sent: &'a Sent, at: Timestamp) -> Arrival<'a> {
    Arrival { method: "POST", headers: &sent.headers, body: sent.body.as_bytes(), at }
}

fn later(seconds: i64) -> Timestamp {
    at(STARTS) + SignedDuration::from_secs(seconds)
}

fn verdict(webhooks: &[Webhook], sent: &Sent, at: Timestamp) -> Verdict {
    load().verdict(webhooks, arrival(sent, at))
}

/// Whether the time of an attempt is part of what is signed.
fn signs_the_time(contract: &str) -> bool {
    matches!(contract, "standard" | "cloudevents" | "stripe")
}

#[test]
fn what_a_contract_signs_it_verifies_and_nothing_else() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        for sample in [Sample::full(name), Sample::bare(name)] {
            let webhook = sample.webhook(contract);
            let id = webhook.id;
            let verified = Verdict::Verified { webhook: id, secret: SecretAge::Current };
            let sent = sample.send_at(contract, 1, at(STARTS));
            let said = |sent: &Sent, at| verdict(std::slice::from_ref(&webhook), sent, at);
            assert_eq!(said(&sent, later(1)), verified, "{name}: {:?}", sent.headers);

            let tampered = Sent { body: format!("{} ", sent.body), headers: sent.headers.clone() };
            assert_eq!(said(&tampered, later(1)), Verdict::WrongSignature, "{name}");
            let of_other = Webhook { secret: "another-secret".parse().unwrap(), ..webhook.clone() };
            assert_eq!(
                verdict(std::slice::from_ref(&of_other), &sent, later(1)),
                Verdict::WrongSignature,
                "{name}"
            );
            // The one that signed is found among others, wherever it stands.
            for webhooks in [[webhook.clone(), of_other.clone()], [of_other, webhook.clone()]] {
                assert_eq!(verdict(&webhooks, &sent, later(1)), verified, "{name}");
            }
            assert_eq!(verdict(&[], &sent, later(1)), Verdict::NoWebhook, "{name}");
            let bare = Sent {
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: sent.body.clone(),
            };
            assert_eq!(said(&bare, later(1)), Verdict::NotSigned, "{name}");

            for (seconds, fresh) in [(300, true), (-300, true), (301, false), (-301, false)] {
                let expected = if fresh || !signs_the_time(name) {
                    verified
                } else {
                    Verdict::Stale { webhook: id, seconds }
                };
                assert_eq!(said(&sent, later(seconds)), expected, "{name} {seconds}");
            }
        }
    }
}

/// Every single header that a contract writes, damaged or left out: what is signed must not verify.
#[test]
fn a_request_whose_signed_parts_are_changed_does_not_verify() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        let sample = Sample::full(name);
        let webhook = [sample.webhook(contract)];
        let sent = sample.send_at(contract, 1, at(STARTS));
        for place in 0..sent.headers.len() {
            let header = sent.headers[place].0.clone();
            let is_signed = header.contains("signature")
                || signs_the_time(name) && header.starts_with("webhook-");
            for change in ["", "x", "1", " ", "0"] {
                let mut headers = sent.headers.clone();
                if change.is_empty() {
                    headers.remove(place);
                } else {
                    headers[place].1.insert_str(0, change);
                }
                let changed = Sent { headers, body: sent.body.clone() };
                let said = verdict(&webhook, &changed, later(1));
                let is_verified = matches!(said, Verdict::Verified { .. });
                assert_eq!(is_verified, !is_signed, "{name} {header} {change:?}: {said:?}");
            }
        }
    }
}

#[test]
fn while_a_secret_is_rotated_both_verify_and_the_old_one_not_after() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        let before = Sample::full(name);
        let rotating = Sample::full(name).rotating(NEW);
        let webhook = [rotating.webhook(contract)];
        let id = webhook[0].id;
        // The overlap ends at 10:32.
        let of_both = rotating.send_at(contract, 1, at(STARTS));
        let verified = |secret| Verdict::Verified { webhook: id, secret };
        assert_eq!(verdict(&webhook, &of_both, later(1)), verified(SecretAge::Current), "{name}");
        let of_old = before.send_at(contract, 1, at(STARTS));
        assert_eq!(verdict(&webhook, &of_old, later(1)), verified(SecretAge::Previous), "{name}");
        assert_eq!(verdict(&webhook, &of_old, later(60)), Verdict::WrongSignature, "{name}");
        assert_eq!(verdict(&webhook, &of_both, later(61)), verified(SecretAge::Current), "{name}");
    }
}

#[test]
fn an_ed25519_signature_verifies_also_beside_a_shared_secrets() {
    let contracts = load();
    let contract = contracts.get(&"standard".parse().unwrap()).unwrap();
    let key = SigningSecret::generate_ed25519([7; 32]);
    let alone = Sample { secret: key.expose().to_owned(), ..Sample::full("standard") };
    let rotating = Sample::full("standard").rotating(key.expose());
    for sample in [alone, rotating] {
        let webhook = [sample.webhook(contract)];
        let sent = sample.send_at(contract, 1, at(STARTS));
        let id: WebhookId = webhook[0].id;
        let expected = Verdict::Verified { webhook: id, secret: SecretAge::Current };
        assert_eq!(verdict(&webhook, &sent, later(1)), expected, "{:?}", sent.headers);
        let mut forged = sent;
        for (_, value) in &mut forged.headers {
            *value = value.replace("v1a,", "v1,");
        }
        let said = verdict(&webhook, &forged, later(1));
        assert_ne!(said, expected, "a signature of one kind is none of the other");
    }
}

#[test]
fn nothing_that_arrives_breaks_the_verifier() {
    let contracts = load();
    for contract in each(&contracts) {
        let sample = Sample::full(contract.name().as_str());
        let webhook = [sample.webhook(contract)];
        let sent = sample.send_at(contract, 1, at(STARTS));
        for body in [&b""[..], &[0xff, 0xfe, 0], "\u{feff}{}".as_bytes()] {
            let arrival = Arrival { body, ..arrival(&sent, later(1)) };
            assert_eq!(contracts.verdict(&webhook, arrival), Verdict::WrongSignature);
        }
        for value in
            ["", ",", "v1,", "t=,v1=", "t=99999999999999999999,v1=00", "sha256=", "é", "v1,é v1,"]
        {
            let headers: Vec<_> =
                sent.headers.iter().map(|(name, _)| (name.clone(), value.to_owned())).collect();
            let sent = Sent { headers, body: sent.body.clone() };
            let said = contracts.verdict(&webhook, arrival(&sent, later(1)));
            assert_eq!(said, Verdict::WrongSignature, "{} {value:?}", contract.name());
        }
    }
}

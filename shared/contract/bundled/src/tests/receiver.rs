//! How a receiver verifies a signature under each contract. It is written from the platform guides and
//! standards, without Hooklane's code except for `as_javascript`, which has a test table of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hooklane_domain::json::as_javascript;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::Sha256;

use super::sample::Sent;

/// Verifies that exactly one signature is there, computed from this secret.
pub(super) fn assert_verifies(contract: &str, secret: &str, sent: &Sent) {
    let header = header(contract);
    let signatures = signatures(contract, sent.header(header));
    let signature = expected(contract, secret, sent);
    assert_eq!(signatures, [signature], "{contract}: {}", sent.body);
    let next = format!("{header}-next");
    assert!(sent.headers.iter().all(|(name, _)| *name != next), "{contract}: {:?}", sent.headers);
}

/// During the overlap of a rotation: receivers of the old secret verify the contract's own header.
/// Receivers of the new one verify it too where it can contain several signatures, and otherwise the
/// `-next` header.
pub(super) fn assert_verifies_while_rotated(contract: &str, (old, new): (&str, &str), sent: &Sent) {
    let header = header(contract);
    let own = signatures(contract, sent.header(header));
    let (old, new) = (expected(contract, old, sent), expected(contract, new, sent));
    if has_several(contract) {
        assert_eq!(own.len(), 2, "{contract}: {own:?}");
        assert!(own.contains(&old) && own.contains(&new), "{contract}: {own:?}");
    } else {
        let next = signatures(contract, sent.header(&format!("{header}-next")));
        assert_eq!((own, next), (vec![old], vec![new]), "{contract}");
    }
}

/// The header with the signature, in lower case.
fn header(contract: &str) -> &'static str {
    match contract {
        "standard" | "cloudevents" => "webhook-signature",
        "virtual-queue" | "virtual-queue-hex" | "prism" | "ops-center" => "x-webhook-signature",
        "aegisx" => "x-webhook-signature-256",
        "github" => "x-hub-signature-256",
        "task-hub" => "x-hub-signature",
        "stripe" => "stripe-signature",
        other => panic!("add here how a receiver under {other} verifies the signature"),
    }
}

/// *Standard Webhooks 1.0*, "Signature scheme": a space-delimited list. *Stripe Docs*, "Verify webhook
/// signatures manually": as many `v1` as there are secrets. No other contract has more than one.
fn has_several(contract: &str) -> bool {
    matches!(contract, "standard" | "cloudevents" | "stripe")
}

/// The signatures in a header's value, as a receiver splits them.
fn signatures(contract: &str, value: &str) -> Vec<String> {
    match contract {
        "standard" | "cloudevents" => value.split(' ').map(str::to_owned).collect(),
        "stripe" => value.split(',').skip(1).map(str::to_owned).collect(),
        _ => vec![value.to_owned()],
    }
}

fn expected(contract: &str, secret: &str, sent: &Sent) -> String {
    let body = sent.body.as_str();
    let of_body = || hex::encode(hmac(secret.as_bytes(), body));
    match contract {
        "standard" | "cloudevents" => standard_webhooks(secret, sent),
        "virtual-queue" | "prism" | "aegisx" | "github" => format!("sha256={}", of_body()),
        "task-hub" => {
            let written_again = hmac(secret.as_bytes(), &as_javascript(body));
            format!("sha256={}", hex::encode(written_again))
        }
        "stripe" => stripe(secret, sent),
        _ => of_body(),
    }
}

/// *Standard Webhooks 1.0*, "Signature scheme". A secret without its prefix is the key itself.
fn standard_webhooks(secret: &str, sent: &Sent) -> String {
    let (id, timestamp) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
    let signed = format!("{id}.{timestamp}.{}", sent.body);
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => secret.as_bytes().to_vec(),
    };
    format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
}

/// The number of `v1a` signatures that verify with a public key, by the library's own check.
pub(super) fn ed25519_verified(public: &str, sent: &Sent) -> usize {
    let (id, timestamp) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
    let signed = format!("{id}.{timestamp}.{}", sent.body);
    let key = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, key);
    let signatures = sent.header("webhook-signature").split(' ');
    signatures
        .filter_map(|s| STANDARD.decode(s.strip_prefix("v1a,")?).ok())
        .filter(|signature| key.verify(signed.as_bytes(), signature).is_ok())
        .count()
}

/// *Stripe Docs*, "Verify webhook signatures manually".
fn stripe(secret: &str, sent: &Sent) -> String {
    let (t, _) = sent.header("stripe-signature").split_once(',').unwrap();
    let signed = format!("{}.{}", t.strip_prefix("t=").unwrap(), sent.body);
    format!("v1={}", hex::encode(hmac(secret.as_bytes(), &signed)))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

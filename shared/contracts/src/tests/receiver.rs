//! How a receiver checks a signature under each contract, written from the documents and without any
//! of the engine's code but JavaScript's way of writing JSON, which has a table of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hooklane_domain::json::as_javascript;
use sha2::Sha256;

use super::sample::Sent;

/// Computes the signature again from the raw secret.
pub(super) fn assert_verifies(contract: &str, secret: &str, sent: &Sent) {
    let body = sent.body.as_str();
    let of_body = || hex::encode(hmac(secret.as_bytes(), body));
    let (header, expected) = match contract {
        "standard" | "cloudevents" => ("webhook-signature", standard_webhooks(secret, sent)),
        "virtual-queue" | "prism" => ("x-webhook-signature", format!("sha256={}", of_body())),
        "virtual-queue-hex" | "ops-center" => ("x-webhook-signature", of_body()),
        "aegisx" => ("x-webhook-signature-256", format!("sha256={}", of_body())),
        "github" => ("x-hub-signature-256", format!("sha256={}", of_body())),
        "task-hub" => {
            let written_again = hmac(secret.as_bytes(), &as_javascript(body));
            ("x-hub-signature", format!("sha256={}", hex::encode(written_again)))
        }
        "stripe" => ("stripe-signature", stripe(secret, sent)),
        other => panic!("say here how a receiver under {other} checks the signature"),
    };
    assert_eq!(sent.header(header), expected, "{contract}: {body}");
}

/// *Standard Webhooks 1.0*, "Signature scheme". A secret without its prefix is the key itself.
fn standard_webhooks(secret: &str, sent: &Sent) -> String {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => secret.as_bytes().to_vec(),
    };
    let (id, timestamp) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
    let signed = format!("{id}.{timestamp}.{}", sent.body);
    format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
}

/// *Stripe Docs*, "Verify webhook signatures manually".
fn stripe(secret: &str, sent: &Sent) -> String {
    let (t, _) = sent.header("stripe-signature").split_once(',').unwrap();
    let signed = format!("{}.{}", t.strip_prefix("t=").unwrap(), sent.body);
    format!("{t},v1={}", hex::encode(hmac(secret.as_bytes(), &signed)))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

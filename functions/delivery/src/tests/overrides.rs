//! Settings of a webhook that override its contract's.

use std::time::Duration;

use hooklane_domain::delivery::Status;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::{Overlap, Webhook};

use super::world::World;

#[tokio::test]
async fn a_webhooks_own_timeout_overrides_its_contracts() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    world
        .replace_webhook(Webhook { timeout: Some(3.try_into().unwrap()), ..world.webhook.clone() })
        .await;
    world.publish("e2").await;
    world.run_until_quiet().await;
    assert_eq!(world.timeouts(), [Duration::from_secs(20), Duration::from_secs(3)]);
}

#[tokio::test]
async fn a_rotated_secret_signs_until_its_overlap_ends() {
    let mut world = World::with_policy(r#"{"schedule":[100]}"#).await;
    let overlap = Overlap::from_seconds(60).unwrap();
    let secret = "another-signing-secret".parse().unwrap();
    let rotated = world.webhook.clone().rotated(secret, overlap, world.clock_now()).unwrap();
    world.replace_webhook(rotated).await;
    world.answers([super::script::answer(500)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let signatures: Vec<_> = world
        .requests()
        .iter()
        .flat_map(|request| request.headers.clone())
        .filter(|(name, _)| name == "webhook-signature")
        .map(|(_, value)| value.split(' ').count())
        .collect();
    assert_eq!(signatures, [2, 1], "the second attempt comes after the overlap");
}

#[tokio::test]
async fn a_contract_that_cannot_sign_with_the_webhooks_key_fails_the_delivery() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let secret = SigningSecret::generate_ed25519([7; 32]);
    let contract = "github".parse().unwrap();
    world.replace_webhook(Webhook { secret, contract, ..world.webhook.clone() }).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert_eq!((delivery.status(), world.posts()), (Status::Failed, 0));
    let error = delivery.last.unwrap().error.unwrap();
    assert_eq!(error.detail, "the contract github has no Ed25519 signature");
}

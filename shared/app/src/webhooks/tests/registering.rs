//! Registrations: repeated, concurrent and interrupted.

use super::*;

#[tokio::test]
async fn one_key_registers_one_webhook() {
    let world = World::new();
    let first = world.once("k", BODY).await.unwrap();
    let spaced = BODY.replace(':', " : ").replace("https : ", "https:");
    let again = world.once("k", &spaced).await.unwrap();
    assert_eq!((again.id, again.secret.expose()), (first.id, first.secret.expose()));
    let other = BODY.replace('*', "a");
    assert!(matches!(world.once("k", &other).await, Err(RegisterError::KeyReused)));
    assert_ne!(world.once("k2", &other).await.unwrap().id, first.id);
    assert_eq!(world.count().await, 2);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day_and_a_refused_body_uses_none() {
    let world = World::new();
    assert!(matches!(world.once("k", "{}").await, Err(RegisterError::Invalid(_))));
    let first = world.once("k", BODY).await.unwrap();
    world.system.pass(SignedDuration::from_hours(24));
    assert_ne!(world.once("k", &BODY.replace('*', "a")).await.unwrap().id, first.id);
}

#[tokio::test]
async fn a_deleted_webhook_is_not_registered_again_by_its_key() {
    let world = World::new();
    let first = world.once("k", BODY).await.unwrap();
    delete(
        (&world.registry, &world.ledger),
        &world.system,
        (&world.tenant, first.id),
        &Precondition::Any,
    )
    .await
    .unwrap();
    assert!(matches!(world.once("k", BODY).await, Err(RegisterError::Deleted)));
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn concurrent_requests_with_one_key_get_one_webhook() {
    let world = World::new();
    let all = futures::future::join_all((0..8).map(|_| world.once("k", BODY))).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|w| (w.id, w.secret.expose()) == (all[0].id, all[0].secret.expose())));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn an_interrupted_registration_is_completed_under_its_key() {
    let world = World::new();
    world.registry.out_of_reach.store(true, Ordering::SeqCst);
    let interrupted = world.once("k", BODY).await;
    assert!(matches!(interrupted, Err(RegisterError::Unavailable(_))));
    assert_eq!(world.count().await, 0);
    let completed = world.once("k", BODY).await.unwrap();
    let again = world.once("k", BODY).await.unwrap();
    assert_eq!((again.id, again.secret.expose()), (completed.id, completed.secret.expose()));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn a_webhook_that_a_call_stored_before_its_answer_was_lost_is_answered_as_stored() {
    let world = World::new();
    world.registry.loses_answer.store(true, Ordering::SeqCst);
    let webhook = world.webhook().await;
    let stored = world.registry.get(&world.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.secret.expose()), (webhook.id, webhook.secret.expose()));
    assert_eq!(world.count().await, 1);
}

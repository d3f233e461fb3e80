//! Changes, their preconditions, pausing and resuming.

use super::*;

#[tokio::test]
async fn concurrent_changes_lose_nothing() {
    let world = World::new();
    let id = world.webhook().await.id;
    let bodies = [
        r#"{"name":"N"}"#,
        r#"{"description":"D"}"#,
        r#"{"events":["a"]}"#,
        r#"{"testMode":true}"#,
        r#"{"timeout":7}"#,
        r#"{"headers":{"X-A":"1"}}"#,
    ];
    let all = bodies.map(|body| world.change(id, Precondition::Any, body));
    for changed in futures::future::join_all(all).await {
        changed.unwrap();
    }
    let webhook = world.registry.get(&world.tenant, id).await.unwrap().unwrap();
    assert_eq!((webhook.name.as_str(), webhook.description.as_deref()), ("N", Some("D")));
    assert_eq!((webhook.events[0].to_string(), webhook.test_mode), ("a".to_owned(), true));
    assert_eq!(webhook.timeout.unwrap().seconds(), 7);
    assert_eq!((webhook.headers.iter().count(), webhook.revision), (1, 7));
}

#[tokio::test]
async fn nothing_is_changed_unless_the_precondition_holds() {
    let world = World::new();
    let id = world.webhook().await.id;
    let one_of = |revisions: &[u64]| Precondition::OneOf(revisions.to_vec());
    for wrong in [one_of(&[]), one_of(&[2]), one_of(&[0, 2, 3])] {
        let refused = world.change(id, wrong.clone(), "{}").await;
        assert!(matches!(refused, Err(ChangeError::Changed)), "{wrong:?}");
        let refused =
            delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &wrong)
                .await;
        assert!(matches!(refused, Err(ChangeError::Changed)), "{wrong:?}");
    }
    assert_eq!(world.change(id, one_of(&[7, 1]), "{}").await.unwrap().revision, 1, "no change");
    let named = world.change(id, one_of(&[7, 1]), r#"{"name":"N"}"#).await;
    assert_eq!(named.unwrap().revision, 2);
    delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &one_of(&[2]))
        .await
        .unwrap();
    for gone in [one_of(&[2]), Precondition::Any] {
        let refused =
            delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &gone)
                .await;
        assert!(matches!(refused, Err(ChangeError::Missing)));
        assert!(matches!(world.change(id, gone, "{}").await, Err(ChangeError::Missing)));
    }
}

/// What the operator lists for one tenant is open to that one, when a URL is saved and when it is changed.
#[tokio::test]
async fn finding_12_a_listed_range_is_open_to_the_tenants_that_it_names() {
    let in_range = BODY.replace("example.com", "10.1.2.3");
    for (tenant, is_allowed) in [("acme", true), ("beta", false)] {
        let world = World {
            network: NetworkRules::parse("10.1.0.0/16=acme", "443").unwrap(),
            tenant: tenant.parse().unwrap(),
            ..World::new()
        };
        let owner = world.tenant.clone();
        let registered =
            register(&world.registry, &world.system, world.checked(), owner, &in_range).await;
        assert_eq!(registered.is_ok(), is_allowed, "{tenant}");
        assert_eq!(world.once("k", &in_range).await.is_ok(), is_allowed, "{tenant}");
        let id = world.webhook().await.id;
        let changed = world.change(id, Precondition::Any, r#"{"url":"https://10.1.2.3/"}"#).await;
        assert_eq!(changed.is_ok(), is_allowed, "{tenant}");
    }
}

#[tokio::test]
async fn pausing_and_resuming_are_idempotent() {
    let world = World::new();
    let webhook = world.webhook().await;
    let key = (&world.tenant, webhook.id);
    let paused = pause(&world.registry, &world.system, key).await.unwrap();
    assert!(matches!(paused.state, WebhookState::Paused { .. }));
    world.system.pass(SignedDuration::from_secs(9));
    let again = pause(&world.registry, &world.system, key).await.unwrap();
    assert_eq!((again.state, again.revision), (paused.state, 2));
    let resumed =
        resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
            .await
            .unwrap();
    assert_eq!((resumed.state, resumed.revision), (WebhookState::Active, 3));
    let again = resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
        .await
        .unwrap();
    assert_eq!(again.revision, 3);
    assert!(world.registry.disable(&again, DisableReason::Gone, again.updated_at).await.unwrap());
    let held = pause(&world.registry, &world.system, key).await.unwrap();
    assert!(
        matches!(held.state, WebhookState::Disabled { .. }),
        "it stays disabled for its reason"
    );
    let resumed =
        resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
            .await
            .unwrap();
    assert_eq!(resumed.state, WebhookState::Active);
}

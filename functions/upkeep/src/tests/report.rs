use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::delivery::FailReason;
use hooklane_domain::isolation::health::{Health, Outage, Report};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use super::world::{World, minutes, seconds};

/// A webhook whose failing and recovery were not reported yet.
async fn owing(world: &World) -> Webhook {
    let webhook = world.watched_webhook(1).await;
    let (since, at) = (world.start, world.start + seconds(90));
    let owed = vec![
        Report::Failing { since, failures: 10 },
        Report::Recovered { since, at, outage: None },
    ];
    world.set_health(&webhook, Health { owed, ..Health::default() }).await;
    webhook
}

#[tokio::test]
async fn what_is_owed_is_published_once() {
    let world = World::new();
    let webhook = owing(&world).await;
    assert_eq!(world.run().await.reported, 2);
    assert_eq!(world.published(), ["webhook.failing", "webhook.recovered"]);
    assert!(world.health(&webhook).await.owed.is_empty());
    world.mark(&webhook).await;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.reported), (1, 0));
    assert_eq!(world.published().len(), 2);
}

#[tokio::test]
async fn a_health_that_changed_meanwhile_is_reported_again_as_a_duplicate() {
    let world = World::new();
    let webhook = owing(&world).await;
    *world.registry.hooks.health_conflict.lock().unwrap() = true;
    assert_eq!(world.run().await.reported, 2);
    assert_eq!(world.health(&webhook).await.owed.len(), 2, "another writer was faster");
    assert_eq!(world.run().await.reported, 2);
    assert!(world.health(&webhook).await.owed.is_empty());
    assert_eq!(world.published(), ["webhook.failing", "webhook.recovered"], "the same events");
}

#[tokio::test]
async fn webhook_recovered_says_what_was_missed_and_when() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let (since, at) = (world.start + seconds(5), world.start + seconds(90));
    let outage = Some(Outage { first_failure: world.start, skipped: Some(2) });
    let owed = vec![Report::Recovered { since, at, outage }];
    world.park(&webhook, "parked0").await;
    world.park(&webhook, "parked1").await;
    world.wait(&webhook, "retrying", at + minutes(1), 1).await;
    let failed = world.write(&webhook, "failed", |d| d.failed(at, FailReason::Exhausted)).await;
    assert_eq!(failed.id.accepted_at(), world.start);
    world.set_health(&webhook, Health { owed, skipped: 9, ..Health::default() }).await;
    assert_eq!(world.run().await.reported, 1);
    let events = world.ledger.all_events();
    let event = events.iter().find(|e| e.content.event_type.as_str() == "webhook.recovered");
    let data: serde_json::Value =
        serde_json::from_str(event.unwrap().content.data.as_str()).unwrap();
    assert_eq!(data["waited"], 3);
    assert_eq!((&data["delivered"], &data["failed"]), (&0.into(), &1.into()));
    assert_eq!((&data["skipped"], &data["truncated"]), (&2.into(), &false.into()));
    let window = serde_json::json!({
        "since": "2024-01-15T10:30:00.000Z", "until": "2024-01-15T10:31:30.000Z",
    });
    assert_eq!(data["window"], window);
}

#[tokio::test]
async fn each_disabling_is_published_once() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    for disablings in 1..=2 {
        let (at, reason) = (world.now(), DisableReason::Gone);
        let state = WebhookState::Disabled { at, reason };
        let disabled = Webhook { state, ..world.stored(&webhook).await };
        assert!(world.registry.stored.update(&disabled).await.unwrap());
        for reported in [1, 0] {
            world.mark(&webhook).await;
            assert_eq!(world.run().await.reported, reported);
            assert_eq!(world.published(), vec!["webhook.disabled"; disablings]);
        }
        assert_eq!(world.health(&webhook).await.disabled_reported, Some(at));
        world.pass(minutes(1));
    }
}

#[tokio::test]
async fn nothing_is_reported_of_a_deleted_webhook() {
    let world = World::new();
    let webhook = owing(&world).await;
    world.delete(&webhook).await;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.reported, summary.failed), (1, 0, 0));
    assert!(world.published().is_empty());
}

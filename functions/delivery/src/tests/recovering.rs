//! Recoveries: deliveries that failed or were skipped are sent again.

use hooklane_app::fakes::MemoryLedger;
use hooklane_app::recover::{RecoverError, progress, start};
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::isolation::recovery::{Stage, Wanted, WantedStatus};
use hooklane_domain::webhook::{Webhook, WebhookState};
use jiff::SignedDuration;

use super::world::{World, tenant};

fn wanted(world: &World, status: WantedStatus) -> Wanted {
    let now = world.clock_now();
    Wanted { since: now - SignedDuration::from_hours(1), until: now, status }
}

async fn order(world: &World, status: WantedStatus) {
    let wanted = wanted(world, status);
    let stores = (world.registry(), &MemoryLedger::default());
    let (owner, quotas) = (tenant(), Quotas::default());
    start(stores, &world.clock, &quotas, (&owner, world.webhook.id), wanted).await.unwrap();
}

/// Three failed deliveries, and four events that have no delivery.
async fn with_missed_events() -> World {
    let world = World::with_policy("\"none\"").await;
    world.set_down(true);
    for n in 0..3 {
        let id = format!("failed{n}");
        world.store_event(&id).await;
        world.publish(&id).await;
    }
    world.run_until_quiet().await;
    world.set_down(false);
    for n in 0..4 {
        world.store_event(&format!("skipped{n}")).await;
    }
    world.advance(SignedDuration::from_secs(60));
    world
}

async fn statuses(world: &World, name: &str, count: usize) -> Vec<Status> {
    let all = world.ledger.all_deliveries();
    let ours = all.iter().filter(|d| d.id.event().as_str().starts_with(name));
    let found: Vec<_> = ours.map(hooklane_domain::delivery::Delivery::status).collect();
    assert!(found.len() <= count);
    found
}

#[tokio::test]
async fn a_recovery_sends_the_failed_or_the_skipped_deliveries_or_both() {
    let (ok, failed) = (Status::Delivered, Status::Failed);
    for (status, of_failed, of_skipped, sent) in [
        (WantedStatus::Failed, vec![ok; 3], vec![], 3),
        (WantedStatus::Skipped, vec![failed; 3], vec![ok; 4], 4),
        (WantedStatus::Any, vec![ok; 3], vec![ok; 4], 7),
    ] {
        let world = with_missed_events().await;
        order(&world, status).await;
        let (owner, wanted) = (tenant(), wanted(&world, status));
        let stores = (world.registry(), &MemoryLedger::default());
        let (key, quotas) = ((&owner, world.webhook.id), Quotas::default());
        let second = start(stores, &world.clock, &quotas, key, wanted).await;
        assert!(matches!(second, Err(RecoverError::Running)));
        let summary = world.run_minutes(3).await;
        assert_eq!(summary.recovered, sent, "{status:?}");
        assert_eq!(statuses(&world, "failed", 3).await, of_failed, "{status:?}");
        assert_eq!(statuses(&world, "skipped", 4).await, of_skipped, "{status:?}");
        let done = progress(world.registry(), (&tenant(), world.webhook.id)).await.unwrap();
        assert!(matches!(done.recovery.stage, Stage::Done { .. }));
        assert_eq!(done.recovery.sent, sent);
        // Another recovery may follow.
        order(&world, WantedStatus::Any).await;
        world.run_minutes(2).await;
    }
}

#[tokio::test]
async fn a_corrupt_delivery_does_not_stop_a_recovery() {
    let world = with_missed_events().await;
    world.ledger.corrupt(world.id("failed1"));
    order(&world, WantedStatus::Any).await;
    let summary = world.run_minutes(3).await;
    assert_eq!(summary.failed, 0);
    assert_eq!(statuses(&world, "skipped", 4).await, [Status::Delivered; 4]);
    let done = progress(world.registry(), (&tenant(), world.webhook.id)).await.unwrap();
    assert!(matches!(done.recovery.stage, Stage::Done { .. }));
}

#[tokio::test]
async fn events_that_an_inactive_webhook_missed_can_be_recovered() {
    let world = World::with_policy("\"none\"").await;
    world.update_webhook(|w| Webhook { state: WebhookState::Inactive, ..w }).await;
    world.store_event("missed").await;
    world.update_webhook(|w| Webhook { state: WebhookState::Active, ..w }).await;
    order(&world, WantedStatus::Skipped).await;
    world.run_minutes(2).await;
    assert_eq!(world.delivery("missed").await.status(), Status::Delivered);
}

#[tokio::test]
async fn a_killed_recovery_continues_where_it_stopped() {
    for steps in 0..60 {
        let world = with_missed_events().await;
        order(&world, WantedStatus::Any).await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        world.faults.revive();
        world.run_minutes(8).await;
        assert_eq!(statuses(&world, "failed", 3).await, [Status::Delivered; 3], "after {steps}");
        assert_eq!(statuses(&world, "skipped", 4).await, [Status::Delivered; 4], "after {steps}");
        assert_eq!(world.queues.count(Lane::Slow), 0);
    }
}

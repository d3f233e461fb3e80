//! The inbox of canaries.

use hooklane_app::ports::CanaryStore as _;
use hooklane_domain::canary::{Canary, Schedule, webhook};
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId};
use jiff::SignedDuration;

use super::world::{World, tenant};

fn message(id: &EventId, tenant: TenantId, world: &World) -> Message {
    Message::Deliver(Deliver {
        tenant,
        delivery: DeliveryId::new(webhook(), world.clock_now(), id.clone()),
        event_type: "hooklane.canary".parse().unwrap(),
        generation: 0,
        payload: None,
    })
}

/// A world in which a canary was sent.
async fn sent() -> (World, Canary) {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let canary = next(&world, 7);
    assert!(world.ledger.replace_canary(None, &canary).await.unwrap());
    (world, canary)
}

fn next(world: &World, random: u128) -> Canary {
    Schedule::of_minutes(5).unwrap().look(None, world.clock_now(), random).next.unwrap()
}

async fn arrival(world: &World) -> Option<jiff::Timestamp> {
    world.ledger.canary().await.unwrap().unwrap().arrived_at
}

#[tokio::test]
async fn a_canary_arrives_without_a_request_and_without_a_delivery() {
    let (world, canary) = sent().await;
    let message = message(&canary.id, TenantId::canary(), &world);
    world.advance(SignedDuration::from_secs(3));
    world.send(&message).await;
    world.run_until_quiet().await;
    let at = world.clock_now();
    assert_eq!(arrival(&world).await, Some(at));
    world.advance(SignedDuration::from_secs(9));
    world.send(&message).await;
    world.run_until_quiet().await;
    assert_eq!(arrival(&world).await, Some(at), "a duplicate changes nothing");
    assert_eq!(world.posts(), 0);
    assert!(world.ledger.all_deliveries().is_empty());
    assert!(world.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn only_the_newest_canary_of_hooklanes_own_tenant_arrives() {
    let (world, canary) = sent().await;
    let newest = next(&world, 8);
    assert!(world.ledger.replace_canary(Some(&canary.id), &newest).await.unwrap());
    for (id, tenant) in [
        // One that is late, one that somebody made up, and one in the name of a tenant.
        (canary.id, TenantId::canary()),
        (next(&world, 9).id, TenantId::canary()),
        (newest.id, tenant()),
    ] {
        world.send(&message(&id, tenant, &world)).await;
    }
    world.run_until_quiet().await;
    assert_eq!(arrival(&world).await, None);
    assert!(world.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn a_canary_that_cannot_be_noted_comes_back() {
    let (world, canary) = sent().await;
    world.send(&message(&canary.id, TenantId::canary(), &world)).await;
    // It reads the item of the delivery, and then the registry.
    for steps in [1, 2] {
        world.faults.die_after(steps);
        // The queues fail as well, so it is not hidden.
        let received = world.step(Lane::Fast).await;
        assert_eq!(received, 1, "{steps}");
        world.faults.revive();
        assert_eq!(arrival(&world).await, None, "{steps}");
        assert_eq!(world.queues.count(Lane::Fast), 1, "{steps}: it stays");
        world.advance(SignedDuration::from_secs(360));
    }
    world.run_until_quiet().await;
    assert!(arrival(&world).await.is_some());
}

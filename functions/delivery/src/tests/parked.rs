//! Deliveries that are parked because of their tenant, their webhook or the state of the queues.

use hooklane_app::pausing::{Resumption, pause};
use hooklane_app::ports::{
    BrakeStore as _, ParkingStore as _, TenantStore as _, WatchList as _, WebhookStore as _,
};
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{CancelReason, ParkReason, State, Status};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::webhook::{Webhook, WebhookState};
use jiff::SignedDuration;

use super::script::answer;
use super::world::{MAX_PARKED, World, tenant};

async fn paused_with(events: usize) -> World {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
    for n in 0..events {
        world.publish(&format!("e{n}")).await;
    }
    while world.step(Lane::Fast).await > 0 {}
    world
}

fn reason(delivery: &hooklane_domain::delivery::Delivery) -> Option<ParkReason> {
    match delivery.state {
        State::Parked { reason, .. } => Some(reason),
        _ => None,
    }
}

#[tokio::test]
async fn deliveries_of_a_paused_webhook_are_delivered_after_resuming() {
    let world = paused_with(12).await;
    assert_eq!(reason(&world.delivery("e0").await), Some(ParkReason::Paused));
    world.run_minutes(30).await;
    assert_eq!(world.posts(), 0);
    world.resume(Resumption::default()).await;
    let summary = world.run_minutes(1).await;
    assert_eq!((summary.released, world.posts()), (12, 12));
    for n in 0..12 {
        let delivery = world.delivery(&format!("e{n}")).await;
        assert_eq!((delivery.status(), delivery.attempts), (Status::Delivered, 1), "e{n}");
    }
    assert!(world.pointers().await.is_empty());
    world.run_minutes(40).await;
    assert!(world.registry().watched(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_corrupt_parked_delivery_holds_up_no_other() {
    let world = paused_with(5).await;
    world.ledger.corrupt(world.id("e2"));
    world.resume(Resumption::default()).await;
    let summary = world.run_minutes(1).await;
    assert_eq!((summary.failed, world.posts()), (0, 4));
    // A delivery that met an instance with the pause still in its cache is parked again and sent at once.
    world.run_minutes(1).await;
    assert_eq!(world.pointers().await, []);
    // The corrupt delivery is dead-lettered. Its message can be sent again once the item is repaired.
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 1);
    let Ok(Message::Deliver(letter)) = Message::decode(&letters[0].body) else {
        panic!("a message")
    };
    assert_eq!(letter.delivery, world.id("e2"));
    world.ledger.repair(&letter.delivery);
    world.send(&Message::Deliver(letter.successor())).await;
    world.step(Lane::Fast).await;
    assert_eq!((world.delivery("e2").await.status(), world.posts()), (Status::Delivered, 5));
}

#[tokio::test]
async fn finding_rolling_upgrade_a_parked_delivery_in_an_unknown_state_is_delivered_later() {
    let world = paused_with(5).await;
    world.ledger.write_by_newer(world.id("e2"));
    world.resume(Resumption::default()).await;
    let summary = world.run_minutes(120).await;
    assert_eq!((summary.failed, world.posts()), (0, 4));
    assert_eq!(world.dead_letters.all_dead_letters(), []);
    world.ledger.repair(&world.id("e2"));
    assert!(matches!(world.delivery("e2").await.state, State::Parked { .. }), "it was left alone");
    world.run_minutes(15).await;
    assert_eq!((world.delivery("e2").await.status(), world.posts()), (Status::Delivered, 5));
}

#[tokio::test]
async fn resuming_with_discard_cancels_the_parked_deliveries_and_no_others() {
    let world = paused_with(3).await;
    world.advance(SignedDuration::from_secs(1));
    let discarding = Resumption { discard: true, rate: None };
    world.resume(discarding).await;
    world.advance(SignedDuration::from_secs(10));
    world.publish("later").await;
    let summary = world.run_minutes(2).await;
    assert_eq!((summary.discarded, summary.released), (3, 0));
    let discarded = world.delivery("e0").await;
    let why = CancelReason::Discarded;
    assert!(matches!(discarded.state, State::Cancelled { reason, .. } if reason == why));
    assert_eq!(world.delivery("later").await.status(), Status::Delivered);
    assert_eq!(world.posts(), 1);

    // Deliveries that are parked afterwards are delivered.
    pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
    world.advance(SignedDuration::from_secs(10));
    world.publish("again").await;
    world.run_minutes(1).await;
    world.resume(Resumption::default()).await;
    world.run_minutes(1).await;
    assert_eq!(world.delivery("again").await.status(), Status::Delivered);
}

#[tokio::test]
async fn pausing_a_tenant_parks_the_deliveries_of_its_webhooks() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let settings = |paused| TenantSettings { paused, ..TenantSettings::default() };
    world.registry().set_settings(&tenant(), &settings(true), None).await.unwrap();
    world.publish("e1").await;
    world.run_minutes(3).await;
    assert_eq!(reason(&world.delivery("e1").await), Some(ParkReason::TenantPaused));
    world.registry().set_settings(&tenant(), &settings(false), None).await.unwrap();
    world.run_minutes(2).await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn a_retry_parked_by_a_pause_keeps_its_attempts() {
    let world = World::with_policy(r#"{"schedule":[30,30]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
    world.run_minutes(2).await;
    let parked = world.delivery("e1").await;
    assert_eq!((parked.status(), parked.attempts), (Status::Retrying, 1));
    assert_eq!(reason(&parked), Some(ParkReason::Paused));
    world.resume(Resumption::default()).await;
    world.run_minutes(2).await;
    let delivered = world.delivery("e1").await;
    assert_eq!((delivered.status(), delivered.attempts), (Status::Delivered, 2));
}

#[tokio::test]
async fn deliveries_parked_for_an_inactive_webhook_are_delivered_once_it_is_active() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.update_webhook(|w| Webhook { state: WebhookState::Inactive, ..w }).await;
    world.publish("e1").await;
    world.run_minutes(1).await;
    assert_eq!(reason(&world.delivery("e1").await), Some(ParkReason::Inactive));
    world.update_webhook(|w| Webhook { state: WebhookState::Active, ..w }).await;
    world.run_minutes(2).await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

/// `upkeep` sends the message of an item that it cannot read and removes the pointer. The item can be read when
/// the message comes, and the webhook is paused again.
#[tokio::test]
async fn a_message_for_a_parked_delivery_without_a_pointer_parks_it_again() {
    for deleted in [false, true] {
        let world = paused_with(1).await;
        let [pointer] = &world.pointers().await[..] else { panic!("one pointer") };
        world.ledger.unpark(pointer).await.unwrap();
        world.advance(SignedDuration::from_secs(1));
        world.send(&world.message("e0", 0)).await;
        if deleted {
            world.registry().delete(&tenant(), world.webhook.id, None).await.unwrap();
        }
        assert_eq!(world.step(Lane::Fast).await, 1);
        let again = world.pointers().await;
        assert_eq!(again.len(), 1);
        assert!(again[0].due > pointer.due, "another pointer than the one that was removed");
        assert_eq!(reason(&world.delivery("e0").await), Some(ParkReason::Paused));
        if !deleted {
            world.resume(Resumption::default()).await;
        }
        world.run_minutes(2).await;
        let ended = if deleted { Status::Cancelled } else { Status::Delivered };
        assert_eq!(world.delivery("e0").await.status(), ended);
        assert_eq!(world.pointers().await, []);
    }
}

#[tokio::test]
async fn parked_deliveries_of_a_deleted_webhook_are_cancelled() {
    let world = paused_with(2).await;
    world.registry().delete(&tenant(), world.webhook.id, None).await.unwrap();
    world.run_minutes(2).await;
    for event in ["e0", "e1"] {
        assert_eq!(world.delivery(event).await.status(), Status::Cancelled, "{event}");
    }
    world.run_minutes(20).await;
    assert!(world.registry().watched(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn new_deliveries_beyond_the_limit_are_skipped_and_counted() {
    let world = paused_with(usize::try_from(MAX_PARKED).unwrap() + 7).await;
    assert_eq!(world.health().await.skipped, 7);
    assert_eq!(world.pointers().await.len() as u64, MAX_PARKED);
    let watch = world.registry().watched(None, 1).await.unwrap().remove(0);
    assert!(watch.parked <= MAX_PARKED, "{watch:?}");
}

#[tokio::test]
async fn a_delivery_with_an_attempt_is_never_skipped() {
    let world = World::with_policy(r#"{"schedule":[30]}"#).await;
    world.answers([answer(500)]);
    world.publish("old").await;
    world.step(Lane::Fast).await;
    pause(world.registry(), &world.clock, (&tenant(), world.webhook.id)).await.unwrap();
    world.advance(SignedDuration::from_secs(6));
    for n in 0..MAX_PARKED + 1 {
        world.publish(&format!("e{n}")).await;
    }
    while world.step(Lane::Fast).await > 0 {}
    world.advance(SignedDuration::from_secs(60));
    world.step(Lane::Fast).await;
    assert_eq!(reason(&world.delivery("old").await), Some(ParkReason::Paused));
    assert_eq!(world.health().await.skipped, 1);
}

#[tokio::test]
async fn long_waits_are_parked_while_the_brake_is_on_and_released_when_due() {
    let world = World::with_policy(r#"{"schedule":[3600]}"#).await;
    world.answers([answer(500), answer(500)]);
    world.publish("before").await;
    world.step(Lane::Fast).await;
    assert_eq!(world.queues.count(Lane::Slow), 1);
    let measured_at = world.clock_now();
    let brake = Brake { on: true, in_flight: 99, measured_at };
    world.registry().set_brake(brake).await.unwrap();
    world.advance(SignedDuration::from_secs(10));
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    let parked = world.delivery("e1").await;
    let due = match parked.state {
        State::Parked { due, reason: ParkReason::Backlog, .. } => due,
        other => panic!("{other:?}"),
    };
    assert_eq!(due.duration_since(world.clock_now()).as_secs(), 3_600);
    assert_eq!((parked.attempts, parked.status()), (1, Status::Retrying));
    assert_eq!(world.queues.count(Lane::Slow), 1);
    world.run_minutes(59).await;
    assert_eq!(reason(&world.delivery("e1").await), Some(ParkReason::Backlog));
    world.run_minutes(3).await;
    let delivered = world.delivery("e1").await;
    assert_eq!((delivered.status(), delivered.attempts), (Status::Delivered, 2));
}

#[tokio::test]
async fn a_message_that_was_lost_is_sent_again() {
    let world = World::with_policy(r#"{"schedule":[30,30]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    world.queues.lose_all();
    world.run_minutes(30).await;
    assert_eq!(world.posts(), 1, "the message may only be late");
    let summary = world.run_minutes(60).await;
    assert_eq!((summary.swept, world.posts()), (1, 2));
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn a_sweep_continues_past_a_corrupt_delivery() {
    let world = World::with_policy(r#"{"schedule":[30,30]}"#).await;
    for event in ["e1", "e2", "e3"] {
        world.answers([answer(500)]);
        world.publish(event).await;
        world.step(Lane::Fast).await;
    }
    world.queues.lose_all();
    world.ledger.corrupt(world.id("e2"));
    let summary = world.run_minutes(90).await;
    assert_eq!((summary.swept, summary.failed), (2, 0));
    for event in ["e1", "e3"] {
        assert_eq!(world.delivery(event).await.status(), Status::Delivered);
    }
}

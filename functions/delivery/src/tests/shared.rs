//! Messages that hold several deliveries of one webhook.

use std::collections::BTreeSet;
use std::time::Duration;

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Refusing;
use hooklane_app::ports::{DispatchQueue as _, SlotStore as _};
use hooklane_domain::delivery::message::bundle::{self, EventsPerMessage};
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, ParkReason, State, Status};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, given_up};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::limits::RateLimit;
use jiff::SignedDuration;

use super::deaths::worked;
use super::script::{Death, answer};
use super::world::{World, task, tenant};

const EVENTS: [&str; 4] = ["e1", "e2", "e3", "e4"];

impl World {
    /// Stores events, and sends the one message that `fanout` would send for all of them.
    async fn publish_together(&self, events: &[&str]) {
        self.queues.share(EventsPerMessage::MOST.to_string().parse().unwrap());
        let mut messages = Vec::new();
        for event in events {
            self.store_event(event).await;
            messages.push(self.message(event, 0));
        }
        self.queues.dispatch_together(&messages, &BTreeSet::new()).await.unwrap();
        self.queues.share(EventsPerMessage::ONE);
    }

    /// The deliveries of each message that is left, with their generation.
    fn left(&self) -> Vec<Vec<(String, u32)>> {
        let deliveries = |body: &String| {
            let each = Message::decode_each(body).unwrap();
            let named = |Message::Deliver(Deliver { delivery, generation, .. }): &Message| {
                (delivery.event().to_string(), *generation)
            };
            each.iter().map(named).collect()
        };
        self.queues.bodies().iter().map(deliveries).collect()
    }

    async fn statuses(&self, events: &[&str]) -> BTreeSet<&'static str> {
        let mut statuses = BTreeSet::new();
        for event in events {
            statuses.insert(self.delivery(event).await.status().as_str());
        }
        statuses
    }
}

#[tokio::test]
async fn each_delivery_of_a_message_is_attempted() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.publish_together(&EVENTS).await;
    assert_eq!(world.queues.count(Lane::Fast), 1);
    world.step(Lane::Fast).await;
    assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
    assert_eq!((world.posts(), world.left().len()), (4, 0));
}

#[tokio::test]
async fn what_waits_gets_a_message_of_its_own() {
    // The first wait would be one of the fast lane, the second one is longer than a message can be delayed.
    for seconds in [5, 3_600] {
        let world = World::with_policy(&format!(r#"{{"schedule":[{seconds}]}}"#)).await;
        world.answers([answer(200), answer(500)]);
        world.publish_together(&EVENTS).await;
        world.step(Lane::Fast).await;
        assert_eq!(world.left(), [[("e2".to_owned(), 1)]]);
        assert_eq!(world.queues.count(Lane::Slow), 1);
        world.run_until_quiet().await;
        assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
        assert_eq!(world.seconds_of_posts(), [0, 0, 0, 0, seconds]);
        assert_eq!(world.queues.refusals(), 0);
    }
}

#[tokio::test]
async fn a_rate_limit_takes_a_slot_for_each_delivery() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    let limit = Some(RateLimit::new(1, 10).unwrap());
    world.update_webhook(|w| Webhook { rate_limit: limit, ..w }).await;
    world.publish_together(&EVENTS).await;
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 10, 20, 30]);
    assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
}

#[tokio::test]
async fn a_paused_webhook_parks_each_delivery() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    hooklane_app::pausing::pause(world.registry(), &world.clock, (&tenant(), world.webhook.id))
        .await
        .unwrap();
    world.publish_together(&EVENTS).await;
    world.step(Lane::Fast).await;
    assert_eq!(world.left().len(), 0);
    for event in EVENTS {
        let state = world.delivery(event).await.state;
        assert!(matches!(state, State::Parked { reason: ParkReason::Paused, .. }), "{state:?}");
    }
}

#[tokio::test]
async fn a_passing_fault_keeps_the_message_and_repeats_no_post() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.publish_together(&EVENTS).await;
    world.ledger.refuse(Refusing::Reads(1));
    world.step(Lane::Fast).await;
    assert_eq!((world.posts(), world.left().len()), (0, 1));
    world.run_until_quiet().await;
    assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
    assert_eq!(world.posts(), 4);
}

/// Visible during a request, the message would be received again, and the request made twice.
#[tokio::test]
async fn a_message_is_hidden_for_one_delivery_only_when_the_others_have_ended() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.publish_together(&EVENTS).await;
    world.ledger.write_by_newer(world.id("e1"));
    world.step(Lane::Fast).await;
    let timeout = world.clock_now().checked_add(SignedDuration::from_secs(360)).unwrap();
    assert_eq!(*world.sender.visible_at.lock().unwrap(), [Some(timeout); 3]);
    let hidden = world.queues.next_visible().unwrap().duration_since(world.clock_now());
    assert_eq!(hidden.as_secs(), 10, "until the newer version may be there");
    assert_eq!(
        world.left(),
        [[("e1".to_owned(), 1)]],
        "the others have ended, and it goes on alone"
    );
}

/// What has ended is not begun again for one that stays.
#[tokio::test]
async fn a_delivery_that_stays_leaves_those_that_are_parked_alone() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    hooklane_app::pausing::pause(world.registry(), &world.clock, (&tenant(), world.webhook.id))
        .await
        .unwrap();
    world.publish_together(&EVENTS).await;
    world.ledger.write_by_newer(world.id("e1"));
    world.step(Lane::Fast).await;
    let parked = world.pointers().await;
    let revisions = world.ledger.all_deliveries().iter().map(|d| d.revision).collect::<Vec<_>>();
    for _ in 0..5 {
        world.advance(SignedDuration::from_mins(20));
        world.step(Lane::Fast).await;
        world.step(Lane::Slow).await;
    }
    assert_eq!(world.pointers().await, parked);
    let after = world.ledger.all_deliveries().iter().map(|d| d.revision).collect::<Vec<_>>();
    assert_eq!(after, revisions);
    assert_eq!(world.left(), [[("e1".to_owned(), 1)]]);
}

#[tokio::test]
async fn a_slot_is_kept_while_no_message_can_be_sent() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    let limit = Some(RateLimit::new(1, 10).unwrap());
    world.update_webhook(|w| Webhook { rate_limit: limit, ..w }).await;
    world.publish_together(&EVENTS).await;
    world.queues.refuse(world.webhook.id);
    for _ in 0..3 {
        world.step(Lane::Fast).await;
        world.advance(SignedDuration::from_secs(2));
    }
    world.queues.take_again(world.webhook.id);
    world.run_until_quiet().await;
    assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
    let counts = world.ledger.slots_taken(world.webhook.id).await.unwrap();
    assert_eq!(counts.taken, 4, "one for each");
}

/// A function is killed after each call. Every delivery must end delivered, whatever its message was doing.
#[tokio::test]
async fn a_kill_while_a_message_of_several_is_handled_loses_nothing() {
    for first in [200, 500] {
        let mut last = 0;
        for steps in 0..120 {
            let mut world = World::with_policy(r#"{"schedule":[5,5,100]}"#).await;
            world.answers([answer(first), answer(500), answer(200), answer(500)]);
            world.publish_together(&EVENTS).await;
            world.faults.die_after(steps);
            world.step(Lane::Fast).await;
            let killed = world.faults.died();
            world.faults.revive();
            world.restart();
            world.run_minutes(60).await;
            for event in EVENTS {
                let delivery = world.delivery(event).await;
                let what = format!("{event} killed after {steps} steps: {delivery:?}");
                assert_eq!(delivery.status(), Status::Delivered, "{what}");
            }
            assert!(world.dead_letters.all_dead_letters().is_empty(), "after {steps}");
            last = steps;
            if !killed {
                break;
            }
        }
        assert!((5..119).contains(&last), "{last} steps");
    }
}

/// Until a message of its own could be sent, a delivery waits in the one that it shares, which no other
/// delivery waits for.
#[tokio::test]
async fn a_delivery_whose_own_message_cannot_be_sent_gets_one_later() {
    let world = World::with_policy(r#"{"schedule":[300]}"#).await;
    world.answers([answer(500)]);
    world.publish_together(&EVENTS).await;
    world.queues.refuse(world.webhook.id);
    world.step(Lane::Fast).await;
    assert_eq!(world.left().iter().map(Vec::len).collect::<Vec<_>>(), [4], "the shared one");
    let hidden = world.queues.next_visible().unwrap().duration_since(world.clock_now());
    // Later than a message of its own would have been, which may have been sent although the answer is lost.
    assert_eq!(hidden.as_secs(), 60 + 60);
    world.queues.take_again(world.webhook.id);
    world.advance(hidden);
    world.step(Lane::Fast).await;
    assert_eq!(world.left(), [[("e1".to_owned(), 1)]]);
    world.run_until_quiet().await;
    assert_eq!(world.seconds_of_posts(), [0, 0, 0, 0, 300]);
    assert_eq!(world.statuses(&EVENTS).await, [Status::Delivered.as_str()].into());
}

#[tokio::test]
async fn a_message_that_comes_twice_causes_no_second_post() {
    let world = World::with_policy(r#"{"schedule":[50]}"#).await;
    world.answers([answer(500)]);
    world.publish_together(&EVENTS).await;
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    for _ in 0..3 {
        let done = world.pipeline.work(&tasks, Deadline::never()).await;
        assert_eq!(done, [Disposition::Done]);
    }
    assert_eq!(world.posts(), 4);
    assert_eq!(world.left().last(), Some(&vec![("e1".to_owned(), 1)]));
}

#[tokio::test]
async fn a_delivery_that_ends_the_function_becomes_a_dead_letter_and_its_mates_do_not() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.deadly.lock().unwrap() = Some(("e2", Death::Killed));
    world.publish_together(&EVENTS).await;
    let mut deaths = 0;
    while !worked(&world, world.queues.receive(Lane::Fast)).await {
        deaths += 1;
        assert!(deaths < 20, "it is never given up");
        world.restart();
        world.advance(SignedDuration::from_secs(361));
    }
    assert_eq!(deaths, 2 + MAX_STRIKES);
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.iter().map(|l| &l.reason).collect::<Vec<_>>(), [&given_up()]);
    assert_eq!(letters[0].body, world.message("e2", 0).encode(), "it alone");
    assert_eq!(world.left().len(), 0);
    assert_eq!(world.statuses(&["e1", "e3", "e4"]).await, [Status::Delivered.as_str()].into());
    assert!(world.ledger.all_strikes().is_empty());
}

/// Its strikes are those of the message that they share. In another one it would begin without any.
#[tokio::test]
async fn a_suspect_that_does_not_fit_into_the_time_keeps_its_strikes() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.deadly.lock().unwrap() = Some(("e2", Death::Killed));
    world.publish_together(&EVENTS).await;
    let mut deaths = 0;
    let mut die = async |world: &mut World| {
        while deaths < 20 && !worked(world, world.queues.receive(Lane::Fast)).await {
            deaths += 1;
            world.restart();
            world.advance(SignedDuration::from_secs(361));
            if deaths == 3 {
                break;
            }
        }
        deaths
    };
    assert_eq!(die(&mut world).await, 3);
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    let short = Deadline::after(world.clock_now(), Duration::from_secs(37));
    assert_eq!(world.pipeline.work(&tasks, short).await, [Disposition::Stays]);
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered, "one fits");
    assert_eq!(world.left().iter().map(Vec::len).collect::<Vec<_>>(), [4]);
    world.advance(SignedDuration::from_secs(5));
    assert_eq!(die(&mut world).await, 2 + MAX_STRIKES);
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.iter().map(|l| &l.reason).collect::<Vec<_>>(), [&given_up()]);
    assert_eq!(world.statuses(&["e1", "e3", "e4"]).await, [Status::Delivered.as_str()].into());
}

#[tokio::test]
async fn what_is_wrong_with_one_delivery_is_a_dead_letter_of_its_own() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let Message::Deliver(of_another) = world.message("e2", 0);
    let of_another = Deliver { tenant: "another".parse().unwrap(), ..of_another };
    let of_another = Message::Deliver(of_another);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let before = world.delivery("e1").await;
    let kind = "user.created".parse().unwrap();
    world.write(&Delivery::unwritten(world.id("e2"), tenant(), kind)).await;
    world.publish("e3").await;
    let mut tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    let mates = [world.message("e1", 0), of_another.clone(), world.message("e3", 0)];
    tasks[0].body = bundle::encode(&mates.iter().collect::<Vec<_>>());
    let done = world.pipeline.work(&tasks, Deadline::never()).await;
    assert_eq!(done, [Disposition::Done]);
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].body, of_another.encode());
    assert!(letters[0].reason.contains("another tenant"), "{}", letters[0].reason);
    assert_eq!(world.delivery("e1").await, before);
    assert_eq!(world.delivery("e3").await.status(), Status::Delivered);
}

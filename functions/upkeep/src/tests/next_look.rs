use hooklane_app::ports::WatchList as _;
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::{Webhook, WebhookState};
use jiff::SignedDuration;

use super::world::{World, minutes, seconds, tenant};

/// A health with a failure that no success has followed.
fn failed_lately(at: Timestamp) -> Health {
    Health { streak: Some(Streak { failures: 1, since: at, last: at }), ..Health::default() }
}

fn open(at: Timestamp) -> Health {
    let circuit = Circuit::Open { since: at, probe_at: Timestamp::MAX, probes: 0 };
    Health { circuit, ..failed_lately(at) }
}

/// What a webhook is in when it is looked at.
struct Case {
    name: &'static str,
    marked_ago: SignedDuration,
    health: fn(Timestamp) -> Health,
    /// A delivery that waits for its message, after this number of attempts.
    waits_after: Option<u32>,
    /// A delivery that stays parked.
    parked: bool,
    deleted: bool,
    /// When the next look is due; `None` if the webhook leaves the list.
    next: Option<SignedDuration>,
}

#[tokio::test]
async fn when_a_webhook_is_looked_at_again_and_when_it_leaves_the_list() {
    let quiet = || Case {
        name: "nothing to do",
        marked_ago: minutes(15),
        health: |_| Health::default(),
        waits_after: None,
        parked: false,
        deleted: false,
        next: None,
    };
    let (now, rest) = (Some(SignedDuration::ZERO), Some(minutes(15)));
    let almost = minutes(15) - seconds(1);
    let cases = [
        quiet(),
        Case { name: "a young mark", marked_ago: almost, next: rest, ..quiet() },
        Case { name: "a mark of two minutes ago", marked_ago: minutes(2), next: rest, ..quiet() },
        Case { name: "a fresh mark", marked_ago: seconds(119), next: now, ..quiet() },
        Case { name: "a failure", health: failed_lately, next: rest, ..quiet() },
        Case { name: "an open circuit", health: open, next: now, ..quiet() },
        Case { name: "a retry that waits", waits_after: Some(1), next: rest, ..quiet() },
        Case { name: "a first attempt that waits", waits_after: Some(0), next: rest, ..quiet() },
        Case { name: "something parked", parked: true, next: now, ..quiet() },
        Case { name: "deleted", health: failed_lately, deleted: true, ..quiet() },
        Case {
            name: "deleted, and a retry waits",
            waits_after: Some(1),
            deleted: true,
            next: rest,
            ..quiet()
        },
    ];
    for case in cases {
        let Case { name, marked_ago, health, waits_after, parked, deleted, next } = case;
        let world = World::new();
        let state = WebhookState::Paused { at: world.start };
        let webhook = world.webhook(1, |webhook| Webhook { state, ..webhook }).await;
        world.set_health(&webhook, health(world.start)).await;
        if let Some(attempts) = waits_after {
            world.wait(&webhook, "waits", world.now() + minutes(30), attempts).await;
        }
        if parked {
            world.park(&webhook, "parked").await;
        }
        world.mark(&webhook).await;
        if deleted {
            world.delete(&webhook).await;
        }
        world.pass(marked_ago);
        let summary = world.run().await;
        assert_eq!((summary.looked, summary.failed), (1, 0), "{name}");
        let due_at = world.watch(&webhook).await.map(|watch| watch.look.due_at);
        assert_eq!(due_at, next.map(|next| world.now() + next), "{name}");
    }
}

#[tokio::test]
async fn a_webhook_that_rests_is_left_alone_until_its_next_look_is_due() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    world.set_health(&webhook, failed_lately(world.start)).await;
    world.pass(minutes(15));
    assert_eq!(world.run().await.looked, 1);
    for (passed, looked) in [(14, 0), (1, 1), (1, 0)] {
        world.pass(minutes(passed));
        assert_eq!(world.run().await.looked, looked);
    }
    world.mark(&webhook).await;
    assert_eq!(world.run().await.looked, 1, "a mark calls for a look at once");
}

/// A success after a failure leaves a clean health behind, and the mark that the failure made.
#[tokio::test]
async fn one_that_has_recovered_leaves_the_list_a_quarter_of_an_hour_after_its_mark() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    assert!(world.health(&webhook).await.is_clean());
    for _ in 0..14 {
        world.run().await;
        world.pass(minutes(1));
    }
    assert!(world.watch(&webhook).await.is_some(), "its mark is young");
    for _ in 0..20 {
        world.run().await;
        world.pass(minutes(1));
    }
    assert!(world.watch(&webhook).await.is_none());
}

#[tokio::test]
async fn a_mark_made_during_the_look_is_not_lost() {
    for marked_ago in [minutes(15), minutes(3)] {
        let world = World::new();
        let webhook = world.watched_webhook(1).await;
        world.pass(marked_ago);
        *world.registry.hooks.marks_at_look.lock().unwrap() = true;
        world.run().await;
        let watch = world.watch(&webhook).await.expect("it stays on the list");
        assert_eq!((watch.marked_at, watch.look.due_at), (world.now(), world.now()));
        assert_eq!(watch.parked, 1, "with what the instance counted");
    }
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_may_be_waiting_and_keeps_its_webhook_on_the_list() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    world.wait(&webhook, "e1", world.now() + minutes(30), 1).await;
    world.ledger.corrupt(world.id(&webhook, "e1"));
    world.pass(minutes(15));
    world.run().await;
    assert!(world.watch(&webhook).await.is_some());
    assert_eq!(world.registry.stored.watched(None, 9).await.unwrap()[0].tenant, tenant());
}

//! What a newer version sent or stored, while this one runs beside it or after a rollback.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Received;
use hooklane_app::ports::{corrupt, newer};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{MessageId, Status};
use hooklane_domain::isolation::deaths::Suspect;
use jiff::SignedDuration;

use super::world::{World, task};
use crate::after_post::AfterPost;
use crate::task::Task;

/// The messages of the next version: one more version, an unknown kind, and both in another form.
const NEWER: [&str; 4] = [
    r#"{"version":2,"kind":"deliver","body":{}}"#,
    r#"{"version":1,"kind":"probe","body":{}}"#,
    r#"{"version":300,"kind":{"name":"deliver"},"items":[]}"#,
    r#"{"version":2}"#,
];

/// Hands out what is visible, with these bodies instead of the messages' own.
async fn work_on(world: &World, body: Option<&str>) -> Vec<(Received, Disposition)> {
    let received = world.queues.receive(Lane::Fast);
    let tasks: Vec<_> = received.iter().cloned().map(task).collect();
    let with_body = |task: Task| match body {
        Some(body) => Task { body: body.to_owned(), ..task },
        None => task,
    };
    let tasks: Vec<_> = tasks.into_iter().map(with_body).collect();
    let dispositions = world.pipeline.work(&tasks, Deadline::never()).await;
    for (task, disposition) in tasks.iter().zip(&dispositions) {
        if *disposition == Disposition::Done {
            world.queues.delete(&task.message);
        }
    }
    received.into_iter().zip(dispositions).collect()
}

#[tokio::test]
async fn finding_rolling_upgrade_a_newer_message_waits_and_is_given_up_after_an_hour() {
    for body in NEWER {
        let world = World::with_policy(r#"{"schedule":[1]}"#).await;
        world.publish("e1").await;
        let (mut waited, mut longest) = (0, 0);
        loop {
            let worked = work_on(&world, Some(body)).await;
            let [(_, disposition)] = worked.as_slice() else { panic!("{body}: {worked:?}") };
            if *disposition == Disposition::Done {
                break;
            }
            assert!(world.dead_letters.all_dead_letters().is_empty(), "{body} after {waited} s");
            // Nothing comes back before its wait is over.
            let mut wait = 0;
            while world.queues.next_visible().is_some_and(|at| at > world.clock_now()) {
                world.advance(SignedDuration::from_secs(1));
                wait += 1;
            }
            assert!(wait >= longest, "waits grow: {wait} s after {longest} s");
            (waited, longest) = (waited + wait, wait);
        }
        assert!((3_600..5_000).contains(&waited), "{body} was tried for {waited} s");
        let letters = world.dead_letters.all_dead_letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].body, body);
        assert!(letters[0].reason.contains("newer version"), "{}", letters[0].reason);
        assert_eq!(world.ledger.all_strikes(), [], "nothing is kept of it");
        assert_eq!(world.posts(), 0);
    }
}

#[tokio::test]
async fn finding_rolling_upgrade_the_receipts_of_a_newer_version_do_not_count() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    let message = MessageId("of-the-next-version".to_owned());
    let task = Task {
        message: message.clone(),
        receipt_handle: message.0.clone(),
        lane: Lane::Slow,
        sent_at: world.clock_now().checked_sub(SignedDuration::from_hours(50)).unwrap(),
        receives: 400,
        body: NEWER[0].to_owned(),
    };
    let dispositions = world.pipeline.work(&[task], Deadline::never()).await;
    assert_eq!(dispositions, [Disposition::Stays]);
    assert!(world.dead_letters.all_dead_letters().is_empty());
    assert_eq!(world.ledger.all_strikes(), [(Suspect::newer_message(&message.0), 1)]);
}

#[tokio::test]
async fn finding_rolling_upgrade_a_newer_message_affects_no_other_and_the_newer_version_delivers_it()
 {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for event in ["e1", "e2"] {
        world.publish(event).await;
    }
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    let newer = Task { body: NEWER[1].to_owned(), ..tasks[0].clone() };
    let dispositions = world.pipeline.work(&[newer, tasks[1].clone()], Deadline::never()).await;
    assert_eq!(dispositions, [Disposition::Stays, Disposition::Done]);
    world.queues.delete(&tasks[1].message);
    assert_eq!(world.posts(), 1);
    // This stands for the newer version: it reads the message.
    world.advance(SignedDuration::from_secs(10));
    world.run_until_quiet().await;
    for event in ["e1", "e2"] {
        assert_eq!(world.delivery(event).await.status(), Status::Delivered);
    }
    assert_eq!(world.posts(), 2);
}

#[tokio::test]
async fn finding_rolling_upgrade_a_delivery_in_an_unknown_state_is_left_alone_and_its_message_waits()
 {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for event in ["e1", "e2"] {
        world.publish(event).await;
    }
    world.ledger.write_by_newer(world.id("e1"));
    // A day is more than a message that cannot be read has.
    for _ in 0..24 * 60 {
        work_on(&world, None).await;
        world.advance(SignedDuration::from_mins(1));
    }
    assert!(world.dead_letters.all_dead_letters().is_empty());
    assert_eq!(world.delivery("e2").await.status(), Status::Delivered);
    assert_eq!(world.posts(), 1);
    assert!(world.ledger.all_deliveries().iter().all(|d| d.id != world.id("e1")));
    assert_eq!(world.ledger.strikes_written(), 0, "waiting costs no writes");

    world.ledger.repair(&world.id("e1"));
    world.advance(SignedDuration::from_mins(11));
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn finding_rolling_upgrade_what_a_newer_version_wrote_is_not_insisted_on_after_a_post() {
    for why in [newer("a delivery", "its state"), corrupt("a delivery", "its state")] {
        let world = World::with_policy(r#"{"schedule":[1]}"#).await;
        let (calls, why) = (AtomicU32::new(0), Mutex::new(Some(why)));
        let after_post = AfterPost {
            context: &world.pipeline.context,
            webhook: world.webhook.id,
            deadline: Deadline::never(),
        };
        let read = || async {
            calls.fetch_add(1, Ordering::SeqCst);
            Err::<(), _>(why.lock().unwrap().take().unwrap())
        };
        assert!(after_post.insist(read).await.unwrap_err().is_unreadable());
        assert_eq!(calls.into_inner(), 1, "another try cannot read it either");
    }
}

//! Messages that end the function, and what it does in the time that it has.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Received;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::isolation::deaths::{MAX_STRIKES, given_up};
use jiff::SignedDuration;

use super::script::{Death, answer};
use super::world::{World, task};
use crate::task::Task;

/// Works on messages until the end, or until the function dies. Returns whether it lived.
pub(super) async fn worked(world: &World, received: Vec<Received>) -> bool {
    let tasks: Vec<_> = received.into_iter().map(task).collect();
    world.sender.died.store(false, Ordering::SeqCst);
    let mut work = Box::pin(world.pipeline.work(&tasks, Deadline::never()));
    loop {
        let polled = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        if let Poll::Ready(dispositions) = polled {
            delete(world, &tasks, &dispositions);
            return true;
        }
        if world.sender.died.load(Ordering::SeqCst) {
            return false;
        }
    }
}

fn delete(world: &World, tasks: &[Task], dispositions: &[Disposition]) {
    for (task, disposition) in tasks.iter().zip(dispositions) {
        if *disposition == Disposition::Done {
            world.queues.delete(&task.message);
        }
    }
}

fn posts_of(world: &World, event: &str) -> usize {
    let of = |request: &hooklane_contract::WireRequest| {
        request.headers.iter().any(|(_, value)| value == event)
    };
    world.requests().iter().filter(|request| of(request)).count()
}

/// The visibility timeout brings back what a dead function held.
fn wait(world: &World) {
    world.advance(SignedDuration::from_secs(361));
}

#[tokio::test]
async fn finding_02_a_message_that_ends_the_function_becomes_a_dead_letter_and_its_mates_do_not() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.deadly.lock().unwrap() = Some(("deadly", Death::Killed));
    let mates = ["mate-1", "mate-2", "mate-3"];
    for event in ["mate-1", "deadly", "mate-2", "mate-3"] {
        world.publish(event).await;
    }
    let mut deaths = 0;
    while !worked(&world, world.queues.receive(Lane::Fast)).await {
        deaths += 1;
        world.restart();
        wait(&world);
        assert!(deaths < 20, "it is never given up");
        if deaths >= 5 {
            // It has been struck more often than they, so it goes last.
            for mate in mates {
                assert_eq!(world.delivery(mate).await.status(), Status::Delivered);
            }
        }
    }
    // Two receipts make it a suspect, and one more strikes it together with its mates.
    assert_eq!(deaths, 2 + MAX_STRIKES);
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.iter().map(|l| &l.reason).collect::<Vec<_>>(), [&given_up()]);
    assert_eq!(letters[0].body, world.message("deadly", 0).encode());
    for mate in mates {
        assert_eq!(world.delivery(mate).await.status(), Status::Delivered);
        assert!(posts_of(&world, mate) <= 4, "never again once it is apart");
    }
    assert!(world.ledger.all_strikes().is_empty());
}

#[tokio::test]
async fn a_message_that_comes_later_is_posted_once_beside_a_deadly_one() {
    let mut world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.deadly.lock().unwrap() = Some(("deadly", Death::Killed));
    world.publish("deadly").await;
    for round in 0..2 + MAX_STRIKES {
        // From its third receipt on, the deadly one is a suspect and waits for the others.
        let mate = format!("mate-{round}");
        if round >= 2 {
            world.publish(&mate).await;
        }
        assert!(!worked(&world, world.queues.receive(Lane::Fast)).await);
        if round >= 2 {
            assert_eq!(world.delivery(&mate).await.status(), Status::Delivered);
        }
        world.restart();
        wait(&world);
    }
    worked(&world, world.queues.receive(Lane::Fast)).await;
    assert_eq!(world.dead_letters.all_dead_letters().len(), 1);
    for round in 2..2 + MAX_STRIKES {
        assert_eq!(posts_of(&world, &format!("mate-{round}")), 1);
    }
}

#[tokio::test]
async fn a_healthy_delivery_writes_no_strike_however_often_it_is_retried() {
    for schedule in ["[5,5,5,5,5]", "[100,100,100,100,100]", "[50000,50000,86400]"] {
        let world = World::with_policy(&format!(r#"{{"schedule":{schedule}}}"#)).await;
        world.answers([(); 3].map(|()| answer(500)));
        world.publish("e1").await;
        world.run_until_quiet().await;
        assert_eq!(world.delivery("e1").await.status(), Status::Delivered, "{schedule}");
        assert_eq!(world.ledger.strikes_written(), 0, "{schedule}");
    }
}

#[tokio::test]
async fn a_passing_fault_makes_suspects_and_no_dead_letters() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    for _ in 0..4 * MAX_STRIKES {
        world.faults.die_after(0);
        assert!(worked(&world, world.queues.receive(Lane::Fast)).await);
        world.faults.revive();
        wait(&world);
    }
    assert!(worked(&world, world.queues.receive(Lane::Fast)).await);
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert_eq!((world.posts(), world.ledger.strikes_written()), (1, 1));
    assert!(world.ledger.all_strikes().is_empty());
}

#[tokio::test]
async fn a_panic_ends_its_message_only() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    *world.sender.deadly.lock().unwrap() = Some(("deadly", Death::Panicked));
    for event in ["deadly", "mate"] {
        world.publish(event).await;
    }
    for _ in 0..MAX_STRIKES {
        assert!(world.dead_letters.all_dead_letters().is_empty());
        assert!(worked(&world, world.queues.receive(Lane::Fast)).await);
        wait(&world);
    }
    assert_eq!(world.delivery("mate").await.status(), Status::Delivered);
    assert_eq!(posts_of(&world, "mate"), 1);
    assert_eq!(world.dead_letters.all_dead_letters().len(), 1);
    assert_eq!(world.queues.count(Lane::Fast), 0);
}

#[tokio::test]
async fn finding_02_messages_whose_attempt_does_not_fit_into_the_time_come_back_soon() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    for event in ["e1", "e2"] {
        world.publish(event).await;
    }
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    let deadline = Deadline::after(world.clock_now(), Duration::from_secs(36));
    let dispositions = world.pipeline.work(&tasks, deadline).await;
    assert_eq!(dispositions, [Disposition::Done, Disposition::Stays], "the first is begun");
    delete(&world, &tasks, &dispositions);
    world.advance(SignedDuration::from_secs(5));
    assert_eq!(world.step(Lane::Fast).await, 1, "after five seconds");
    assert_eq!(world.posts(), 2);
    let late = Deadline::after(world.clock_now(), Duration::from_secs(34));
    world.publish("e3").await;
    let tasks: Vec<_> = world.queues.receive(Lane::Fast).into_iter().map(task).collect();
    assert_eq!(world.pipeline.work(&tasks, late).await, [Disposition::Stays]);
    assert_eq!(world.posts(), 2, "no attempt is begun that would be cut off");
}

use std::collections::BTreeSet;

use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{DeliveryId, WebhookId};

use super::samples::{at, tenant};
use crate::ports::{DeadLetters, DeferQueue, DispatchQueue, QueueDepth, Unavailable};

/// What the checks need beside the ports.
pub trait Inspect {
    /// Receives up to ten messages and hides them for the queue's visibility timeout.
    fn receive(&self, lane: Lane) -> impl Future<Output = Vec<Seen>>;

    fn delete(&self, lane: Lane, seen: &Seen) -> impl Future<Output = ()>;

    /// Every dead letter so far: its body and its reason.
    fn dead_letters(&self) -> impl Future<Output = Vec<(String, String)>>;
}

/// A received message.
#[derive(Debug, Clone)]
pub struct Seen {
    pub id: String,
    pub receipt_handle: String,
    pub body: String,
}

/// Messages arrive, hide, wait and are dead-lettered.
pub async fn queues<Q: DispatchQueue + DeferQueue + DeadLetters + QueueDepth + Inspect>(
    queues: &Q,
    salt: u128,
) {
    dispatch_sends_all(queues, salt).await;
    a_delayed_message_has_the_id_that_was_returned(queues, salt).await;
    a_hidden_message_comes_back(queues, salt).await;
    waiting_messages_are_counted(queues).await;
    dead_letters_carry_their_reason(queues).await;
}

fn message(salt: u128, n: u32) -> Message {
    let webhook = WebhookId::new(at(0), salt);
    let event = format!("event-{n}").parse().unwrap_or_else(|_| unreachable!());
    Message::Deliver(Deliver {
        tenant: tenant("queues", salt),
        delivery: DeliveryId::new(webhook, at(0), event),
        event_type: "user.created".parse().unwrap_or_else(|_| unreachable!()),
        generation: n,
        payload: None,
    })
}

/// Receives until `wanted` messages have come, or none comes for a while.
async fn drain<Q: Inspect>(queues: &Q, lane: Lane, wanted: usize) -> Vec<Seen> {
    let mut all = Vec::new();
    for _ in 0..50 {
        let seen = queues.receive(lane).await;
        for seen in &seen {
            queues.delete(lane, seen).await;
        }
        all.extend(seen);
        if all.len() >= wanted {
            break;
        }
    }
    all
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn dispatch_sends_all<Q: DispatchQueue + Inspect>(queues: &Q, salt: u128) {
    let messages: Vec<_> = (0..37).map(|n| message(salt, n)).collect();
    let (first, rest) = messages.split_at(20);
    queues.dispatch(Lane::Fast, first).await.unwrap();
    queues.dispatch_together(rest, &BTreeSet::new()).await.unwrap();
    queues.dispatch(Lane::Fast, &[]).await.unwrap();
    let mut bodies: Vec<_> =
        drain(queues, Lane::Fast, 37).await.into_iter().map(|s| s.body).collect();
    let mut expected: Vec<_> = messages.iter().map(Message::encode).collect();
    bodies.sort();
    expected.sort();
    assert_eq!(bodies, expected);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_delayed_message_has_the_id_that_was_returned<Q: DeferQueue + Inspect>(
    queues: &Q,
    salt: u128,
) {
    let sent = queues.send_later(&message(salt, 1), 0).await.unwrap();
    let delayed = queues.send_later(&message(salt, 2), 900).await.unwrap();
    let seen = drain(queues, Lane::Slow, 1).await;
    assert_eq!(seen.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), [sent.0.as_str()]);
    assert_ne!(sent, delayed);
}

/// Receives one message, however long it takes to become visible.
async fn receive_one<Q: Inspect>(queues: &Q) -> Seen {
    loop {
        if let Some(seen) = queues.receive(Lane::Fast).await.into_iter().next() {
            return seen;
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_hidden_message_comes_back<Q: DispatchQueue + DeferQueue + Inspect>(
    queues: &Q,
    salt: u128,
) {
    queues.dispatch(Lane::Fast, &[message(salt, 3)]).await.unwrap();
    let seen = receive_one(queues).await;
    queues.hide(Lane::Fast, &seen.receipt_handle, 42_840).await.unwrap();
    assert!(queues.receive(Lane::Fast).await.is_empty(), "hidden");
    queues.hide(Lane::Fast, &seen.receipt_handle, 0).await.unwrap();
    let again = drain(queues, Lane::Fast, 1).await;
    assert_eq!(again.iter().map(|s| &s.id).collect::<Vec<_>>(), [&seen.id], "back at once");
}

/// The message that an earlier check delayed still waits. SQS counts approximately, so this polls.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn waiting_messages_are_counted<Q: QueueDepth + Inspect>(queues: &Q) {
    for _ in 0..60 {
        if queues.in_flight().await.unwrap() >= 1 {
            return;
        }
        // This takes a second on a real queue.
        queues.receive(Lane::Fast).await;
    }
    unreachable!("a delayed message counts as in flight");
}

/// What exceeds the limits of SQS is refused. The fakes and AWS refuse it, emulators do not.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn sqs_limits<Q: DispatchQueue + DeferQueue + Inspect>(queues: &Q, salt: u128) {
    let late: Result<_, Unavailable> = queues.send_later(&message(salt, 4), 901).await;
    assert!(late.is_err(), "a message is delayed by at most 15 minutes");
    queues.dispatch(Lane::Fast, &[message(salt, 5)]).await.unwrap();
    let seen = receive_one(queues).await;
    assert!(
        queues.hide(Lane::Fast, &seen.receipt_handle, 43_201).await.is_err(),
        "12 hours at most"
    );
    queues.hide(Lane::Fast, &seen.receipt_handle, 0).await.unwrap();
    drain(queues, Lane::Fast, 1).await;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn dead_letters_carry_their_reason<Q: DeadLetters + Inspect>(queues: &Q) {
    queues.put("{\"a\":1}", "type: is required").await.unwrap();
    let dead_letters = queues.dead_letters().await;
    assert!(
        dead_letters.contains(&("{\"a\":1}".to_owned(), "type: is required".to_owned())),
        "{dead_letters:?}"
    );
}

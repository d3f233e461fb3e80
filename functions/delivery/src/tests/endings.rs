//! How deliveries end without success, and messages that are dead-lettered.

use hooklane_app::batch::Disposition;
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{
    CancelReason, Delivery, FailReason, MessageId, ParkReason, State, Status,
};
use hooklane_domain::webhook::{DisableReason, WebhookState};

use super::script::answer;
use super::world::{World, tenant};
use crate::task::Task;

#[tokio::test]
async fn an_exhausted_policy_ends_the_delivery_as_failed() {
    let world = World::with_policy(r#"{"schedule":[1,1]}"#).await;
    world.answers([(); 3].map(|()| answer(302)));
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert!(matches!(delivery.state, State::Failed { reason: FailReason::Exhausted, .. }));
    assert_eq!(delivery.failed_at.len(), 3);
    assert_eq!(world.posts(), 3);
}

#[tokio::test]
async fn a_410_disables_the_webhook() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.answers([answer(410)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    assert!(matches!(delivery.state, State::Failed { reason: FailReason::Gone, .. }));
    let registry = &world.registry;
    let webhook = registry.get(&tenant(), world.webhook.id).await.unwrap().unwrap();
    let reason = DisableReason::Gone;
    assert!(matches!(webhook.state, WebhookState::Disabled { reason: r, .. } if r == reason));

    world.publish("e2").await;
    world.run_until_quiet().await;
    let parked = world.delivery("e2").await;
    assert!(matches!(parked.state, State::Parked { reason: ParkReason::Inactive, .. }));
    assert_eq!((parked.status(), world.posts()), (Status::Pending, 1));
}

#[tokio::test]
async fn the_delivery_of_a_deleted_webhook_is_cancelled() {
    let world = World::with_policy(r#"{"schedule":[100]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    world.registry.delete(&tenant(), world.webhook.id, None).await.unwrap();
    world.run_until_quiet().await;
    let delivery = world.delivery("e1").await;
    let reason = CancelReason::WebhookDeleted;
    assert!(matches!(delivery.state, State::Cancelled { reason: r, .. } if r == reason));
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn a_message_without_payload_reads_its_event() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish_by_reference("e1", true).await;
    world.publish_by_reference("e2", false).await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    let missing = world.delivery("e2").await;
    assert!(matches!(missing.state, State::Failed { reason: FailReason::EventMissing, .. }));
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn an_undecodable_message_is_dead_lettered_with_its_reason_and_affects_no_other() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e1").await;
    let mut tasks: Vec<_> =
        world.queues.receive(Lane::Fast).into_iter().map(super::world::task).collect();
    let garbage = |body: &str| Task { body: body.to_owned(), ..tasks[0].clone() };
    let older = r#"{"version":0,"kind":"deliver","body":{}}"#;
    let bad = [garbage("garbage"), garbage(older)];
    tasks.splice(0..0, bad);
    let dispositions = world.pipeline.work(&tasks, Deadline::never()).await;
    assert_eq!(dispositions, [Disposition::Done; 3]);
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].body, "garbage");
    assert!(letters[0].reason.starts_with("the message is not a message"), "{}", letters[0].reason);
    assert!(letters[1].reason.contains("version 0"), "{}", letters[1].reason);
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
}

#[tokio::test]
async fn an_unreadable_payload_without_its_event_is_dead_lettered() {
    use hooklane_domain::delivery::message::{Deliver, Message, Payload};
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    let Message::Deliver(deliver) = world.message("e1", 0);
    let payload = Some(Payload::Zlib("%%%".to_owned()));
    world.send(&Message::Deliver(Deliver { payload, ..deliver })).await;
    world.run_until_quiet().await;
    assert_eq!(world.posts(), 0);
    assert_eq!(world.dead_letters.all_dead_letters().len(), 1);
}

#[tokio::test]
async fn a_corrupt_delivery_is_dead_lettered_and_affects_no_other() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    for event in ["e1", "e2", "e3"] {
        world.publish(event).await;
    }
    world.ledger.corrupt(world.id("e2"));
    world.run_until_quiet().await;
    let letters = world.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.contains(&world.id("e2").to_string()));
    assert!(letters[0].reason.contains("is corrupt"), "{}", letters[0].reason);
    assert_eq!(world.posts(), 2);
    for event in ["e1", "e3"] {
        assert_eq!(world.delivery(event).await.status(), Status::Delivered);
    }
}

#[tokio::test]
async fn a_message_that_names_another_tenants_delivery_is_dead_lettered() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.answers([answer(500)]);
    world.publish("e1").await;
    world.step(Lane::Fast).await;
    let hooklane_domain::delivery::message::Message::Deliver(mut forged) = world.message("e1", 7);
    forged.tenant = "other".parse().unwrap();
    world.send(&hooklane_domain::delivery::message::Message::Deliver(forged)).await;
    world.step(Lane::Fast).await;
    assert_eq!(world.posts(), 1);
    assert_eq!(world.dead_letters.all_dead_letters().len(), 1);
}

#[tokio::test]
async fn an_unreadable_payload_is_read_from_the_ledger_instead() {
    use hooklane_domain::delivery::message::{Deliver, Message, Payload};
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.store_event("e1").await;
    let Message::Deliver(deliver) = world.message("e1", 0);
    let payload = Some(Payload::Zlib("%%%".to_owned()));
    world.send(&Message::Deliver(Deliver { payload, ..deliver })).await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert!(world.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn a_message_interrupted_while_parking_checks_the_webhook_again() {
    let world = World::with_policy(r#"{"schedule":[5]}"#).await;
    world.publish("e1").await;
    // The function was killed after it parked the delivery. The webhook is active.
    let kind = "user.created".parse().unwrap();
    let unwritten = Delivery::unwritten(world.id("e1"), tenant(), kind);
    world.write(&unwritten.parked(world.clock_now(), ParkReason::Inactive)).await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn the_410_of_an_old_url_does_not_disable_a_changed_webhook() {
    let world = World::with_policy(r#"{"schedule":[1]}"#).await;
    world.publish("e0").await;
    world.run_until_quiet().await;
    // The tenant changes the webhook, but the instance still has the old one in its cache.
    let registry = &world.registry;
    assert!(registry.update(&world.webhook).await.unwrap());
    world.answers([answer(410)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let webhook = registry.get(&tenant(), world.webhook.id).await.unwrap().unwrap();
    assert!(webhook.state.is_active());
}

const MESSAGES: &[&str] = &[
    r#"{"version":1,"kind":"deliver","body":{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":0,"payload":{"plain":{"type":"a.b","data":{"x":1}}}}}"#,
    r#"{"version":1,"kind":"deliver","body":{"tenant":"acme","delivery":"dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ","eventType":"a.b","generation":4294967295,"payload":{"zlib":"eJyrVkpUsjKsBQAJ+gI/"}}}"#,
];

proptest::proptest! {
    /// A damaged message is handled, and the valid message beside it is delivered.
    #[test]
    fn a_damaged_message_affects_no_other(body in hooklane_fuzz::damaged(MESSAGES)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::with_policy(r#"{"schedule":[1]}"#).await;
            world.publish("e1").await;
            let received = world.queues.receive(Lane::Fast).remove(0);
            let good = super::world::task(received);
            // Damage may look like a newer version's message, which waits.
            let is_newer = Message::decode(&body).is_err_and(|why| why.is_newer());
            let expected = if is_newer { Disposition::Stays } else { Disposition::Done };
            let bad = Task {
                body,
                message: MessageId("bad".to_owned()),
                receipt_handle: "bad".to_owned(),
                ..good.clone()
            };
            let dispositions = world.pipeline.work(&[bad, good], Deadline::never()).await;
            assert_eq!(dispositions[0], expected);
            assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
        });
    }
}

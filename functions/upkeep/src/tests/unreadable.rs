//! Deliveries whose item cannot be read.

use hooklane_domain::delivery::State;
use hooklane_domain::isolation::recovery::WantedStatus;

use super::world::{World, minutes};

#[tokio::test]
async fn a_parked_one_is_sent_to_be_dead_lettered_and_holds_up_no_other() {
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    for event in ["e1", "e2", "e3"] {
        world.park(&webhook, event).await;
    }
    world.ledger.corrupt(world.id(&webhook, "e2"));
    let summary = world.run().await;
    assert_eq!((summary.released, summary.failed), (3, 0));
    let sent = ["e1", "e2", "e3"].map(|event| (event.to_owned(), 1));
    assert_eq!(world.sent(), sent, "each under the next generation");
    assert!(world.pointers(&webhook).await.is_empty());
    let message = world.messages().into_iter().find(|m| m.delivery.event().as_str() == "e2");
    let message = message.unwrap();
    assert_eq!((message.delivery, message.tenant), (world.id(&webhook, "e2"), webhook.tenant));
    assert_eq!(message.event_type.as_str(), "user.created");
}

#[tokio::test]
async fn the_pointer_of_one_whose_event_is_gone_is_removed() {
    use hooklane_app::ports::DeliveryStore as _;
    use hooklane_domain::delivery::{Delivery, ParkReason};
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    let (id, tenant) = (world.id(&webhook, "e1"), webhook.tenant.clone());
    let unwritten = Delivery::unwritten(id.clone(), tenant, "user.created".parse().unwrap());
    world.ledger.save(&unwritten.parked(world.now(), ParkReason::Paused)).await.unwrap();
    world.ledger.corrupt(id);
    let summary = world.run().await;
    assert_eq!((summary.released, summary.failed), (0, 0));
    assert!(world.sent().is_empty() && world.pointers(&webhook).await.is_empty());
}

#[tokio::test]
async fn a_waiting_one_does_not_stop_the_sweep() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    for event in ["e1", "e2", "e3"] {
        world.wait(&webhook, event, world.start, 1).await;
    }
    world.ledger.corrupt(world.id(&webhook, "e2"));
    world.pass(minutes(90));
    let summary = world.run().await;
    assert_eq!((summary.swept, summary.failed), (2, 0));
    assert_eq!(world.sent(), ["e1", "e3"].map(|event| (event.to_owned(), 1)));
    for event in ["e1", "e3"] {
        let state = world.delivery(&webhook, event).await.state;
        assert!(
            matches!(state, State::Waiting { next_attempt_at, .. } if next_attempt_at == world.now())
        );
    }
}

#[tokio::test]
async fn one_does_not_stop_a_recovery() {
    for status in [WantedStatus::Failed, WantedStatus::Skipped, WantedStatus::Any] {
        let world = World::new();
        let webhook = super::recover::missed(&world).await;
        world.ledger.corrupt(world.id(&webhook, "failed1"));
        super::recover::start_recovery(&world, &webhook, status).await;
        let summary = world.run().await;
        let sent = match status {
            WantedStatus::Failed => 2,
            WantedStatus::Skipped => 4,
            WantedStatus::Any => 6,
        };
        assert_eq!((summary.recovered, summary.failed), (sent, 0), "{status:?}");
        assert!(world.sent().iter().all(|(event, _)| event != "failed1"), "{status:?}");
        assert!(super::recover::is_done(&world, &webhook).await, "{status:?}");
    }
}

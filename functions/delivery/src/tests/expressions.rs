//! The effects of a webhook's filter and transform on its deliveries.

use hooklane_app::ports::{DeferQueue as _, DeliveryStore as _};
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::delivery::{FailReason, State, Status, Turn};
use hooklane_domain::webhook::Webhook;

use super::script::answer;
use super::world::World;

async fn world(filter: Option<&str>, transform: Option<&str>) -> World {
    let mut world = World::with_policy(r#"{"schedule":[1,1]}"#).await;
    let webhook = Webhook {
        filter: filter.map(|text| text.parse().unwrap()),
        transform: transform.map(|text| text.parse().unwrap()),
        ..world.webhook.clone()
    };
    world.replace_webhook(webhook).await;
    world
}

#[tokio::test]
async fn a_transform_produces_the_same_data_on_every_attempt() {
    let world = world(None, Some("{'user': event.data.id, 'kind': event.type}")).await;
    world.answers([answer(500), answer(200)]);
    world.publish("e1").await;
    world.run_until_quiet().await;
    let bodies: Vec<_> = world.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies[0].contains(r#""data":{"user":1,"kind":"user.created"}"#), "{bodies:?}");
    assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));
}

#[tokio::test]
async fn a_failing_expression_ends_its_delivery_with_the_reason_and_affects_no_other() {
    for (filter, transform, expected) in [
        (Some("event.data.nothing == 1"), None, "filter: there is no event.data.nothing"),
        (None, Some("{'a': event.data.id + 'x'}"), "transform: add does not take int and string"),
    ] {
        let world = world(filter, transform).await;
        world.publish("e1").await;
        world.publish("e2").await;
        world.run_until_quiet().await;
        for event in ["e1", "e2"] {
            let delivery = world.delivery(event).await;
            let reason = FailReason::Transform;
            assert!(matches!(delivery.state, State::Failed { reason: r, .. } if r == reason));
            let attempts = world.ledger.attempts(&delivery).await.unwrap();
            let errors: Vec<_> = attempts.iter().filter_map(|a| a.outcome.error()).collect();
            assert_eq!(errors.len(), 1, "it would fail the same way again");
            assert_eq!(
                (errors[0].kind, errors[0].detail.as_str()),
                (ErrorKind::Transform, expected)
            );
        }
        assert_eq!(world.posts(), 0);
    }
}

#[tokio::test]
async fn a_manual_retry_uses_the_corrected_transform() {
    let mut world = world(None, Some("{'a': event.data.nothing}")).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    let failed = world.delivery("e1").await;
    assert_eq!(failed.status(), Status::Failed);
    let current = world.stored_webhook().await;
    world
        .replace_webhook(Webhook {
            transform: Some("{'a': event.data.id}".parse().unwrap()),
            ..current
        })
        .await;
    let owner = world.queues.send_later(&world.message("e1", 1), 0).await.unwrap();
    world.write(&failed.retried(Turn { generation: 1, owner }, world.clock_now())).await;
    world.run_until_quiet().await;
    assert_eq!(world.delivery("e1").await.status(), Status::Delivered);
    assert!(world.requests()[0].body.contains(r#""data":{"a":1}"#));
}

#[tokio::test]
async fn a_delivery_is_made_although_the_filter_does_not_match() {
    let world = world(Some("event.data.id == 2"), None).await;
    world.publish("e1").await;
    world.run_until_quiet().await;
    assert_eq!((world.delivery("e1").await.status(), world.posts()), (Status::Delivered, 1));
}

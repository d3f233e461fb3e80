use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};
use jiff::SignedDuration;

use super::world::{World, minutes};

/// A webhook whose failures last from its creation until now, with a parked delivery.
async fn failing_for(world: &World, time: SignedDuration, closed: bool) -> Webhook {
    let webhook = world.watched_webhook(1).await;
    world.park(&webhook, "e1").await;
    world.pass(time);
    let (since, last) = (world.start, world.now());
    let open = Circuit::Open { since, probe_at: last + minutes(15), probes: 9 };
    let circuit = if closed { Circuit::Closed } else { open };
    let streak = Some(Streak { failures: 500, since, last });
    world.set_health(&webhook, Health { circuit, streak, ..Health::default() }).await;
    webhook
}

const FIVE_DAYS: SignedDuration = SignedDuration::from_hours(5 * 24);
const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test]
async fn five_days_of_nothing_but_failures_disable_a_webhook() {
    for (name, time, closed, disabled) in [
        ("five days", FIVE_DAYS, false, true),
        ("not quite", FIVE_DAYS - A_SECOND, false, false),
        ("with a closed circuit", FIVE_DAYS, true, false),
    ] {
        let world = World::new();
        let webhook = failing_for(&world, time, closed).await;
        let summary = world.run().await;
        assert_eq!(summary.disabled, u64::from(disabled), "{name}");
        let (at, reason) = (world.now(), DisableReason::Failing);
        let state = world.stored(&webhook).await.state;
        let expected =
            if disabled { WebhookState::Disabled { at, reason } } else { WebhookState::Active };
        assert_eq!(state, expected, "{name}");
        assert_eq!(world.run().await.disabled, 0, "{name}: once");
    }
}

#[tokio::test]
async fn a_disabled_webhook_is_reported_and_gets_nothing_by_the_same_look() {
    let world = World::new();
    let webhook = failing_for(&world, FIVE_DAYS, false).await;
    world.pass(minutes(20));
    let summary = world.run().await;
    assert_eq!((summary.disabled, summary.reported, summary.released), (1, 1, 0));
    assert_eq!(world.published(), ["webhook.disabled"]);
    assert!(world.sent().is_empty(), "the probe that was due is not made");
    assert!(world.delivery(&webhook, "e1").await.is_parked());
}

#[tokio::test]
async fn a_webhook_that_its_tenant_changed_gets_its_five_days_anew() {
    use hooklane_app::ports::WebhookStore as _;
    let world = World::new();
    let webhook = failing_for(&world, FIVE_DAYS, false).await;
    let updated_at = world.start + A_SECOND;
    let changed = Webhook { updated_at, ..world.stored(&webhook).await };
    assert!(world.registry.stored.update(&changed).await.unwrap());
    assert_eq!(world.run().await.disabled, 0);
}

#[tokio::test]
async fn only_an_active_webhook_is_disabled() {
    use hooklane_app::ports::WebhookStore as _;
    for state in [WebhookState::Inactive, WebhookState::Paused { at: World::new().start }] {
        let world = World::new();
        let webhook = failing_for(&world, FIVE_DAYS, false).await;
        let changed = Webhook { state, ..world.stored(&webhook).await };
        assert!(world.registry.stored.update(&changed).await.unwrap());
        assert_eq!(world.run().await.disabled, 0);
        assert_eq!(world.stored(&webhook).await.state, state);
    }
}

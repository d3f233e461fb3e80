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

const FOUR_DAYS: SignedDuration = SignedDuration::from_hours(4 * 24);

#[tokio::test]
async fn a_day_before_it_is_disabled_a_webhook_is_announced_to_be_and_once() {
    let world = World::new();
    let webhook = failing_for(&world, FOUR_DAYS, false).await;
    assert_eq!(world.run().await.reported, 1);
    assert_eq!(world.published(), ["webhook.disabling"]);
    let event =
        world.ledger.all_events().into_iter().find(|e| {
            hooklane_domain::isolation::operational::is_operational(&e.content.event_type)
        });
    let event = event.unwrap();
    let data: serde_json::Value = serde_json::from_str(event.content.data.as_str()).unwrap();
    assert_eq!(data["failingSince"], "2024-01-15T10:30:00.000Z");
    assert_eq!(data["disablesAt"], "2024-01-20T10:30:00.000Z");
    assert_eq!(event.content.timestamp, Some(world.start + FOUR_DAYS));
    assert_eq!(world.health(&webhook).await.disabling_reported, Some(world.start));
    world.pass(minutes(1));
    assert_eq!(world.run().await.reported, 0, "once");

    // The last failure is five days after the first.
    world.pass(SignedDuration::from_hours(24));
    let health = world.health(&webhook).await;
    let streak = health.streak.map(|streak| Streak { last: world.now(), ..streak });
    world.set_health(&webhook, Health { streak, ..health }).await;
    assert_eq!(world.run().await.disabled, 1);
    assert_eq!(world.published(), ["webhook.disabled", "webhook.disabling"]);
}

#[tokio::test]
async fn no_webhook_is_announced_that_will_not_be_disabled() {
    use hooklane_app::ports::WebhookStore as _;
    let paused = WebhookState::Paused { at: World::new().start };
    for (name, time, closed, state, changed) in [
        ("not long enough", FOUR_DAYS - A_SECOND, false, WebhookState::Active, false),
        ("recovered", FOUR_DAYS, true, WebhookState::Active, false),
        ("paused", FOUR_DAYS, false, paused, false),
        ("inactive", FOUR_DAYS, false, WebhookState::Inactive, false),
        ("changed or resumed meanwhile", FOUR_DAYS, false, WebhookState::Active, true),
    ] {
        let world = World::new();
        let webhook = failing_for(&world, time, closed).await;
        let stored = world.stored(&webhook).await;
        let updated_at = if changed { world.start + A_SECOND } else { stored.updated_at };
        let other = Webhook { state, updated_at, ..stored };
        assert!(world.registry.stored.update(&other).await.unwrap());
        world.run().await;
        assert!(world.published().is_empty(), "{name}: {:?}", world.published());
    }
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

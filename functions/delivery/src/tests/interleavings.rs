//! The invariants of `ARCHITECTURE.md` hold for random sequences of actions: duplicates, manual retries and
//! cancellations, pauses, disabled webhooks, outages, rate limits and killed functions.

use std::collections::BTreeMap;

use hooklane_app::deliveries::{cancel, retry};
use hooklane_app::pausing::{Resumption, pause, resume};
use hooklane_app::ports::{BrakeStore as _, DeliveryStore as _, WebhookStore as _};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, State, Status};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::world::{World, tenant};

const EVENTS: usize = 4;

#[derive(Debug, Clone)]
enum Action {
    Publish(usize),
    /// Sends the event's message again.
    Duplicate(usize),
    Step(Lane),
    /// A batch or a run of `upkeep` whose function is killed after this number of steps.
    KilledStep(Lane, u32),
    KilledUpkeep(u32),
    Upkeep,
    Pass(i64),
    Retry(usize),
    Cancel(usize),
    Pause,
    Resume {
        discard: bool,
    },
    Disable,
    Enable,
    Down(bool),
    /// A rate limit of one request in this number of seconds, or none.
    Limit(Option<u64>),
    /// Whether the brake is on.
    Brake(bool),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let event = 0..EVENTS;
    let lane = prop_oneof![Just(Lane::Fast), Just(Lane::Slow)];
    let action = prop_oneof![
        4 => event.clone().prop_map(Action::Publish),
        2 => event.clone().prop_map(Action::Duplicate),
        8 => lane.clone().prop_map(Action::Step),
        2 => (lane, 0..20u32).prop_map(|(lane, steps)| Action::KilledStep(lane, steps)),
        1 => (0..30u32).prop_map(Action::KilledUpkeep),
        3 => Just(Action::Upkeep),
        6 => (1..400i64).prop_map(Action::Pass),
        2 => event.clone().prop_map(Action::Retry),
        1 => event.prop_map(Action::Cancel),
        1 => Just(Action::Pause),
        2 => any::<bool>().prop_map(|discard| Action::Resume { discard }),
        1 => Just(Action::Disable),
        2 => Just(Action::Enable),
        2 => any::<bool>().prop_map(Action::Down),
        1 => proptest::option::of(1..2_000u64).prop_map(Action::Limit),
        1 => any::<bool>().prop_map(Action::Brake),
    ];
    proptest::collection::vec(action, 1..60)
}

fn name(event: usize) -> String {
    format!("e{event}")
}

async fn apply(world: &mut World, action: &Action) {
    let (owner, id) = (tenant(), world.webhook.id);
    match action {
        Action::Publish(event) | Action::Duplicate(event) => world.publish(&name(*event)).await,
        Action::Step(lane) => {
            world.step(*lane).await;
        }
        Action::KilledStep(lane, steps) => {
            world.faults.die_after(*steps);
            world.step(*lane).await;
            world.faults.revive();
            world.restart();
        }
        Action::KilledUpkeep(steps) => {
            world.faults.die_after(*steps);
            let _ = world.upkeep.run().await;
            world.faults.revive();
        }
        Action::Upkeep => {
            world.run_upkeep().await;
        }
        Action::Pass(seconds) => world.advance(SignedDuration::from_secs(*seconds)),
        // Manual requests may be refused: the delivery may have ended or may not exist.
        Action::Retry(event) => {
            let delivery = world.id(&name(*event));
            let _ = retry(&*world.ledger, &world.queues, &world.clock, &owner, &delivery).await;
        }
        Action::Cancel(event) => {
            let delivery = world.id(&name(*event));
            let _ = cancel(&world.ledger, &world.clock, &owner, &delivery).await;
        }
        Action::Pause => {
            let _ = pause(world.registry(), &world.clock, (&owner, id)).await;
        }
        Action::Resume { discard } => {
            let asked = Resumption { discard: *discard, rate: None };
            let _ = resume(world.registry(), &world.clock, (&owner, id), asked).await;
        }
        Action::Disable => {
            let (seen, at) = (world.stored_webhook().await, world.clock_now());
            world.registry().disable(&seen, DisableReason::Gone, at).await.unwrap();
        }
        Action::Enable => {
            let updated_at = world.clock_now();
            world
                .update_webhook(|w| Webhook { state: WebhookState::Active, updated_at, ..w })
                .await;
        }
        Action::Down(down) => world.set_down(*down),
        Action::Limit(seconds) => {
            let rate_limit = seconds.map(|seconds| RateLimit::new(1, seconds).unwrap());
            world.update_webhook(|w| Webhook { rate_limit, ..w }).await;
        }
        Action::Brake(on) => {
            let brake = Brake { on: *on, in_flight: 0, measured_at: world.clock_now() };
            world.registry().set_brake(brake).await.unwrap();
        }
    }
}

/// Checks what must hold after each action, and from one action to the next.
async fn check(
    world: &World,
    before: &BTreeMap<DeliveryId, Delivery>,
) -> Result<(), TestCaseError> {
    for delivery in world.ledger.all_deliveries() {
        prop_assert_eq!(&delivery.tenant, &tenant());
        if matches!(delivery.state, State::Parked { .. }) {
            let pointers = world.pointers().await;
            let found = pointers.iter().any(|pointer| pointer.delivery == delivery.id);
            prop_assert!(found, "every parked delivery has a pointer: {:?}", delivery);
        }
        if let Some(before) = before.get(&delivery.id) {
            prop_assert!(delivery.revision >= before.revision);
            prop_assert!(delivery.generation >= before.generation, "the generation only rises");
            prop_assert!(delivery.attempts >= before.attempts, "the number of attempts only rises");
            let was_delivered = before.status() == Status::Delivered;
            prop_assert!(!was_delivered || delivery.status() == Status::Delivered);
            let same = before.revision == delivery.revision;
            prop_assert!(!same || *before == delivery, "every write raises the revision");
        }
        let shown = world.ledger.attempts(&delivery).await.unwrap().len();
        let failed = delivery.failed_at.len() + usize::from(delivery.success.is_some());
        prop_assert_eq!(shown, failed, "every counted failed attempt is kept");
    }
    let counted: u32 = world.ledger.all_deliveries().iter().map(|d| d.attempts).sum();
    prop_assert!(counted as usize <= world.posts(), "waiting counts as no attempt");
    let stored = world.stored_webhook().await;
    let health = world.health().await;
    prop_assert_eq!(stored.lane, health.lane(), "the lane follows the health");
    prop_assert_eq!(world.queues.refusals(), 0, "SQS refuses nothing");
    prop_assert!(world.dead_letters.all_dead_letters().is_empty());
    Ok(())
}

async fn run(actions: Vec<Action>) -> Result<(), TestCaseError> {
    let mut world = World::with_policy(r#"{"schedule":[5,90,1200]}"#).await;
    let mut published = std::collections::BTreeSet::new();
    let mut before = BTreeMap::new();
    for action in &actions {
        apply(&mut world, action).await;
        if let Action::Publish(event) | Action::Duplicate(event) = action {
            published.insert(*event);
        }
        check(&world, &before).await?;
        let all = world.ledger.all_deliveries();
        before = all.into_iter().map(|delivery| (delivery.id.clone(), delivery)).collect();
    }
    // Everything works again, and time passes.
    world.set_down(false);
    world.restart();
    let at = world.clock_now();
    world
        .update_webhook(|w| Webhook {
            state: WebhookState::Active,
            updated_at: at,
            rate_limit: None,
            ..w
        })
        .await;
    world.run_minutes(180).await;
    // A slot that was taken under a low limit may be even later.
    for _ in 0..48 {
        if world.pointers().await.is_empty() {
            break;
        }
        world.run_minutes(60).await;
    }
    check(&world, &before).await?;
    let left = world.pointers().await;
    let all = world.ledger.all_deliveries();
    prop_assert!(left.is_empty(), "nothing stays parked: {:?} of {:?}", left, all);
    for event in published {
        let delivery = world.delivery(&name(event)).await;
        prop_assert!(delivery.is_done(), "every delivery ends: {:?}", delivery);
    }
    prop_assert_eq!(world.queues.next_visible(), None, "no message is left in a queue");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_for_any_sequence_of_actions(actions in actions()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(actions))?;
    }
}

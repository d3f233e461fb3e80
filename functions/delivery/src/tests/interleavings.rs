//! Whatever happens in whatever order, the invariants of `ARCHITECTURE.md` hold: duplicates, lost
//! messages, retries and cancellations by hand, pauses, disablings, outages and deaths.

use std::collections::BTreeMap;

use hooklane_app::deliveries::{cancel, retry};
use hooklane_app::pausing::{pause, resume};
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
enum Act {
    Publish(usize),
    /// A message that arrives twice.
    Duplicate(usize),
    Step(Lane),
    /// A batch, or a run of `upkeep`, in which the function dies.
    DyingStep(Lane, u32),
    DyingUpkeep(u32),
    Upkeep,
    Pass(i64),
    Retry(usize),
    Cancel(usize),
    Pause,
    Resume {
        discard: bool,
    },
    Disable,
    SwitchOn,
    Down(bool),
    /// One attempt in so many seconds.
    Limit(Option<u64>),
    /// The retry queue is said to be full, or not.
    Brake(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let event = 0..EVENTS;
    let lane = prop_oneof![Just(Lane::Fast), Just(Lane::Slow)];
    let act = prop_oneof![
        4 => event.clone().prop_map(Act::Publish),
        2 => event.clone().prop_map(Act::Duplicate),
        8 => lane.clone().prop_map(Act::Step),
        2 => (lane, 0..20u32).prop_map(|(lane, steps)| Act::DyingStep(lane, steps)),
        1 => (0..30u32).prop_map(Act::DyingUpkeep),
        3 => Just(Act::Upkeep),
        6 => (1..400i64).prop_map(Act::Pass),
        2 => event.clone().prop_map(Act::Retry),
        1 => event.prop_map(Act::Cancel),
        1 => Just(Act::Pause),
        2 => any::<bool>().prop_map(|discard| Act::Resume { discard }),
        1 => Just(Act::Disable),
        2 => Just(Act::SwitchOn),
        2 => any::<bool>().prop_map(Act::Down),
        1 => proptest::option::of(1..2_000u64).prop_map(Act::Limit),
        1 => any::<bool>().prop_map(Act::Brake),
    ];
    proptest::collection::vec(act, 1..60)
}

fn name(event: usize) -> String {
    format!("e{event}")
}

async fn act(world: &mut World, act: &Act) {
    let (owner, id) = (tenant(), world.webhook.id);
    match act {
        Act::Publish(event) | Act::Duplicate(event) => world.publish(&name(*event)).await,
        Act::Step(lane) => {
            world.step(*lane).await;
        }
        Act::DyingStep(lane, steps) => {
            world.faults.die_after(*steps);
            world.step(*lane).await;
            world.faults.revive();
            world.restart();
        }
        Act::DyingUpkeep(steps) => {
            world.faults.die_after(*steps);
            let _ = world.upkeep.run().await;
            world.faults.revive();
        }
        Act::Upkeep => {
            world.look_after().await;
        }
        Act::Pass(seconds) => world.pass(SignedDuration::from_secs(*seconds)),
        // By hand is by somebody who may be refused: it has ended, or was never there.
        Act::Retry(event) => {
            let delivery = world.id(&name(*event));
            let _ = retry(&*world.ledger, &world.queues, &world.clock, &owner, &delivery).await;
        }
        Act::Cancel(event) => {
            let delivery = world.id(&name(*event));
            let _ = cancel(&world.ledger, &world.clock, &owner, &delivery).await;
        }
        Act::Pause => {
            let _ = pause(world.registry(), &world.clock, (&owner, id)).await;
        }
        Act::Resume { discard } => {
            let _ = resume(world.registry(), &world.clock, (&owner, id), *discard).await;
        }
        Act::Disable => {
            let (seen, at) = (world.stored().await, world.clock_now());
            world.registry().disable(&seen, DisableReason::Gone, at).await.unwrap();
        }
        Act::SwitchOn => {
            let updated_at = world.clock_now();
            world.revise(|w| Webhook { state: WebhookState::Active, updated_at, ..w }).await;
        }
        Act::Down(down) => world.set_down(*down),
        Act::Limit(seconds) => {
            let rate_limit = seconds.map(|seconds| RateLimit::new(1, seconds).unwrap());
            world.revise(|w| Webhook { rate_limit, ..w }).await;
        }
        Act::Brake(on) => {
            let brake = Brake { on: *on, in_flight: 0, measured_at: world.clock_now() };
            world.registry().set_brake(brake).await.unwrap();
        }
    }
}

/// What must hold at every moment, and from one moment to the next.
async fn check(
    world: &World,
    before: &BTreeMap<DeliveryId, Delivery>,
) -> Result<(), TestCaseError> {
    for delivery in world.ledger.all_deliveries() {
        prop_assert_eq!(&delivery.tenant, &tenant());
        if matches!(delivery.state, State::Parked { .. }) {
            let pointers = world.pointers().await;
            let found = pointers.iter().any(|pointer| pointer.delivery == delivery.id);
            prop_assert!(found, "what is parked can always be found: {:?}", delivery);
        }
        if let Some(before) = before.get(&delivery.id) {
            prop_assert!(delivery.revision >= before.revision);
            prop_assert!(delivery.generation >= before.generation, "generations only rise");
            prop_assert!(delivery.attempts >= before.attempts, "no attempt is forgotten");
            let was_delivered = before.status() == Status::Delivered;
            prop_assert!(!was_delivered || delivery.status() == Status::Delivered);
            let same = before.revision == delivery.revision;
            prop_assert!(!same || *before == delivery, "every write counts");
        }
        let shown = world.ledger.attempts(&delivery).await.unwrap().len();
        let failed = delivery.failed_at.len() + usize::from(delivery.success.is_some());
        prop_assert_eq!(shown, failed, "every failed attempt is kept before it is counted");
    }
    let counted: u32 = world.ledger.all_deliveries().iter().map(|d| d.attempts).sum();
    prop_assert!(counted as usize <= world.posts(), "waiting spends no attempt");
    let stored = world.stored().await;
    let health = world.health().await;
    prop_assert_eq!(stored.lane, health.lane(), "the lane follows the health");
    prop_assert_eq!(world.queues.refusals(), 0, "SQS refuses nothing");
    prop_assert!(world.dead_letters.all_dead_letters().is_empty());
    Ok(())
}

async fn run(acts: Vec<Act>) -> Result<(), TestCaseError> {
    let mut world = World::with_policy(r#"{"schedule":[5,90,1200]}"#).await;
    let mut published = std::collections::BTreeSet::new();
    let mut before = BTreeMap::new();
    for one in &acts {
        act(&mut world, one).await;
        if let Act::Publish(event) | Act::Duplicate(event) = one {
            published.insert(*event);
        }
        check(&world, &before).await?;
        let all = world.ledger.all_deliveries();
        before = all.into_iter().map(|delivery| (delivery.id.clone(), delivery)).collect();
    }
    // Everybody comes to their senses, and time passes.
    world.set_down(false);
    world.restart();
    let at = world.clock_now();
    world
        .revise(|w| Webhook { state: WebhookState::Active, updated_at: at, rate_limit: None, ..w })
        .await;
    world.minutes(180).await;
    // A slot that was booked under a narrow limit may be later than that.
    for _ in 0..48 {
        if world.pointers().await.is_empty() {
            break;
        }
        world.minutes(60).await;
    }
    check(&world, &before).await?;
    let left = world.pointers().await;
    let all = world.ledger.all_deliveries();
    prop_assert!(left.is_empty(), "nothing is parked for ever: {:?} of {:?}", left, all);
    for event in published {
        let delivery = world.delivery(&name(event)).await;
        prop_assert!(delivery.is_done(), "nothing is left open: {:?}", delivery);
    }
    prop_assert_eq!(world.queues.next_visible(), None, "no message goes round for ever");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_whatever_happens(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(acts))?;
    }
}

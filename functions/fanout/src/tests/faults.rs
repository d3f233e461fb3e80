//! Faults that pass, entries that a queue refuses, and fan-outs that do not end in one invocation.

use std::sync::Mutex;
use std::time::Duration;

use hooklane_app::ports::{DispatchQueue, HealthStore as _, Refused, RoutePage};
use hooklane_domain::ids::TenantId;
use hooklane_domain::isolation::health::{Change, Health};
use jiff::SignedDuration;

use super::deaths::{batch_of, record};
use super::*;

/// A registry that throttles the reads of some tenant.
struct Throttling(MemoryRegistry, Mutex<Option<&'static str>>);

impl RouteStore for Throttling {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        if Some(tenant.as_str()) == *self.1.lock().unwrap() {
            return Err(Unavailable::new("reading the version", "throttled"));
        }
        self.0.version(tenant).await
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        self.0.routes(tenant, after).await
    }
}

fn tenants_of(deliveries: &[Deliver]) -> Vec<&str> {
    deliveries.iter().map(|deliver| deliver.tenant.as_str()).collect()
}

#[tokio::test]
async fn a_throttled_read_of_one_tenant_fails_no_record_of_the_others() {
    let registry = MemoryRegistry::default();
    for (n, tenant) in [(1, "first"), (2, "busy"), (3, "last")] {
        registry.create(&webhook(n, tenant, &["*"])).await.unwrap();
    }
    let throttling = Throttling(registry, Mutex::new(Some("busy")));
    let fanout = over(throttling, MemoryQueues::at(at(NOW), 360));
    let records = [("busy", "e1", 1), ("first", "e2", 2), ("busy", "e3", 3), ("last", "e4", 4)];
    let records = records.map(|(tenant, event, number)| record(tenant, event, number));
    assert!(fanout.handle_all(batch_of(&records)).await.is_err(), "its records come back");
    assert_eq!(tenants_of(&sent(&fanout)), ["first", "last"]);
    fanout.queues.lose_all();
    for _ in 0..3 {
        assert!(fanout.handle_all(batch_of(&records)).await.is_err());
        assert_eq!(tenants_of(&sent(&fanout)), [""; 0], "what was sent is not sent again");
    }
    *fanout.routes.registry().1.lock().unwrap() = None;
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    assert_eq!(tenants_of(&sent(&fanout)), ["busy", "busy"]);
    fanout.queues.lose_all();
    // A replay of what is done is not a batch that failed.
    fanout.handle_all(batch_of(&records)).await.unwrap();
    assert_eq!(sent(&fanout).len(), 4);
}

#[tokio::test]
async fn a_lanes_change_does_not_make_fan_out_read_the_tenant_again() {
    let faults = Faults::default();
    let registry = MemoryRegistry::with_faults(faults.clone());
    let hook = webhook(1, "acme", &["*"]);
    registry.create(&hook).await.unwrap();
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    let slow = Change { health: Health::default(), lane: Some(Lane::Slow), watch: None };
    let saved = fanout.routes.registry().save_health(&hook.tenant, hook.id, &slow).await;
    assert!(saved.unwrap());
    // One call of the registry: the version.
    faults.die_after(1);
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(fanout.queues.count(Lane::Fast), 2, "`delivery` moves the message");
    // Some minutes later the lanes are read again. If that fails, the old ones do.
    fanout.system.pass(SignedDuration::from_mins(5));
    faults.die_after(1);
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(fanout.queues.count(Lane::Fast), 3);
    faults.revive();
    fanout.system.pass(SignedDuration::from_mins(5));
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!((fanout.queues.count(Lane::Fast), fanout.queues.count(Lane::Slow)), (3, 1));
}

#[tokio::test]
async fn a_record_with_the_sequence_number_of_one_that_was_sent_is_another_one() {
    let registry = MemoryRegistry::default();
    for (n, tenant) in [(1, "first"), (2, "busy")] {
        registry.create(&webhook(n, tenant, &["*"])).await.unwrap();
    }
    let throttling = Throttling(registry, Mutex::new(Some("busy")));
    let fanout = over(throttling, MemoryQueues::at(at(NOW), 360));
    let failing = [record("first", "e1", 1), record("busy", "e2", 2)];
    assert!(fanout.handle_all(batch_of(&failing)).await.is_err());
    // Of another shard.
    fanout.handle_all(batch_of(&[record("first", "e9", 1)])).await.unwrap();
    let deliveries = sent(&fanout);
    let events: Vec<_> = deliveries.iter().map(|d| d.delivery.event().as_str()).collect();
    assert_eq!(events, ["e1", "e9"]);
}

#[tokio::test]
async fn an_event_of_the_slow_lane_is_not_taken_for_sent_because_the_fast_lane_failed() {
    let fast = webhook(1, "acme", &["order.*"]);
    let slow = Webhook { lane: Lane::Slow, ..webhook(2, "acme", &["user.*"]) };
    let mut fanout = fanout(&[fast, slow]).await;
    let faults = Faults::default();
    fanout.queues = MemoryQueues::at(at(NOW), 360).with_faults(faults.clone());
    let other = record("acme", "e2", 2).replace("order.created", "user.created");
    let records = [record("acme", "e1", 1), other];
    faults.die_after(0);
    assert!(fanout.handle_all(batch_of(&records)).await.is_err());
    faults.revive();
    fanout.handle_all(batch_of(&records)).await.unwrap();
    assert_eq!((fanout.queues.count(Lane::Fast), fanout.queues.count(Lane::Slow)), (1, 1));
}

#[tokio::test]
async fn a_refused_entry_becomes_a_dead_letter_with_its_reason_and_the_others_go_on() {
    let hooks: Vec<_> = (1..=30).map(|n| webhook(n, "acme", &["*"])).collect();
    let fanout = fanout(&hooks).await;
    fanout.queues.refuse(hooks[3].id);
    fanout.queues.refuse(hooks[17].id);
    let records = [record("acme", "e1", 1), record("acme", "e2", 2)];
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    assert_eq!(sent(&fanout).len(), 2 * 28, "every other webhook has both events");
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 2, "one for each record");
    for (letter, record) in letters.iter().zip(&records) {
        assert_eq!(letter.body, *record);
        assert!(letter.reason.contains("InvalidMessageContents"), "{}", letter.reason);
        assert!(letter.reason.contains(&hooks[3].id.to_string()), "{}", letter.reason);
    }
}

#[tokio::test]
async fn a_refused_entry_is_a_dead_letter_also_if_its_batch_failed_first() {
    let registry = MemoryRegistry::default();
    let hook = webhook(1, "acme", &["*"]);
    registry.create(&hook).await.unwrap();
    registry.create(&webhook(2, "busy", &["*"])).await.unwrap();
    let throttling = Throttling(registry, Mutex::new(Some("busy")));
    let fanout = over(throttling, MemoryQueues::at(at(NOW), 360));
    fanout.queues.refuse(hook.id);
    let records = [record("acme", "e1", 1), record("busy", "e2", 2)];
    assert!(fanout.handle_all(batch_of(&records)).await.is_err());
    assert_eq!(fanout.dead_letters.all_dead_letters(), []);
    *fanout.routes.registry().1.lock().unwrap() = None;
    fanout.handle_all(batch_of(&records)).await.unwrap();
    assert_eq!(fanout.dead_letters.all_dead_letters().len(), 1);
    assert_eq!(tenants_of(&sent(&fanout)), ["busy"]);
}

#[tokio::test]
async fn a_refused_entry_is_a_dead_letter_also_if_the_dead_letter_queue_failed_first() {
    let hook = webhook(1, "acme", &["*"]);
    let mut fanout = fanout(std::slice::from_ref(&hook)).await;
    fanout.queues.refuse(hook.id);
    let faults = Faults::default();
    fanout.dead_letters = MemoryQueues::at(at(NOW), 360).with_faults(faults.clone());
    let records = [1, 2, 3].map(|n| record("acme", &format!("e{n}"), n));
    for letters in [1, 2] {
        faults.die_after(1);
        assert!(fanout.handle_all(batch_of(&records)).await.is_err());
        assert_eq!(fanout.dead_letters.all_dead_letters().len(), letters);
    }
    faults.revive();
    fanout.handle_all(batch_of(&records)).await.unwrap();
    let letters = fanout.dead_letters.all_dead_letters();
    let bodies: Vec<_> = letters.iter().map(|letter| &letter.body).collect();
    assert_eq!(bodies, records.iter().collect::<Vec<_>>(), "each once");
}

/// Queues that take a time for each call, count the messages, and fail when they are told.
struct Slow {
    sent: Mutex<usize>,
    takes: SignedDuration,
    clock: Arc<FakeSystem>,
    fails_at: Mutex<Option<usize>>,
}

impl DispatchQueue for Slow {
    async fn dispatch(&self, _: Lane, messages: &[Message]) -> Result<Vec<Refused>, Unavailable> {
        self.clock.pass(self.takes);
        let mut sent = self.sent.lock().unwrap();
        if self.fails_at.lock().unwrap().take_if(|at| *sent >= *at).is_some() {
            return Err(Unavailable::new("SendMessageBatch", "throttled"));
        }
        *sent += messages.len();
        Ok(Vec::new())
    }
}

struct Large;

impl Ports for Large {
    type Routes = MemoryRegistry;
    type Queues = Slow;
    type DeadLetters = MemoryQueues;
    type Bus = MemoryBus;
    type Ledger = MemoryLedger;
    type System = Arc<FakeSystem>;
}

const EVENTS: usize = 100;
const WEBHOOKS: usize = 1_000;

/// A fan-out of a hundred events to a thousand webhooks, which sends 500 messages in `takes`.
async fn large(takes: SignedDuration) -> (Fanout<Large>, Vec<String>) {
    let routes = MemoryRegistry::default();
    for n in 0..WEBHOOKS as u128 {
        routes.create(&webhook(n, "acme", &["*"])).await.unwrap();
    }
    let clock = Arc::new(FakeSystem::at(at(NOW)));
    let (sent, fails_at) = (Mutex::default(), Mutex::default());
    let fanout = Fanout::new(Deps {
        routes,
        queues: Slow { sent, takes, clock: Arc::clone(&clock), fails_at },
        dead_letters: MemoryQueues::at(at(NOW), 360),
        bus: None,
        strikes: MemoryLedger::default(),
        system: clock,
    });
    let records = (0..EVENTS).map(|n| record("acme", &format!("e{n}"), n)).collect();
    (fanout, records)
}

#[tokio::test]
async fn a_large_fan_out_that_does_not_end_in_a_minute_goes_on_where_it_stopped() {
    let (fanout, mut records) = large(SignedDuration::from_secs(2)).await;
    let mut invocations = 0;
    while !records.is_empty() {
        let begun = fanout.system.now();
        let deadline = Deadline::after(begun, Duration::from_secs(60));
        let answer = fanout.handle(batch_of(&records), deadline).await.unwrap();
        let took = fanout.system.now().duration_since(begun).as_secs();
        assert!(took < 60, "Lambda would have ended it after {took} s");
        let json = serde_json::to_value(&answer).unwrap();
        let left = json["batchItemFailures"][0]["itemIdentifier"].as_str();
        let left = left.map_or(EVENTS, |number| number.parse().unwrap());
        let first = EVENTS - records.len();
        assert!(left > first, "it got further than {first}");
        records.drain(..left - first);
        invocations += 1;
    }
    assert!(invocations > 5, "{invocations}");
    assert_eq!(*fanout.queues.sent.lock().unwrap(), EVENTS * WEBHOOKS, "nothing was sent twice");
}

#[tokio::test]
async fn a_large_fan_out_that_a_passing_fault_interrupts_does_not_begin_anew() {
    let (fanout, records) = large(SignedDuration::ZERO).await;
    *fanout.queues.fails_at.lock().unwrap() = Some(60_000);
    assert!(fanout.handle(batch_of(&records), Deadline::never()).await.is_err());
    assert_eq!(*fanout.queues.sent.lock().unwrap(), 60_000);
    // Lambda halves the batch.
    for half in records.chunks(EVENTS / 2) {
        let answer = fanout.handle(batch_of(half), Deadline::never()).await.unwrap();
        assert_eq!(answer, Answer::default());
    }
    let sent = *fanout.queues.sent.lock().unwrap();
    assert!((EVENTS * WEBHOOKS..=EVENTS * WEBHOOKS + WEBHOOKS).contains(&sent), "{sent}");
}

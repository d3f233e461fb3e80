//! Records that end the function, and the order of tenants that keeps others from harm.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use hooklane_app::ports::{DispatchQueue, Refused, RoutePage, Strikes as _};
use hooklane_domain::ids::TenantId;
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect, given_up};
use jiff::SignedDuration;

use super::*;

/// A registry that ends the function when it is asked for this tenant's subscriptions: here, it never answers,
/// and the test drops the invocation.
struct Deadly(MemoryRegistry, &'static str);

impl RouteStore for Deadly {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.0.version(tenant).await
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        if tenant.as_str() == self.1 {
            std::future::pending::<()>().await;
        }
        self.0.routes(tenant, after).await
    }
}

/// A record of this tenant, with this event and this number in its shard.
pub(super) fn record(tenant: &str, event: &str, number: usize) -> String {
    let raw = batch(SAMPLE).records[0].get().to_owned();
    raw.replace("acme", tenant)
        .replace("order-1001-created", event)
        .replace("100000000000000000001", &number.to_string())
}

pub(super) fn batch_of(records: &[String]) -> Batch {
    batch(&format!(r#"{{"Records":[{}]}}"#, records.join(",")))
}

/// Runs an invocation until it waits for something that never comes.
async fn until_it_dies<R: RouteStore>(fanout: &Fanout<Fakes<R>>, batch: Batch) {
    let mut invocation = Box::pin(fanout.handle_all(batch));
    for _ in 0..1_000 {
        let polled = poll_fn(|context| Poll::Ready(invocation.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "it did not die");
    }
}

async fn deadly() -> Fanout<Fakes<Deadly>> {
    let registry = MemoryRegistry::default();
    for (n, tenant) in [(1, "first"), (2, "deadly"), (3, "last")] {
        registry.create(&webhook(n, tenant, &["*"])).await.unwrap();
    }
    over(Deadly(registry, "deadly"), MemoryQueues::at(at(NOW), 360))
}

#[tokio::test]
async fn finding_04_what_came_before_a_death_has_been_sent() {
    let fanout = deadly().await;
    let records = [
        record("first", "e1", 1),
        record("deadly", "e2", 2),
        record("first", "e3", 3),
        record("last", "e4", 4),
    ];
    until_it_dies(&fanout, batch_of(&records)).await;
    let deliveries = sent(&fanout);
    let events: Vec<_> = deliveries.iter().map(|d| d.delivery.event().as_str()).collect();
    assert_eq!(events, ["e1", "e3"], "the tenant's events before the deadly one's");
}

#[tokio::test]
async fn finding_02_a_record_that_ends_the_function_alone_becomes_a_dead_letter() {
    let fanout = deadly().await;
    let records = [record("deadly", "e2", 2)];
    for _ in 0..MAX_STRIKES {
        // A young record is only the first event for a while.
        until_it_dies(&fanout, batch_of(&records)).await;
        assert!(fanout.strikes.all_strikes().is_empty());
    }
    fanout.system.pass(SignedDuration::from_secs(61));
    for strikes in 1..=MAX_STRIKES {
        until_it_dies(&fanout, batch_of(&records)).await;
        assert_eq!(fanout.strikes.strikes(&Suspect::record("2")).await.unwrap(), strikes);
    }
    assert!(fanout.dead_letters.all_dead_letters().is_empty());
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].body, &letters[0].reason), (&records[0], &given_up()));
    assert!(fanout.strikes.all_strikes().is_empty());
}

#[tokio::test]
async fn a_passing_fault_is_no_strike_however_often_and_a_full_batch_writes_none() {
    let faults = Faults::default();
    let queues = MemoryQueues::at(at(NOW), 360).with_faults(faults.clone());
    let registry = MemoryRegistry::default();
    registry.create(&webhook(1, "acme", &["*"])).await.unwrap();
    let fanout = over(registry, queues);
    fanout.system.pass(SignedDuration::from_hours(5));
    faults.die_after(0);
    for _ in 0..2 * MAX_STRIKES {
        assert!(fanout.handle_all(batch_of(&[record("acme", "e1", 1)])).await.is_err());
        assert!(fanout.strikes.all_strikes().is_empty());
    }
    faults.revive();
    fanout.handle_all(batch_of(&[record("acme", "e1", 1)])).await.unwrap();
    assert_eq!(sent(&fanout).len(), 1);
    assert!(fanout.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn records_for_which_no_time_is_left_are_handed_back_from_the_first_of_them_on() {
    let registry = MemoryRegistry::default();
    for (n, tenant) in [(1, "first"), (2, "second")] {
        registry.create(&webhook(n, tenant, &["*"])).await.unwrap();
    }
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    let records = [
        record("first", "e1", 11),
        record("second", "e2", 12),
        r#"{"nonsense":true}"#.to_owned(),
        record("first", "e3", 14),
    ];
    let soon = Deadline::after(at(NOW), Duration::from_secs(19));
    let answer = fanout.handle(batch_of(&records), soon).await.unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    assert_eq!(json, serde_json::json!({ "batchItemFailures": [{ "itemIdentifier": "12" }] }));
    assert_eq!(sent(&fanout).len(), 1, "the first is always done");
    assert!(fanout.dead_letters.all_dead_letters().is_empty(), "that record comes back");
    let answer = fanout.handle_all(batch_of(&records[1..])).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert_eq!((sent(&fanout).len(), fanout.dead_letters.all_dead_letters().len()), (2, 1));
}

/// Queues that count the calls in which something is sent.
struct Counting(MemoryQueues, Mutex<Vec<usize>>);

impl DispatchQueue for Counting {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.1.lock().unwrap().push(messages.len());
        self.0.dispatch(lane, messages).await
    }
}

struct Counted;

impl Ports for Counted {
    type Routes = MemoryRegistry;
    type Queues = Counting;
    type DeadLetters = MemoryQueues;
    type Bus = MemoryBus;
    type Ledger = MemoryLedger;
    type System = FakeSystem;
}

/// The sizes of the parcels in which a batch of these tenants' events is sent, and the next one when their
/// subscriptions are at hand. The tenant `filtering` has a filter.
async fn parcels(tenants: &[&str]) -> [Vec<usize>; 2] {
    let routes = MemoryRegistry::default();
    for (n, tenant) in [(1, "first"), (2, "filtering"), (3, "last")] {
        let filter = (tenant == "filtering").then(|| "true".parse().unwrap());
        routes.create(&Webhook { filter, ..webhook(n, tenant, &["*"]) }).await.unwrap();
    }
    let queues = MemoryQueues::at(at(NOW), 360);
    let fanout = Fanout::<Counted>::new(Deps {
        routes,
        queues: Counting(queues.clone(), Mutex::default()),
        dead_letters: queues,
        bus: None,
        strikes: MemoryLedger::default(),
        system: FakeSystem::at(at(NOW)),
    });
    let mut found = [Vec::new(), Vec::new()];
    for (round, sizes) in found.iter_mut().enumerate() {
        let tenants = tenants.iter().cycle().take(10 * tenants.len()).enumerate();
        let records = tenants.map(|(n, tenant)| record(tenant, &format!("e{round}-{n}"), n));
        let records: Vec<_> = records.collect();
        fanout.handle(batch_of(&records), Deadline::never()).await.unwrap();
        *sizes = std::mem::take(&mut *fanout.queues.1.lock().unwrap());
    }
    found
}

#[tokio::test]
async fn messages_of_tenants_share_a_parcel_unless_the_next_one_might_end_the_function() {
    for (tenants, first, then) in [
        (&["first"][..], &[10][..], &[10][..]),
        (&["first", "last"], &[10, 10], &[20]),
        (&["first", "filtering"], &[10, 10], &[10, 10]),
        (&["filtering", "last"], &[10, 10], &[20]),
        (&["first", "filtering", "last"], &[10, 10, 10], &[10, 20]),
    ] {
        assert_eq!(parcels(tenants).await, [first, then], "{tenants:?}");
    }
}

/// Queues whose next call panics if they are told.
struct Panicking(MemoryQueues, AtomicBool);

impl DispatchQueue for Panicking {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        assert!(!self.1.swap(false, Ordering::Relaxed), "a test ends this call");
        self.0.dispatch(lane, messages).await
    }
}

struct Panics;

impl Ports for Panics {
    type Routes = MemoryRegistry;
    type Queues = Panicking;
    type DeadLetters = MemoryQueues;
    type Bus = MemoryBus;
    type Ledger = MemoryLedger;
    type System = FakeSystem;
}

#[tokio::test]
async fn a_call_of_the_queue_that_panics_loses_no_message_of_the_tenants_before() {
    let routes = MemoryRegistry::default();
    routes.create(&webhook(0, "first", &["*"])).await.unwrap();
    for n in 1..=600 {
        routes.create(&webhook(n, "many", &["*"])).await.unwrap();
    }
    let queues = MemoryQueues::at(at(NOW), 360);
    let fanout = Fanout::<Panics>::new(Deps {
        routes,
        queues: Panicking(queues.clone(), AtomicBool::new(false)),
        dead_letters: queues.clone(),
        bus: None,
        strikes: MemoryLedger::default(),
        system: FakeSystem::at(at(NOW)),
    });
    // The subscriptions are at hand after it, so that the two share a parcel.
    let warm = [record("first", "e1", 1), record("many", "e2", 2)];
    fanout.handle(batch_of(&warm), Deadline::never()).await.unwrap();
    queues.lose_all();
    fanout.queues.1.store(true, Ordering::Relaxed);
    let records = [record("first", "e3", 3), record("many", "e4", 4)];
    assert!(fanout.handle(batch_of(&records), Deadline::never()).await.is_err());
    fanout.handle(batch_of(&records), Deadline::never()).await.unwrap();
    let mut reached = std::collections::BTreeSet::new();
    while let received @ [_, ..] = &queues.receive(Lane::Fast)[..] {
        for message in received {
            let Message::Deliver(deliver) = Message::decode(&message.body).unwrap();
            reached.insert(deliver.delivery.webhook());
        }
    }
    assert_eq!(reached.len(), 601, "each webhook of both tenants");
}

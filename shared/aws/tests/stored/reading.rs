//! Reads each kind of item through the ports, with the value that is expected.

use std::fmt::Debug;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use hooklane_app::ports::{
    AttemptLog as _, BrakeStore as _, DeliveryStore as _, EventStore as _, EventTypeStore as _,
    HealthStore as _, IdempotencyStore as _, LogFilter, LogPage, Look, ParkingStore as _, Pointer,
    Put, QuotaStore as _, RecoveryStore as _, RouteStore as _, RouteTable, SlotCounts,
    SlotStore as _, Sweep, TenantPage, TenantStore as _, TestAttemptStore as _, Unavailable, Watch,
    WatchList as _, WebhookStore as _,
};
use hooklane_aws::ledger::EventRecord;
use hooklane_catalog::OwnType;
use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::IdempotencyRecord;
use hooklane_domain::access::quota::Window;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::attempt_log::LogEntry;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event::{Event, Fingerprint};
use hooklane_domain::ids::{EventType, WebhookId};
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::{Route, Webhook};
use serde_json::Value;

use super::stores::Stores;
use super::values::{self, at, tenant, webhook_id};

/// When items of an event that was accepted at 0 expire.
fn expires_at() -> Timestamp {
    at(30 * 24 * 3_600 * 1_000)
}

/// The `Debug` output of a value, or the error that reading it gave.
type Text = String;

fn text<T: Debug>(value: T) -> Text {
    format!("{value:#?}")
}

async fn read<T: Debug>(result: impl Future<Output = Result<T, Unavailable>>) -> Text {
    result.await.map_or_else(|error| error.chain(), text)
}

/// A webhook with its secrets, which its own `Debug` hides.
fn revealed(webhook: &Webhook) -> Text {
    let headers: Vec<_> = webhook.headers.iter().collect();
    let retiring = webhook.retiring_secret.as_ref().map(|old| old.secret.expose());
    format!("{webhook:#?}\n{}\n{retiring:?}\n{headers:?}", webhook.secret.expose())
}

/// One read through a port, with its expected result.
pub(crate) struct Reading<'a> {
    /// The kinds of items that it reads, as `kind` names them.
    pub(crate) kinds: &'static [&'static str],
    pub(crate) read: BoxFuture<'a, Text>,
    pub(crate) expected: Text,
}

/// All readings. Each is read when its future is awaited.
pub(crate) fn readings(stores: &Stores) -> Vec<Reading<'_>> {
    [
        webhooks(stores),
        tenants(stores),
        watches_and_health(stores),
        events(stores),
        deliveries(stores),
        others(stores),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn reading<'a>(
    kinds: &'static [&'static str],
    read: impl Future<Output = Text> + Send + 'a,
    expected: Text,
) -> Reading<'a> {
    Reading { kinds, read: read.boxed(), expected }
}

fn webhooks(stores: &Stores) -> Vec<Reading<'_>> {
    let table = RouteTable {
        version: values::webhooks().len() as u64,
        routes: subscribed().map(route).collect(),
        unreadable: Vec::new(),
    };
    let routes = async { read(stores.routes.table(&tenant())).await };
    let mut all = vec![reading(&["WH", "TENANT"], routes, text(table))];
    all.extend(values::webhooks().into_iter().map(|webhook| {
        let read = async move {
            let found = stores.registry.get(&tenant(), webhook.id).await;
            found.map_or_else(|error| error.chain(), |found| text(found.as_ref().map(revealed)))
        };
        reading(&["WH"], read, text(Some(revealed(&webhook))))
    }));
    all
}

fn subscribed() -> impl Iterator<Item = Webhook> {
    values::webhooks().into_iter().filter(|webhook| webhook.state.is_subscribed())
}

fn route(webhook: Webhook) -> Route {
    Route {
        webhook: webhook.id,
        events: webhook.events,
        filter: webhook.filter,
        transforms: webhook.transform.is_some(),
        test_mode: webhook.test_mode,
        lane: webhook.lane,
        created_at: webhook.created_at,
    }
}

fn watch() -> Watch {
    let after = Some(values::delivery_id(1, "event-1"));
    let sweep = Sweep { due_at: at(99), after, pending: true };
    Watch {
        tenant: tenant(),
        webhook: webhook_id(1),
        marked_at: at(6),
        look: Look { due_at: at(90), sweep, apart: false },
        parked: 4,
    }
}

fn tenants(stores: &Stores) -> Vec<Reading<'_>> {
    let acme = Tenant {
        settings: values::settings(),
        token_generation: 2,
        revision: 1,
        ..Tenant::unknown(tenant())
    };
    let stored = async { read(stores.registry.tenant(&tenant())).await };
    let listed = async { read(stores.registry.tenants(None, 10)).await };
    let page = TenantPage { tenants: vec![acme.clone()], next: None };
    let mut all = vec![
        reading(&["TENANT"], stored, text(acme)),
        reading(&["acme", "TENANT"], listed, text(page)),
    ];
    all.extend(values::owners().map(|owner| {
        let name: EventType = "order.created".parse().unwrap();
        let own = OwnType { name: name.clone(), definition: values::definition(), revision: 1 };
        let found = async move { read(stores.registry.event_type(&owner, &name)).await };
        reading(&["ET"], found, text(Some(own)))
    }));
    all
}

fn watches_and_health(stores: &Stores) -> Vec<Reading<'_>> {
    let registry = &stores.registry;
    let mut all = vec![
        reading(&["OPEN"], read(registry.watched(None, 10)), text([watch()])),
        reading(&["BRAKE"], read(registry.brake()), text(Some(values::brake()))),
    ];
    all.extend(values::healths().into_iter().map(|(webhook, health)| {
        reading(&["HEALTH"], read(registry.health(webhook)), text(health))
    }));
    all.extend(values::recoveries().into_iter().map(|recovery| {
        let found = read(registry.recovery(recovery.webhook));
        reading(&["RECOVERY"], found, text(Some(Recovery { revision: 1, ..recovery })))
    }));
    all
}

fn events(stores: &Stores) -> Vec<Reading<'_>> {
    let of_one = |event: Event| {
        let (found, again, stream) = (event.clone(), event.clone(), event.clone());
        let fingerprint = event.content.fingerprint();
        let exists = Put::Exists { fingerprint, accepted_at: event.accepted_at };
        let found = async move { read(stores.ledger.get(&tenant(), &found.id)).await };
        let again = async move { read(stores.ledger.put(&again)).await };
        let stream = async move { read(async { from_stream(stores, stream.id.as_str()) }).await };
        [
            reading(&["EVENT"], found, text(Some(&event))),
            reading(&["EVENT"], again, text(exists)),
            reading(&["EVENT"], stream, text(&event)),
        ]
    };
    values::events().into_iter().flat_map(of_one).collect()
}

fn deliveries(stores: &Stores) -> Vec<Reading<'_>> {
    let of_one = |delivery: Delivery| {
        let id = delivery.id.clone();
        let found = async move { read(stores.ledger.read(std::slice::from_ref(&id))).await };
        let written = Delivery { revision: 1, expires_at: Some(expires_at()), ..delivery };
        reading(&["DL"], found, text([Some(written)]))
    };
    let mut all: Vec<_> = values::deliveries().into_iter().map(of_one).collect();
    let pointers = read(stores.ledger.parked(webhook_id(1), at(1_000_000), 10));
    all.push(reading(&["PK"], pointers, text(parked_pointers())));
    all
}

fn others(stores: &Stores) -> Vec<Reading<'_>> {
    let ledger = &stores.ledger;
    let log = async { read(ledger.kept(&tenant(), webhook_id(1), &whole_log())).await };
    let entries = values::attempts().into_iter();
    let entries = entries.map(|made| LogEntry::of(&values::attempted(), made)).collect();
    let page = LogPage { entries, unreadable: 0, next: None };
    let test = values::test_attempt();
    let id = test.id.clone();
    let test_found = async move { read(ledger.test_attempt(&tenant(), &id)).await };
    let leased = async { read(ledger.lease(&tenant(), Window::at(at(0)), 5)).await };
    let mut all = vec![
        reading(&["AT"], log, text(page)),
        reading(&["AT"], test_found, text(Some(test))),
        reading(&["RA"], leased, text(55)),
    ];
    all.extend(slots().map(|(webhook, counts)| {
        reading(&["RL"], read(ledger.slots_taken(webhook)), text(counts))
    }));
    all.extend(values::idempotency_records().map(|(key, record)| {
        // A later claim conflicts with the stored record and returns it.
        let other = IdempotencyRecord { fingerprint: Fingerprint::of("[]"), ..record.clone() };
        let found = async move { read(ledger.claim(&tenant(), &key, &other)).await };
        reading(&["IK"], found, text(record))
    }));
    all
}

/// The event of a record in the table's stream.
fn from_stream(stores: &Stores, id: &str) -> Result<Event, Unavailable> {
    let key = (format!("EV#{}#{id}", tenant()), "EVENT".to_owned());
    let image = Value::Object(stores.tables()["ledger"][&key].clone());
    EventRecord::from_image(serde_json::from_value(image).unwrap()).map(EventRecord::into_event)
}

fn parked_pointers() -> Vec<Pointer> {
    let deliveries = values::deliveries().into_iter();
    deliveries
        .filter_map(|delivery| match delivery.state {
            State::Parked { due, .. } => Some(Pointer {
                delivery: delivery.id,
                tenant: delivery.tenant,
                due,
                generation: delivery.generation,
            }),
            _ => None,
        })
        .collect()
}

fn whole_log() -> LogFilter {
    LogFilter { began: TimeRange::default(), from: None, limit: 100 }
}

/// The first webhook took three slots under a limit of two a minute and waited for two of them. The
/// second webhook took one.
fn slots() -> [(WebhookId, SlotCounts); 2] {
    let (requests, seconds) = values::LIMIT;
    let limit = RateLimit::new(requests, seconds).unwrap();
    let waited = SlotCounts {
        taken: 3,
        waited: 2,
        last_waited_at: Some(at(0)),
        next: Some((limit, at(90_000))),
    };
    let free = SlotCounts { taken: 1, next: Some((limit, at(30_000))), ..SlotCounts::default() };
    [(webhook_id(1), waited), (webhook_id(2), free)]
}

//! Reads each kind of item, and says what is to be read there.

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

use super::place::Place;
use super::values::{self, at, tenant, webhook_id};

/// When what belongs to an event accepted at 0 expires.
fn expires_at() -> Timestamp {
    at(30 * 24 * 3_600 * 1_000)
}

/// A value, field by field; or why it cannot be read.
type Text = String;

fn text<T: Debug>(value: T) -> Text {
    format!("{value:#?}")
}

async fn read<T: Debug>(result: impl Future<Output = Result<T, Unavailable>>) -> Text {
    result.await.map_or_else(|error| error.chain(), text)
}

/// A webhook with its secrets, which its own `Debug` hides.
fn open(webhook: &Webhook) -> Text {
    let headers: Vec<_> = webhook.headers.iter().collect();
    let retiring = webhook.retiring_secret.as_ref().map(|old| old.secret.expose());
    format!("{webhook:#?}\n{}\n{retiring:?}\n{headers:?}", webhook.secret.expose())
}

/// A way to read items by a port, with what it must give.
pub(crate) struct Reading<'a> {
    /// The kinds of items that it reads, by their keys.
    pub(crate) kinds: &'static [&'static str],
    pub(crate) read: BoxFuture<'a, Text>,
    pub(crate) expected: Text,
}

/// All readings, to be awaited.
pub(crate) fn readings(place: &Place) -> Vec<Reading<'_>> {
    [webhooks(place), tenants(place), cares(place), events(place), deliveries(place), rest(place)]
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

fn webhooks(place: &Place) -> Vec<Reading<'_>> {
    let table = RouteTable {
        version: values::webhooks().len() as u64,
        routes: subscribed().map(route).collect(),
        unreadable: Vec::new(),
    };
    let routes = async { read(place.routes.table(&tenant())).await };
    let mut all = vec![reading(&["WH", "TENANT"], routes, text(table))];
    all.extend(values::webhooks().into_iter().map(|webhook| {
        let read = async move {
            let found = place.registry.get(&tenant(), webhook.id).await;
            found.map_or_else(|error| error.chain(), |found| text(found.as_ref().map(open)))
        };
        reading(&["WH"], read, text(Some(open(&webhook))))
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
        look: Look { due_at: at(90), sweep },
        parked: 4,
    }
}

fn tenants(place: &Place) -> Vec<Reading<'_>> {
    let acme =
        Tenant { id: tenant(), settings: values::settings(), token_generation: 2, revision: 1 };
    let stored = async { read(place.registry.tenant(&tenant())).await };
    let listed = async { read(place.registry.tenants(None, 10)).await };
    let page = TenantPage { tenants: vec![acme.clone()], next: None };
    let mut all = vec![
        reading(&["TENANT"], stored, text(acme)),
        reading(&["acme", "TENANT"], listed, text(page)),
    ];
    all.extend(values::owners().map(|owner| {
        let name: EventType = "order.created".parse().unwrap();
        let own = OwnType { name: name.clone(), definition: values::definition(), revision: 1 };
        let found = async move { read(place.registry.event_type(&owner, &name)).await };
        reading(&["ET"], found, text(Some(own)))
    }));
    all
}

fn cares(place: &Place) -> Vec<Reading<'_>> {
    let registry = &place.registry;
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

fn events(place: &Place) -> Vec<Reading<'_>> {
    let of_one = |event: Event| {
        let (found, again, stream) = (event.clone(), event.clone(), event.clone());
        let fingerprint = event.content.fingerprint();
        let exists = Put::Exists { fingerprint, accepted_at: event.accepted_at };
        let found = async move { read(place.ledger.get(&tenant(), &found.id)).await };
        let again = async move { read(place.ledger.put(&again)).await };
        let stream = async move { read(async { from_stream(place, stream.id.as_str()) }).await };
        [
            reading(&["EVENT"], found, text(Some(&event))),
            reading(&["EVENT"], again, text(exists)),
            reading(&["EVENT"], stream, text(&event)),
        ]
    };
    values::events().into_iter().flat_map(of_one).collect()
}

fn deliveries(place: &Place) -> Vec<Reading<'_>> {
    let of_one = |delivery: Delivery| {
        let id = delivery.id.clone();
        let found = async move { read(place.ledger.read(std::slice::from_ref(&id))).await };
        let written = Delivery { revision: 1, expires_at: Some(expires_at()), ..delivery };
        reading(&["DL"], found, text([Some(written)]))
    };
    let mut all: Vec<_> = values::deliveries().into_iter().map(of_one).collect();
    let pointers = read(place.ledger.parked(webhook_id(1), at(1_000_000), 10));
    all.push(reading(&["PK"], pointers, text(pointers_of_parked())));
    all
}

fn rest(place: &Place) -> Vec<Reading<'_>> {
    let ledger = &place.ledger;
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
        // Whoever comes later gets the one that is there, which refuses the write.
        let other = IdempotencyRecord { fingerprint: Fingerprint::of("[]"), ..record.clone() };
        let found = async move { read(ledger.claim(&tenant(), &key, &other)).await };
        reading(&["IK"], found, text(record))
    }));
    all
}

/// The event whose item a record of the table's stream holds.
fn from_stream(place: &Place, id: &str) -> Result<Event, Unavailable> {
    let key = (format!("EV#{}#{id}", tenant()), "EVENT".to_owned());
    let image = Value::Object(place.tables()["ledger"][&key].clone());
    EventRecord::from_image(serde_json::from_value(image).unwrap()).map(EventRecord::into_event)
}

fn pointers_of_parked() -> Vec<Pointer> {
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

/// Three slots were taken under a limit of two a minute, two of which had to be waited for; and
/// one, of another webhook.
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

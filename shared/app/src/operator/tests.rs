use hooklane_domain::Timestamp;
use hooklane_domain::access::key_mark::KeyMark;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::operator::{OperatorPass, Purpose};
use hooklane_domain::access::portal::{Access, Purpose as PortalPurpose};
use hooklane_domain::access::tenant::{TenantSettings, Tombstone};
use hooklane_domain::canary::Canary;
use hooklane_domain::dead_letter::Source;
use hooklane_domain::delivery::{Delivery, ParkReason, State as DeliveryState};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::webhook::Webhook;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use crate::conformance::samples;
use crate::fakes::{FakeSystem, Faults, MemoryLedger, MemoryLetters, MemoryRegistry};
use crate::portal::{self, Shut};
use crate::ports::{
    ActiveTenants as _, BrakeStore as _, CanaryStore as _, DeliveryStore as _, EventStore as _,
    HealthStore as _, TenantStore as _, WatchList as _, WebhookStore as _, WorkQueue,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_705_314_600 + seconds).unwrap()
}

fn tenant(n: usize) -> TenantId {
    format!("tenant-{n:04}").parse().unwrap()
}

fn webhook(tenant: &TenantId, n: u128) -> Webhook {
    samples::webhook(tenant, n, 0)
}

fn event(tenant: &TenantId, id: &str) -> Event {
    samples::event(tenant, id, "{}")
}

struct World {
    registry: MemoryRegistry,
    ledger: MemoryLedger,
    requests: Faults,
}

impl World {
    /// With so many tenants that have settings.
    async fn with_tenants(count: usize) -> Self {
        let requests = Faults::default();
        let registry = MemoryRegistry::with_faults(requests.clone());
        let ledger = MemoryLedger::with_faults(requests.clone());
        for n in 0..count {
            registry.set_settings(&tenant(n), &TenantSettings::default(), None).await.unwrap();
        }
        Self { registry, ledger, requests }
    }

    async fn find(&self, text: &str, after: Option<&TenantId>) -> Found {
        find(&self.registry, &self.ledger, text, after).await.unwrap().unwrap()
    }
}

/// What was found, by kind and tenant.
fn hits(found: &Found) -> Vec<(&'static str, &str)> {
    fn one(hit: &Hit) -> (&'static str, &str) {
        match hit {
            Hit::Tenant(tenant) => ("tenant", tenant.id.as_str()),
            Hit::Webhook(webhook) => ("webhook", webhook.tenant.as_str()),
            Hit::Event(event) => ("event", event.tenant.as_str()),
            Hit::Delivery(delivery) => ("delivery", delivery.tenant.as_str()),
        }
    }
    found.hits.iter().map(one).collect()
}

#[tokio::test]
async fn an_id_is_found_whosever_it_is() {
    let world = World::with_tenants(250).await;
    let hook = webhook(&tenant(204), 7);
    world.registry.create(&hook).await.unwrap();
    let sent = DeliveryId::new(hook.id, at(1), "e1".parse().unwrap());
    let delivery = Delivery::unwritten(sent.clone(), tenant(204), "a".parse().unwrap());
    world.ledger.save(&delivery).await.unwrap();
    for owner in [tenant(12), tenant(204), "a-publisher-alone".parse().unwrap()] {
        world.ledger.put(&event(&owner, "e1")).await.unwrap();
        world.ledger.note_active(&owner, at(1)).await.unwrap();
    }
    world.ledger.put(&event(&tenant(3), "tenant-0100")).await.unwrap();
    for (text, wanted) in [
        (sent.to_string(), vec![("delivery", "tenant-0204")]),
        (hook.id.to_string(), vec![("webhook", "tenant-0204")]),
        (
            "e1".to_owned(),
            vec![
                ("event", "a-publisher-alone"),
                ("event", "tenant-0012"),
                ("event", "tenant-0204"),
            ],
        ),
        ("tenant-0100".to_owned(), vec![("tenant", "tenant-0100"), ("event", "tenant-0003")]),
        (WebhookId::new(at(0), 8).to_string(), vec![]),
        (DeliveryId::new(hook.id, at(2), "e1".parse().unwrap()).to_string(), vec![]),
        ("nothing".to_owned(), vec![]),
    ] {
        let found = world.find(&text, None).await;
        assert_eq!(hits(&found), wanted, "{text}");
        assert_eq!((found.unreadable, &found.next), (0, &None), "{text}");
    }
    world.ledger.corrupt(sent.clone());
    let found = world.find(&sent.to_string(), None).await;
    assert_eq!((hits(&found), found.unreadable), (vec![], 1));
    for text in ["", "no id!", "dlv/1", &"x".repeat(65)] {
        let found = find(&world.registry, &world.ledger, text, None).await.unwrap();
        assert_eq!(found.unwrap_err(), NoId, "{text}");
    }
}

#[tokio::test]
async fn a_request_asks_a_thousand_tenants_and_the_next_one_goes_on() {
    let world = World::with_tenants(MAX_TENANTS + 150).await;
    let last = tenant(MAX_TENANTS + 149);
    let hook = webhook(&last, 7);
    world.registry.create(&hook).await.unwrap();
    world.ledger.put(&event(&last, "e1")).await.unwrap();
    for (text, kind) in [(hook.id.to_string(), "webhook"), ("e1".to_owned(), "event")] {
        let before = world.requests.requests();
        let found = world.find(&text, None).await;
        assert!(found.hits.is_empty(), "{kind}");
        assert_eq!(found.next, Some(tenant(MAX_TENANTS - 1)), "{kind}");
        let made = world.requests.requests() - before;
        assert!(made <= 32, "{kind}: {made} requests for a thousand tenants");
        let found = world.find(&text, found.next.as_ref()).await;
        assert_eq!(hits(&found), [(kind, last.as_str())]);
        assert_eq!(found.next, None, "{kind}");
    }
}

/// A webhook that is watched, with so many parked deliveries.
async fn watched(
    world: &World,
    owner: &TenantId,
    n: u128,
    parked: u32,
    circuit: Circuit,
) -> WebhookId {
    let hook = webhook(owner, n);
    world.registry.create(&hook).await.unwrap();
    world.registry.watch(owner, hook.id, parked, at(0)).await.unwrap();
    let health = Health { circuit, ..Health::default() };
    let change = Change { health, lane: None, watch: None };
    assert!(world.registry.save_health(owner, hook.id, &change).await.unwrap());
    hook.id
}

fn open(since: i64) -> Circuit {
    Circuit::Open { since: at(since), probe_at: at(since + 60), probes: 0 }
}

#[tokio::test]
async fn webhooks_in_trouble_are_shown_by_how_long_they_fail_and_then_by_what_is_parked() {
    let world = World::with_tenants(0).await;
    let (one, two) = (tenant(1), tenant(2));
    let fine = watched(&world, &one, 1, 0, Circuit::Closed).await;
    let few = watched(&world, &one, 2, 3, Circuit::Closed).await;
    let new = watched(&world, &one, 3, 0, open(50)).await;
    let many = watched(&world, &two, 4, 30, Circuit::Closed).await;
    let old = watched(&world, &two, 5, 0, open(10)).await;
    let gone = watched(&world, &two, 6, 9, open(5)).await;
    let shaky = watched(&world, &two, 7, 0, Circuit::Closed).await;
    let streak = Some(Streak { failures: 3, since: at(1), last: at(2) });
    let health = Health { streak, ..world.registry.health(shaky).await.unwrap() };
    let change = Change { health, lane: None, watch: None };
    assert!(world.registry.save_health(&two, shaky, &change).await.unwrap());
    assert!(world.registry.delete(&two, gone, None).await.unwrap());
    let paused = TenantSettings { paused: true, ..TenantSettings::default() };
    world.registry.set_settings(&two, &paused, None).await.unwrap();
    let parked = |n: i64, event: &str| {
        let id = DeliveryId::new(old, at(n), event.parse().unwrap());
        let state =
            DeliveryState::Parked { since: at(n), due: at(99), reason: ParkReason::Circuit };
        Delivery { state, ..Delivery::unwritten(id, two.clone(), "a".parse().unwrap()) }
    };
    for delivery in [parked(7, "e7"), parked(3, "e3"), parked(5, "e5")] {
        world.ledger.save(&delivery).await.unwrap();
    }
    let found = troubles(&world.registry, &world.ledger, None, Order::default()).await.unwrap();
    let shown: Vec<_> = found.rows.iter().map(|row| row.webhook.id).collect();
    assert_eq!(shown, [old, new, many, few, shaky], "without the deleted one, and {fine}");
    assert_eq!(found.next, None);
    let longest = &found.rows[0];
    assert_eq!(longest.failing_since(), Some(at(10)));
    assert_eq!((longest.overview.waiting, longest.tenant_paused), (3, true));
    assert_eq!(longest.oldest.as_ref().unwrap().id.event().as_str(), "e3");
    assert!(!found.rows[1].tenant_paused);
    assert_eq!(found.rows[2].failing_since(), None);
}

/// A delivery that waits since then.
async fn waits_since(world: &World, owner: &TenantId, webhook: WebhookId, since: i64) {
    let id = DeliveryId::new(webhook, at(since), format!("e{since}").parse().unwrap());
    let reason = ParkReason::Circuit;
    let state = DeliveryState::Parked { since: at(since), due: at(since + 9_999), reason };
    let delivery =
        Delivery { state, ..Delivery::unwritten(id, owner.clone(), "a".parse().unwrap()) };
    world.ledger.save(&delivery).await.unwrap();
}

/// What fails longest need not wait longest: a webhook that fails since a minute may have been slow for hours.
#[tokio::test]
async fn webhooks_are_shown_by_how_long_their_deliveries_wait() {
    let world = World::with_tenants(0).await;
    let (one, two) = (tenant(1), tenant(2));
    let failing = watched(&world, &one, 1, 1, open(100)).await;
    waits_since(&world, &one, failing, 110).await;
    let slow = watched(&world, &one, 2, 1, Circuit::Closed).await;
    waits_since(&world, &one, slow, 30).await;
    waits_since(&world, &one, slow, 500).await;
    let shaky = watched(&world, &two, 3, 1, open(90)).await;
    waits_since(&world, &two, shaky, 60).await;
    let nothing = watched(&world, &two, 4, 0, open(20)).await;
    let look = async |order| troubles(&world.registry, &world.ledger, None, order).await.unwrap();
    let ids =
        |found: &Troubles| -> Vec<_> { found.rows.iter().map(|row| row.webhook.id).collect() };
    let found = look(Order::FailingLongest).await;
    assert_eq!((ids(&found), found.compared), (vec![nothing, shaky, failing, slow], None));
    let found = look(Order::WaitingLongest).await;
    assert_eq!(ids(&found), [slow, shaky, failing], "what waits for nothing is left out");
    assert_eq!((found.all, found.compared), (4, Some(4)));
}

#[tokio::test]
async fn a_hundred_webhooks_are_compared_by_how_long_they_wait() {
    let mut made = Vec::new();
    for count in [150, 700] {
        let world = World::with_tenants(0).await;
        for n in 0..count {
            let owner = tenant(n);
            let hook = watched(&world, &owner, n as u128, 1, open(10)).await;
            waits_since(&world, &owner, hook, 20 + n as i64).await;
        }
        let before = world.requests.requests();
        let order = Order::WaitingLongest;
        let found = troubles(&world.registry, &world.ledger, None, order).await.unwrap();
        made.push(world.requests.requests() - before);
        assert_eq!((found.rows.len(), found.compared), (25, Some(100)));
    }
    assert!(made[1] <= made[0] + 10, "{made:?}");
    assert!(made[0] <= 180 + 200, "the oldest of each row is known already: {made:?}");
}

#[tokio::test]
async fn a_look_at_troubles_makes_a_bounded_number_of_requests() {
    let mut made = Vec::new();
    for count in [60, 700] {
        let world = World::with_tenants(0).await;
        for n in 0..count {
            watched(&world, &tenant(n), n as u128, 1, open(10)).await;
        }
        let before = world.requests.requests();
        let found = troubles(&world.registry, &world.ledger, None, Order::default()).await.unwrap();
        made.push(world.requests.requests() - before);
        assert_eq!(found.rows.len(), 25);
        assert_eq!(found.all, count.min(300), "of those that were read");
        assert_eq!(found.next.is_some(), count > 300);
        if let Some(next) = found.next {
            let more = troubles(&world.registry, &world.ledger, Some(next), Order::default())
                .await
                .unwrap();
            assert_eq!(more.all, 300);
        }
    }
    assert!(made[1] <= made[0] + 10, "{made:?}");
    assert!(made[0] <= 230, "{made:?}");
}

#[tokio::test]
async fn the_state_is_of_all_queues_the_brake_and_the_canary() {
    let world = World::with_tenants(0).await;
    let letters = MemoryLetters::default();
    letters.add(Source::Events, "x", "is no event");
    let look = async || state(&world.registry, &world.ledger, &letters, &letters).await.unwrap();
    let first = look().await;
    assert_eq!((first.brake, &first.canary), (None, &None));
    let brake = Brake { on: true, in_flight: 90_000, measured_at: at(3) };
    world.registry.set_brake(brake).await.unwrap();
    let canary =
        Canary { id: "c".parse().unwrap(), sent_at: at(2), arrived_at: None, before: None };
    assert!(world.ledger.replace_canary(None, &canary).await.unwrap());
    let found = look().await;
    assert_eq!((found.brake, &found.canary), (Some(brake), &Some(canary)));
    let queues: Vec<_> =
        found.queues.iter().map(|(queue, count)| (*queue, count.visible)).collect();
    assert_eq!(queues, WorkQueue::ALL.map(|queue| (queue, 0)));
    let letters: Vec<_> = found.letters.iter().map(|(one, count)| (*one, count.visible)).collect();
    assert_eq!(letters, Source::ALL.map(|one| (one, u64::from(one == Source::Events))));
}

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap()
}

#[tokio::test]
async fn a_session_ends_when_its_operator_key_is_taken_away() {
    let system = FakeSystem::at(at(0));
    let (old, tokens) = (ring("the-old-operator-key"), ring("the-key-of-tokens"));
    let link = link(&system, old.current(), tokens.current());
    assert_eq!(link.expires_at, at(300));
    let asked = (Purpose::Link, link.pass.expose_secret());
    let pass = admit(asked, (&old, &tokens), at(1)).unwrap();
    let (session, text) = session(pass.key, &system, tokens.current());
    let session_text = text.expose_secret();
    let read = |operators: &str, now| {
        admit((Purpose::Session, session_text), (&ring(operators), &tokens), now)
    };
    assert_eq!(read("the-old-operator-key", at(1)).unwrap(), session);
    assert!(read("the-new-operator-key\nthe-old-operator-key", at(1)).is_ok());
    assert!(matches!(read("the-new-operator-key", at(1)), Err(Shut::Invalid)));
    assert!(matches!(read("the-old-operator-key", at(8 * 3600)), Err(Shut::Expired)));

    // What began in the portal of a tenant ends with it.
    let registry = MemoryRegistry::default();
    let asked = (&tenant(1), Access::Read);
    let (viewed, text) = view(&registry, &system, tokens.current(), &session, asked).await.unwrap();
    assert_eq!((viewed.access, viewed.expires_at), (Access::Read, session.expires_at));
    let asked = (PortalPurpose::Session, text.expose_secret());
    let (read, _) = portal::admit(&registry, asked, (&tokens, at(1)), &tenant(1)).await.unwrap();
    assert_eq!(read, viewed);
    assert!(admits(&read, &old, &tokens));
    assert!(!admits(&read, &ring("the-new-operator-key"), &tokens));
    let (stores, named) = ((&registry, &MemoryLedger::default()), tenant(1));
    let body = r#"{"scope":"read"}"#;
    let link = portal::link(stores, &system, tokens.current(), &named, body).await.unwrap();
    let asked = (PortalPurpose::Link, link.pass.expose_secret());
    let (own, _) = portal::admit(&registry, asked, (&tokens, at(1)), &named).await.unwrap();
    assert!(admits(&own, &ring("the-new-operator-key"), &tokens), "of the tenant's own people");
}

#[tokio::test]
async fn nobody_views_a_tenant_that_was_removed_or_the_canarys() {
    let (system, registry) = (FakeSystem::at(at(0)), MemoryRegistry::default());
    let token: SecretString = "the-key-of-tokens".into();
    let key = KeyMark::of(&"the-operator-key-1".into(), &token);
    let operator = OperatorPass::link(key, at(0));
    let reusable_from = at(0) + SignedDuration::from_hours(1);
    registry.bury(&tenant(1), Tombstone { reusable_from, emptied: false }).await.unwrap();
    for named in [tenant(1), TenantId::canary()] {
        let begun = view(&registry, &system, &token, &operator, (&named, Access::Read)).await;
        assert!(matches!(begun, Err(Shut::Invalid)), "{named}");
    }
}

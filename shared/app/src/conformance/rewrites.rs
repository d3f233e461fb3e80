use hooklane_catalog::{Definition, Owner};
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::access::key::{Key, KeySecret};
use hooklane_domain::access::quotas::Room;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{EventType, KeyId, TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::recovery::{Recovery, Stage, Wanted, WantedStatus};
use hooklane_domain::usage::calendar::Day;
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{Figures, Span};
use hooklane_domain::webhook::Webhook;

use super::canary::canary;
use super::samples::{answered, at, delivery, save, tenant, waiting, webhook};
use super::watch_list::entry;
use crate::ports::{
    ActiveTenants, Added, BrakeStore, CanaryStore, DeletedWebhooks, DeliveryStore, EventTypeStore,
    HealthStore, IdempotencyStore, KeyStore, Look, RecoveryStore, Sweep, TenantStore, UsageStore,
    WatchList, WebhookStore, Written,
};

/// The items of both tables, as no port shows them. Only the tables have attributes; fakes keep values.
pub trait RawItems {
    /// Adds an attribute to every item, and a field to each map in it that is written field by field, as
    /// the next version might.
    fn add_unknown(&self) -> impl Future<Output = ()> + Send;

    /// The places from which the attribute or the field is gone.
    fn lost(&self) -> impl Future<Output = Vec<String>> + Send;
}

/// The attributes that are maps of fields which change one by one. A new field of these is kept, while
/// every other value is written as a whole.
pub const MAPS: [&str; 4] = ["health", "settings", "sweep", "wanted"];

/// What a newer version added to an item is still there after this version has written the item again. The
/// tables hold nothing else.
pub async fn rewrites<R, L>(registry: &R, ledger: &L, raw: &impl RawItems, salt: u128)
where
    R: WebhookStore
        + TenantStore
        + KeyStore
        + EventTypeStore
        + HealthStore
        + WatchList
        + BrakeStore
        + RecoveryStore,
    L: DeliveryStore
        + IdempotencyStore
        + CanaryStore
        + UsageStore
        + ActiveTenants
        + DeletedWebhooks,
{
    let values = Values::new(salt);
    let parked = values.create(registry, ledger).await;
    values.use_something(ledger, 0).await;
    raw.add_unknown().await;
    values.rewrite(registry).await;
    values.rewrite_in_ledger(ledger, &parked).await;
    values.use_something(ledger, 1).await;
    assert_eq!(raw.lost().await, [""; 0]);
}

/// One item of each kind that is written again.
struct Values {
    tenant: TenantId,
    owner: Owner,
    webhook: Webhook,
    key: Key,
    event_type: EventType,
    record: (IdempotencyKey, IdempotencyRecord),
}

const ROOM: Room = Room {
    webhooks: 9,
    expression_cost: u64::MAX >> 1,
    now: hooklane_domain::Timestamp::UNIX_EPOCH,
};

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
impl Values {
    fn new(salt: u128) -> Self {
        let tenant = tenant("rewrites", salt);
        let record = IdempotencyRecord {
            webhook: WebhookId::new(at(7), salt),
            fingerprint: Fingerprint::of("rewrites"),
            at: at(7),
            fulfilled: false,
        };
        Self {
            owner: Owner::Tenant(tenant.clone()),
            webhook: webhook(&tenant, salt, 7),
            key: Key {
                id: KeyId::new(at(7), salt),
                tenant: tenant.clone(),
                name: "rewrites".parse().unwrap(),
                scopes: [Scope::ReadKeys].into_iter().collect(),
                hash: KeySecret::new([7; 32]).hash(),
                former: None,
                created_at: at(7),
                expires_at: None,
                last_used_at: None,
                revision: 1,
            },
            event_type: "rewrites.done".parse().unwrap(),
            record: ("rewrites".parse().unwrap(), record),
            tenant,
        }
    }

    fn definition() -> Definition {
        let body = r#"{"category":"a","description":"b","sample":{},"schema":{}}"#;
        Definition::read(body).unwrap()
    }

    /// Creates the items. Returns the delivery, which is parked.
    async fn create<R, L>(&self, registry: &R, ledger: &L) -> Delivery
    where
        R: WebhookStore
            + TenantStore
            + KeyStore
            + EventTypeStore
            + HealthStore
            + WatchList
            + BrakeStore
            + RecoveryStore,
        L: DeliveryStore
            + IdempotencyStore
            + CanaryStore
            + UsageStore
            + ActiveTenants
            + DeletedWebhooks,
    {
        let (ours, id) = (&self.tenant, self.webhook.id);
        assert_eq!(registry.register(&self.webhook, ROOM).await.unwrap(), Written::Yes);
        let paused = TenantSettings { paused: true, ..TenantSettings::default() };
        assert!(registry.set_settings(ours, &paused, None).await.unwrap().is_some());
        assert_eq!(registry.add_key(&self.key, 9).await.unwrap(), None);
        let definition = Self::definition();
        let add = registry.add_event_type(&self.owner, &self.event_type, &definition, 9);
        assert_eq!(add.await.unwrap(), Added::Yes);
        let streak = Some(Streak { failures: 2, since: at(1), last: at(2) });
        let circuit = Circuit::Open { since: at(1), probe_at: at(2), probes: 3 };
        let health = Health { circuit, streak, discard_until: Some(at(3)), ..Health::default() };
        let change = Change { health, lane: None, watch: Some(at(5)) };
        assert!(registry.save_health(ours, id, &change).await.unwrap());
        registry.set_brake(Brake { on: true, in_flight: 7, measured_at: at(7) }).await.unwrap();
        let wanted = Wanted { since: at(0), until: at(9), status: WantedStatus::Any };
        let recovery = Recovery::new(ours.clone(), id, wanted, at(10));
        assert!(registry.save_recovery(&recovery).await.unwrap());
        assert!(registry.take_turn(&recovery, (at(0), at(100)), 2).await.unwrap());

        let (key, record) = &self.record;
        assert_eq!(ledger.claim(ours, key, record).await.unwrap(), *record);
        assert!(ledger.replace_canary(None, &canary(0, 1)).await.unwrap());
        let written = save(ledger, &delivery(ours, id, 3)).await;
        save(ledger, &written.parked(at(4), ParkReason::Paused)).await
    }

    /// Writes every item of the registry again, with and without what can be absent.
    async fn rewrite<R>(&self, registry: &R)
    where
        R: WebhookStore
            + TenantStore
            + KeyStore
            + EventTypeStore
            + HealthStore
            + WatchList
            + BrakeStore
            + RecoveryStore,
    {
        let (ours, id) = (&self.tenant, self.webhook.id);
        let seen = registry.get(ours, id).await.unwrap().unwrap();
        let changed =
            Webhook { description: None, filter: None, external_id: None, ..seen.clone() };
        assert_eq!(registry.replace(&seen, &changed, ROOM).await.unwrap(), Written::Yes);
        let read = registry.get(ours, id).await.unwrap().unwrap();
        assert!(read.description.is_none() && read.filter.is_none() && read.external_id.is_none());
        assert_eq!(read.revision, seen.revision + 1);

        let strict = TenantSettings { strict: true, ..TenantSettings::default() };
        let set = registry.set_settings(ours, &strict, None).await.unwrap().unwrap();
        assert_eq!(set.settings, strict);
        let set = registry.set_settings(ours, &strict, Some(set.revision)).await.unwrap().unwrap();
        assert_eq!(registry.set_settings(ours, &strict, Some(1)).await.unwrap(), None);
        assert_eq!(set.revision, 3);

        let renamed = Key { name: "renamed".parse().unwrap(), ..self.key.clone() };
        assert!(registry.change_key(&self.key, &renamed).await.unwrap());
        assert!(registry.note_use(ours, self.key.id, at(9)).await.unwrap());
        let definition = Self::definition();
        let put = registry.put_event_type(&self.owner, &self.event_type, &definition, Some(1));
        assert_eq!(put.await.unwrap(), Some(2));

        let health = registry.health(id).await.unwrap();
        let closed =
            Health { circuit: Circuit::Closed, streak: None, discard_until: None, ..health };
        let change = Change { health: closed.clone(), lane: None, watch: Some(at(6)) };
        assert!(registry.save_health(ours, id, &change).await.unwrap());
        assert_eq!(
            registry.health(id).await.unwrap(),
            Health { revision: closed.revision + 1, ..closed.clone() }
        );
        assert!(!registry.save_health(ours, id, &change).await.unwrap(), "it has changed since");
        registry.skip(id).await.unwrap();
        for (after, apart) in [(Some(delivery(ours, id, 1).id), true), (None, false)] {
            let seen = entry(registry, id).await.unwrap();
            let sweep = Sweep { due_at: at(99), after, pending: true };
            let next = Look { due_at: at(90), sweep, apart };
            registry.looked(&seen, next.clone(), 0).await.unwrap();
            assert_eq!(entry(registry, id).await.unwrap().look, next);
        }

        registry.set_brake(Brake { on: false, in_flight: 1, measured_at: at(8) }).await.unwrap();
        for stage in [Stage::Skipped { cursor: None }, Stage::Done { at: at(11) }] {
            let recovery = registry.recovery(id).await.unwrap().unwrap();
            let next = recovery.advanced(2, at(11), Some(stage.clone()));
            assert!(registry.save_recovery(&next).await.unwrap());
            assert!(!registry.save_recovery(&next).await.unwrap(), "it has changed since");
            assert_eq!(registry.recovery(id).await.unwrap().unwrap().stage, stage);
        }
        let recovery = registry.recovery(id).await.unwrap().unwrap();
        assert!(registry.take_turn(&recovery, (at(1), at(200)), 2).await.unwrap());
        registry.end_turn(&recovery).await.unwrap();
    }

    /// Writes every item of the ledger again. The delivery is parked under the key of its old pointer.
    async fn rewrite_in_ledger<L>(&self, ledger: &L, parked: &Delivery)
    where
        L: DeliveryStore
            + IdempotencyStore
            + CanaryStore
            + UsageStore
            + ActiveTenants
            + DeletedWebhooks,
    {
        let waiting = save(ledger, &waiting(parked.clone(), &answered(1, 50, 500))).await;
        let again = waiting.parked(at(4), ParkReason::Circuit);
        let again = save(ledger, &again).await;
        let read = ledger.read(std::slice::from_ref(&again.id)).await.unwrap();
        assert_eq!(read, [Some(again)]);
        let (key, record) = &self.record;
        ledger.fulfil(&self.tenant, key, record).await.unwrap();
        let newest = canary(0, 1).id;
        assert!(ledger.canary_arrived(&newest, at(1)).await.unwrap());
        assert!(ledger.replace_canary(Some(&newest), &canary(9, 2)).await.unwrap());
    }

    /// What is counted of usage, and for whom.
    async fn use_something<L>(&self, ledger: &L, revision: u64)
    where
        L: UsageStore + ActiveTenants + DeletedWebhooks,
    {
        let hour = i64::try_from(revision).unwrap() * 3_600_000;
        let span = Span { from: at(hour), to: at(hour + 3_600_000) };
        let counted = Figures { events: 1, ..Figures::default() };
        ledger.add_usage(&self.tenant, span, counted).await.unwrap();
        let day = Day::of(at(0));
        let months = ledger.usage_of(&self.tenant, &[day.month()]).await.unwrap();
        assert_eq!(months[0].total().events, revision + 1);
        ledger.note_active(&self.tenant, at(0)).await.unwrap();
        ledger.note_deleted(&self.tenant, self.webhook.id, at(0)).await.unwrap();
        let counting = Counting { revision, ..Counting::new(Kind::Final, at(0)) };
        assert!(ledger.save_counting(&counting).await.unwrap());
    }
}

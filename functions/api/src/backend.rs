//! What the handlers need: the ports, the configuration, and what an instance keeps between requests.

use std::sync::Arc;

use hooklane_app::cache::{Bounded, Recent};
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::{
    ActiveTenants, AttemptLog, Backlog, BrakeStore, CanaryStore, Clock, DailyCounts, DeferQueue,
    DeletedWebhooks, DeliveryStore, Entropy, EventIndex, EventSearch, EventStore, EventTypeStore,
    FigureSource, FigureStore, Gathering, HealthStore, IdempotencyStore, InboxLog, InboxStore,
    KeyStore, LetterBox, LogoStore, ParkingStore, Pause, Post, QuotaStore, RecoveryStore,
    RunErrand, SlotStore, TenantIds, TenantStore, TestAttemptStore, TestPlaces, Unavailable,
    UsageStore, VitalsStore, WaitingStore, WatchList, WebhookIds, WebhookSearch, WebhookStore,
};
use hooklane_app::tenants::SettingsRules;
use hooklane_app::webhooks::{Rules, TestDeps};
use hooklane_contract::{Contract, Contracts};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::quota::Lease;
use hooklane_domain::access::quotas::{QuotaName, Quotas};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;
use hooklane_domain::sources::SourceAddresses;
use hooklane_domain::webhook::network::NetworkRules;
use jiff::SignedDuration;

/// The ports that `api` uses.
pub trait Ports: Send + Sync + 'static {
    type Ledger: Ledger + 'static;
    type Registry: Registry + 'static;
    type Queues: DeferQueue + 'static;
    type Letters: LetterBox + 'static;
    type Errands: RunErrand + Backlog + 'static;
    type Sender: Post + 'static;
    type Keys: Keys + 'static;
    type System: Clock + Entropy + Pause + 'static;
}

/// What the handlers work with.
pub struct Deps<P: Ports> {
    pub ledger: P::Ledger,
    pub registry: P::Registry,
    pub queues: P::Queues,
    /// The dead-letter queues of all sources.
    pub letters: P::Letters,
    /// Sends dead letters again, and counts what is in the queues that they go to.
    pub errands: P::Errands,
    pub sender: P::Sender,
    pub operator_keys: P::Keys,
    /// Sign and verify tenants' tokens.
    pub token_keys: P::Keys,
    pub system: P::System,
    pub contracts: Contracts,
    pub catalog: EventCatalog,
    pub network: NetworkRules,
    /// Where deliveries come from, for receivers that allow-list addresses.
    pub sources: SourceAddresses,
    /// The address under which people reach the portal.
    pub portal_origin: String,
    /// A tenant's API requests per minute unless its settings say otherwise; 0 means unlimited.
    pub rate_limit: u32,
    /// The quotas of tenants whose settings give no others.
    pub quotas: Quotas,
    /// How long events, deliveries and what belongs to them are kept.
    pub retention: SignedDuration,
    pub leases: Leases,
    pub pulse: Recent<(), Pulse>,
}

/// The requests that this instance has leased from each tenant's limit per minute.
pub type Leases = Bounded<TenantId, Lease>;

/// Which dependencies answered when `/status` last called them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    pub registry: bool,
    pub ledger: bool,
    pub secrets: bool,
}

impl<P: Ports> Deps<P> {
    /// The rules for webhooks, whosever they are.
    #[must_use]
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            contracts: &self.contracts,
            network: &self.network,
            catalog: &self.catalog,
            tenant_contract: None,
        }
    }

    /// The rules for the webhooks of a tenant.
    #[must_use]
    pub fn rules_of<'a>(&'a self, tenant: &'a Tenant) -> Rules<'a> {
        Rules { tenant_contract: tenant.settings.contract.as_ref(), ..self.rules() }
    }

    /// The contract of a tenant, by its settings or by default.
    #[must_use]
    pub fn contract_of(&self, tenant: &Tenant) -> Option<&Contract> {
        self.contracts.get(self.catalog.defaults().contract_of(&tenant.settings))
    }

    /// The quotas of a tenant.
    #[must_use]
    pub fn quotas_of(&self, tenant: &Tenant) -> Quotas {
        self.quotas.under(&tenant.settings.quotas)
    }

    /// What a test needs, within a tenant's quota of tests at the same time.
    #[must_use]
    pub fn test_deps(
        &self,
        quotas: &Quotas,
    ) -> TestDeps<'_, P::Registry, P::Ledger, P::Sender, P::System> {
        TestDeps {
            registry: &self.registry,
            ledger: &self.ledger,
            sender: &self.sender,
            system: &self.system,
            contracts: &self.contracts,
            catalog: &self.catalog,
            at_once: u32::try_from(quotas.of(QuotaName::ConcurrentTests)).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn names(&self) -> SettingsRules<'_> {
        SettingsRules { contracts: &self.contracts, catalogs: self.catalog.files() }
    }
}

/// A source of keys: the operator's, or those that sign tokens.
pub trait Keys: Send + Sync {
    /// The cached keys. They may be a few minutes old.
    fn known(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<KeyRing>, Unavailable>> + Send;

    /// The keys among which this text is: the cached ones, or else those that are there now. `None` if it is no key.
    fn holding(
        &self,
        text: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Arc<KeyRing>>, Unavailable>> + Send {
        async move {
            let mut keys = self.known(now).await?;
            if !keys.holds(text) {
                keys = self.newest(now).await?;
            }
            Ok(Some(keys).filter(|keys| keys.holds(text)))
        }
    }

    /// The keys as they are now, for a caller whose key is not among the cached ones.
    fn newest(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<KeyRing>, Unavailable>> + Send;
}

/// Defines a trait for several ports that one table implements.
macro_rules! all_of {
    ($($(#[$doc:meta])* $name:ident = $first:ident $(+ $port:ident)*;)+) => { $(
        $(#[$doc])*
        pub trait $name: $first $(+ $port)* {}
        impl<T: $first $(+ $port)*> $name for T {}
    )+ };
}

all_of! {
    /// The ports of the ledger.
    Ledger = EventStore + EventSearch + Gathering + DeliveryStore + AttemptLog + ParkingStore + SlotStore + IdempotencyStore
        + TestAttemptStore + TestPlaces + QuotaStore + DailyCounts + WaitingStore + EventIndex
        + DeletedWebhooks + UsageStore + ActiveTenants + CanaryStore + InboxLog + LogoStore + FigureSource + FigureStore;
    /// The ports of the registry.
    Registry = WebhookStore + WebhookSearch + TenantStore + TenantIds + KeyStore + EventTypeStore + HealthStore + WatchList
        + RecoveryStore + VitalsStore + WebhookIds + InboxStore + BrakeStore;
}

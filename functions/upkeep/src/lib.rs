//! `upkeep`: once a minute it looks after the webhooks on the list: makes probes possible, sends again
//! what was parked and is due, looks for deliveries whose message was lost, works on recoveries, reports
//! what changed and disables what does nothing but fail. It also measures how full the retry queue is.
//!
//! It may end between any two steps, and run twice at once: every message is sent before the item says
//! so, under the next generation; every write is conditional; what was not done is found at the next look.

use std::sync::{Mutex, PoisonError};

use futures::stream::{self, StreamExt as _};
use hooklane_app::ports::{
    BrakeStore, Clock, DeferQueue, DeliveryStore, DispatchQueue, Entropy, EventScan, EventStore,
    HealthStore, ParkingStore, QueueDepth, RecoveryStore, TenantStore, Unavailable, Watch,
    WatchList, WebhookStore,
};
use hooklane_aws::SdkConfig;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::system::System;
use hooklane_contract::Contracts;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::Thresholds;

mod look;
mod recover;
mod release;
mod report;
mod settings;
mod summary;
mod sweep;

pub use settings::Settings;
pub use summary::Summary;

/// A run ends after so many milliseconds: the next one begins after a minute.
const SLICE_MS: i64 = 50_000;
/// So many webhooks of the list are read, and looked at, at once.
const PAGE: usize = 100;
const CONCURRENCY: usize = 8;

/// What `upkeep` works with: ledger, registry, queues, time and chance.
pub struct Upkeep<L, R, Q, S> {
    pub(crate) ledger: L,
    pub(crate) registry: R,
    pub(crate) queues: Q,
    pub(crate) system: S,
    pub(crate) rules: Rules,
    /// Where the last run was interrupted: the next one begins there, so that nobody is always last.
    pub(crate) begin_after: Mutex<Option<WebhookId>>,
}

/// The stores that `upkeep` needs.
pub trait LedgerPorts: DeliveryStore + ParkingStore + EventStore + EventScan {}
impl<T: DeliveryStore + ParkingStore + EventStore + EventScan> LedgerPorts for T {}

/// The registry's side of it.
pub trait RegistryPorts:
    WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore + RecoveryStore
{
}
impl<T: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore + RecoveryStore>
    RegistryPorts for T
{
}

/// The queues' side.
pub trait QueuePorts: DeferQueue + DispatchQueue + QueueDepth {}
impl<T: DeferQueue + DispatchQueue + QueueDepth> QueuePorts for T {}

/// The real one.
#[must_use]
pub fn real(settings: &Settings, aws: &SdkConfig) -> Upkeep<Ledger, Registry, Queues, System> {
    let retention = Retention::days(settings.retention_days);
    let vault = Vault::new(Secret::new(aws, settings.data_key_secret.clone()));
    let urls = QueueUrls { delivery: None, retry: Some(settings.retry_queue.clone()) };
    Upkeep::new(
        Ledger::new(aws, settings.ledger_table.clone(), retention),
        Registry::new(aws, settings.registry_table.clone(), vault),
        Queues::new(aws, urls),
        System,
        Rules {
            thresholds: settings.thresholds,
            brake: settings.brake,
            contracts: hooklane_bundled_contracts::load(),
        },
    )
}

/// What it goes by.
#[derive(Debug, Clone)]
pub struct Rules {
    pub thresholds: Thresholds,
    /// The brake goes on when the retry queue has more in flight.
    pub brake: u64,
    /// They have the rate limits of webhooks that have none of their own.
    pub contracts: Contracts,
}

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    pub fn new(ledger: L, registry: R, queues: Q, system: S, rules: Rules) -> Self {
        Self { ledger, registry, queues, system, rules, begin_after: Mutex::default() }
    }

    /// One run: the brake, then as many looks as the slice allows. A webhook that cannot be looked at
    /// harms no other; its next look is due already.
    pub async fn run(&self) -> Result<Summary, Unavailable> {
        let deadline = Deadline(self.system.now().as_millisecond() + SLICE_MS);
        let mut summary = Summary::default();
        if let Err(error) = self.measure_brake().await {
            tracing::error!(error = error.chain(), "brake.not_measured");
        }
        loop {
            let round = self.walk(deadline).await?;
            let more = round.unfinished > 0 && round.released + round.recovered > 0;
            summary += round;
            if !more || self.is_over(deadline) {
                break;
            }
        }
        summary.log();
        Ok(summary)
    }

    async fn measure_brake(&self) -> Result<(), Unavailable> {
        let before = self.registry.brake().await?;
        let in_flight = self.queues.in_flight().await?;
        let now = self.system.now();
        let brake = Brake::measured(before, in_flight, self.rules.brake, now);
        if brake.on {
            tracing::warn!(queue.in_flight = in_flight, "brake.on");
        }
        self.registry.set_brake(brake).await
    }

    /// Once through the list, from where the last run was interrupted, round to there again.
    async fn walk(&self, deadline: Deadline) -> Result<Summary, Unavailable> {
        let begin = self.begin_after().take();
        let mut summary = Summary::default();
        let mut after = begin;
        let mut wrapped = begin.is_none();
        loop {
            let mut page = self.registry.watched(after, PAGE).await?;
            let was_last = page.len() < PAGE;
            if wrapped && let Some(begin) = begin {
                page.retain(|watch| watch.webhook <= begin);
            }
            let last = page.last().map(|watch| watch.webhook);
            summary += self.look_at_all(page, deadline).await;
            if self.is_over(deadline) {
                *self.begin_after() = last.or(after);
                return Ok(summary);
            }
            match (was_last || last.is_none(), wrapped) {
                (true, true) => return Ok(summary),
                (true, false) => (after, wrapped) = (None, true),
                (false, _) => after = last,
            }
        }
    }

    async fn look_at_all(&self, page: Vec<Watch>, deadline: Deadline) -> Summary {
        let now = self.system.now();
        let due = page.into_iter().filter(|watch| watch.look.due_at <= now);
        let looks = stream::iter(due).map(|watch| async move {
            if self.is_over(deadline) {
                return Summary::default();
            }
            self.look(&watch, deadline).await.unwrap_or_else(|error| {
                let error = error.chain();
                tracing::error!(webhook.id = %watch.webhook, error, "webhook.not_looked_at");
                Summary { failed: 1, ..Summary::default() }
            })
        });
        looks
            .buffer_unordered(CONCURRENCY)
            .fold(Summary::default(), |sum, one| async move { sum + one })
            .await
    }

    fn begin_after(&self) -> std::sync::MutexGuard<'_, Option<WebhookId>> {
        self.begin_after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_over(&self, deadline: Deadline) -> bool {
        self.system.now().as_millisecond() >= deadline.0
    }
}

/// When a slice ends, in Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(i64);

//! A webhook that is switched off while events are published, so that they are skipped, and an index of events
//! that lags for hours.

use hooklane_app::ports::{RecoveryStore as _, WebhookStore as _};
use hooklane_app::recover;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::isolation::recovery::{Recovery, Wanted, WantedStatus};
use hooklane_domain::webhook::{Webhook, WebhookState};
use jiff::SignedDuration;

use super::fault_rates::FaultRates;
use super::pipeline::Pipeline;

/// The index of the webhook: a plain one.
const MISSING: usize = 1;

impl Pipeline {
    /// Switches a webhook off, and lets each batch of `stats` fail for this time. Clocks are right: what is
    /// accepted by a clock that is ahead is not before the end of a recovery.
    pub(crate) async fn miss_events(&mut self, index_stuck: SignedDuration) {
        let registry = &self.environment.registry;
        let webhook = &self.webhooks[MISSING];
        let current = registry.get(&webhook.tenant, webhook.id).await.unwrap().unwrap();
        let off = Webhook { state: WebhookState::Inactive, ..current };
        assert!(registry.update(&off).await.unwrap());
        self.missing = Some(off.id);
        let until = self.environment.now() + index_stuck;
        *self.environment.index_stuck_until.lock().unwrap() = Some(until);
        let rates = FaultRates { clock_jumps: 0.0, ..FaultRates::CHAOS };
        *self.environment.rates.lock().unwrap() = rates;
    }

    /// Starts the recovery once the webhook is active again.
    pub(crate) async fn recover_what_was_missed(&self) {
        let Some(missing) = self.missing else { return };
        let registry = &self.environment.registry;
        if registry.recovery(missing).await.unwrap().is_some() {
            return;
        }
        let (port, tenant) = (self.api(), &self.webhook(missing).tenant);
        let (since, until) = (self.began_at, self.environment.now());
        let wanted = Wanted { since, until, status: WantedStatus::Skipped };
        let (quotas, key) = (Quotas::default(), (tenant, missing));
        let started = recover::start((&port, &port), &port, &quotas, key, wanted);
        started.await.unwrap();
        self.environment.journal.count("skipped events: recovery ordered");
    }

    /// Whether the recovery has ended, and nothing that is listed late can be missing.
    pub(crate) async fn is_recovered(&self) -> bool {
        let Some(missing) = self.missing else { return true };
        let recovery = self.environment.registry.recovery(missing).await.unwrap();
        recovery.is_some_and(|recovery| !recovery.is_open())
    }

    /// What the recovery sent.
    pub(crate) async fn recovery_of_what_was_missed(&self) -> Recovery {
        let missing = self.missing.unwrap();
        self.environment.registry.recovery(missing).await.unwrap().unwrap()
    }

    /// The limit of a run, in virtual time. The longest wait of a retry policy here is 14 hours, and a
    /// recovery looks for late events for 25.
    pub(crate) fn max_virtual_time(&self) -> SignedDuration {
        SignedDuration::from_hours(if self.missing.is_some() { 60 } else { 30 })
    }
}

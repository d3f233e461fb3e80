//! One look at one webhook: everything that is due for it, in an order in which each step may be the last.

use std::time::Duration;

use hooklane_app::deliveries::read_each;
use hooklane_app::ports::{Clock, DeliveryFilter, Entropy, Look, Sweep, Unavailable, Watch};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use hooklane_domain::time::later;

use crate::{Deadline, LedgerPorts, QueuePorts, RegistryPorts, Summary, Upkeep};

/// A webhook that only failed of late is looked at this often.
const REST: Duration = Duration::from_secs(15 * 60);
/// So long a mark on the list is respected: an instance that marked a webhook a moment ago may still be
/// writing what it marked it for.
const MARK_RESPECTED: Duration = Duration::from_secs(15 * 60);

/// A webhook that was marked so lately is looked at again by the next run: instances tell of what they
/// park now and then only, and may just be parking more.
const MARK_FRESH: Duration = Duration::from_secs(2 * 60);

/// A webhook with what is known of it.
pub(crate) struct Seen<'a> {
    pub(crate) watch: &'a Watch,
    /// `None` where it was deleted.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) health: Health,
    pub(crate) tenant_paused: bool,
}

/// What the ledger has of a delivery.
pub(crate) enum Written {
    Is(Box<Delivery>),
    Not,
    /// Something that cannot be read back.
    Unreadable,
}

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    pub(crate) async fn look(
        &self,
        watch: &Watch,
        deadline: Deadline,
    ) -> Result<Summary, Unavailable> {
        let mut summary = Summary { looked: 1, ..Summary::default() };
        let mut seen = self.see(watch).await?;
        summary.disabled += u64::from(self.disable_hopeless(&mut seen).await?);
        summary.reported += self.report(&mut seen).await?;
        let releases = self.release(&seen, deadline).await?;
        summary.released += releases.sent;
        summary.discarded += releases.discarded;
        let recovery = self.registry.recovery(watch.webhook).await?;
        let recovery = recovery.filter(Recovery::is_running);
        let mut recovering = false;
        if let Some(recovery) = recovery {
            let worked = self.recover(&seen, recovery, deadline).await?;
            summary.recovered += worked.sent;
            recovering = worked.running;
        }
        let (sweep, swept) = self.sweep(watch).await?;
        summary.swept += swept;
        summary.unfinished += u64::from(releases.more || recovering);
        let busy = releases.left || recovering || !seen.health.circuit.is_closed();
        self.end(&seen, busy, sweep, releases.removed).await?;
        Ok(summary)
    }

    async fn see<'a>(&self, watch: &'a Watch) -> Result<Seen<'a>, Unavailable> {
        Ok(Seen {
            webhook: self.registry.get(&watch.tenant, watch.webhook).await?,
            health: self.registry.health(watch.webhook).await?,
            tenant_paused: self.registry.tenant(&watch.tenant).await?.settings.paused,
            watch,
        })
    }

    /// What is written of each delivery. Where one of them cannot be read back each is read on its own: it
    /// harms no other.
    pub(crate) async fn written(&self, ids: &[DeliveryId]) -> Result<Vec<Written>, Unavailable> {
        let each = read_each(&self.ledger, ids).await?;
        let written = each.into_iter().zip(ids).map(|(read, id)| match read {
            Ok(Some(delivery)) => Ok(Written::Is(Box::new(delivery))),
            Ok(None) => Ok(Written::Not),
            Err(error) if error.is_corrupt() => {
                tracing::error!(delivery.id = %id, error = error.chain(), "delivery.unreadable");
                Ok(Written::Unreadable)
            }
            Err(error) => Err(error),
        });
        written.collect()
    }

    /// Switches off a webhook that has done nothing but fail for days.
    async fn disable_hopeless(&self, seen: &mut Seen<'_>) -> Result<bool, Unavailable> {
        let Some(webhook) = &mut seen.webhook else { return Ok(false) };
        let hopeless = seen.health.is_hopeless(webhook.updated_at, &self.rules.thresholds);
        if !webhook.state.is_active() || !hopeless {
            return Ok(false);
        }
        let (at, reason) = (self.now_in_milliseconds(), DisableReason::Failing);
        let disabled = self.registry.disable(webhook, reason, at).await?;
        if disabled {
            tracing::warn!(webhook.id = %webhook.id, "webhook.disabled");
            webhook.state = WebhookState::Disabled { at, reason };
        }
        Ok(disabled)
    }

    pub(crate) fn now_in_milliseconds(&self) -> Timestamp {
        hooklane_domain::time::whole_millisecond(self.system.now())
    }

    /// Writes when the next look is due, or takes the webhook off the list.
    async fn end(
        &self,
        seen: &Seen<'_>,
        busy: bool,
        sweep: Sweep,
        removed: u64,
    ) -> Result<(), Unavailable> {
        let now = self.system.now();
        let watch = seen.watch;
        // A webhook that was deleted takes its health with it.
        let clean = seen.webhook.is_none() || seen.health.is_clean();
        let aged = later(watch.marked_at, MARK_RESPECTED) <= now;
        if !busy && clean && aged && !self.has_waiting(watch).await? {
            self.registry.unwatch(watch).await?;
            return Ok(());
        }
        let fresh = later(watch.marked_at, MARK_FRESH) > now;
        let rest = if busy || fresh { Duration::ZERO } else { REST };
        // Nothing is parked any more, whatever was counted.
        let removed = if busy { removed } else { watch.parked.max(removed) };
        self.registry.looked(watch, Look { due_at: later(now, rest), sweep }, removed).await
    }

    /// Whether a delivery waits, by the index: it lags, and the age of the mark makes up for that.
    async fn has_waiting(&self, watch: &Watch) -> Result<bool, Unavailable> {
        for status in [Status::Retrying, Status::Pending] {
            let filter =
                DeliveryFilter { status: Some(status), limit: 1, ..DeliveryFilter::default() };
            let page = self.ledger.list(&watch.tenant, watch.webhook, &filter).await?;
            // One that cannot be read may wait as well as any.
            if !page.deliveries.is_empty() || page.unreadable > 0 || page.next.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

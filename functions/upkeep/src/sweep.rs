//! Nothing depends on one message: a delivery that waits, long overdue, gets a new one.
//!
//! Only the webhooks on the list are swept, which have all that failed of late, and each a few pages at
//! a time. The list has whatever waits for a retry: a failure puts its webhook on it, and it stays there
//! while the index of what is undelivered shows something that waits.

use std::time::Duration;

use hooklane_app::deliveries::send;
use hooklane_app::ports::{Clock, DeliveryFilter, Entropy, Sweep, Unavailable, Watch};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, State, Status};

use crate::look::Written;
use hooklane_domain::time::later;

use crate::{LedgerPorts, QueuePorts, RegistryPorts, Upkeep};

/// Overdue by this much, a delivery's message counts as lost: far more than queues lag.
const LOST: Duration = Duration::from_secs(3_600);
/// From the end of one sweep of a webhook to the beginning of the next.
const REST: Duration = Duration::from_secs(15 * 60);
/// A look sweeps so many pages of so many deliveries.
const PAGES: usize = 5;
const PAGE: usize = 200;

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    /// Sweeps on from where the last look stopped; where it stopped now, and how many were sent again.
    pub(crate) async fn sweep(&self, watch: &Watch) -> Result<(Sweep, u64), Unavailable> {
        let mut sweep = watch.look.sweep.clone();
        let mut sent = 0;
        for _ in 0..PAGES {
            let now = self.system.now();
            if sweep.due_at > now {
                break;
            }
            let status = if sweep.pending { Status::Pending } else { Status::Retrying };
            let filter = DeliveryFilter {
                status: Some(status),
                after: sweep.after.take(),
                limit: PAGE,
                ..DeliveryFilter::default()
            };
            let page = self.ledger.list(&watch.tenant, watch.webhook, &filter).await?;
            sent += self.send_lost(page.deliveries, now).await?;
            sweep = match (page.next, sweep.pending) {
                (Some(next), pending) => Sweep { due_at: now, after: Some(next), pending },
                (None, false) => Sweep { due_at: now, after: None, pending: true },
                (None, true) => Sweep { due_at: later(now, REST), after: None, pending: false },
            };
        }
        Ok((sweep, sent))
    }

    /// The index lags, so each one is read again, consistently.
    async fn send_lost(&self, listed: Vec<Delivery>, now: Timestamp) -> Result<u64, Unavailable> {
        let ids: Vec<_> = listed.into_iter().filter(|d| is_lost(d, now)).map(|d| d.id).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let mut sent = 0;
        for written in self.written(&ids).await? {
            let Written::Is(delivery) = written else { continue };
            if is_lost(&delivery, now) {
                let turn = send(&self.queues, &delivery).await?;
                self.ledger.save(&delivery.resent(turn, now)).await?;
                sent += 1;
            }
        }
        Ok(sent)
    }
}

fn is_lost(delivery: &Delivery, now: Timestamp) -> bool {
    match &delivery.state {
        State::Waiting { next_attempt_at, .. } => later(*next_attempt_at, LOST) < now,
        _ => false,
    }
}

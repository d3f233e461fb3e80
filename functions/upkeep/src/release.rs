//! Parked deliveries are sent again: the message first, then the item, and then the pointer goes.

use futures::stream::{self, StreamExt as _};
use hooklane_app::deliveries::send;
use hooklane_app::ports::{Clock, Entropy, EventStore, Pointer, Saved, Unavailable};
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{CancelReason, Delivery, State};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::slots::per_minute;

use crate::look::{Seen, Written};
use crate::{Deadline, LedgerPorts, QueuePorts, RegistryPorts, Upkeep};

/// So many pointers are read at once …
const PAGE: usize = 100;
/// … and so many of them worked on.
const CONCURRENCY: usize = 32;
/// One look releases at most so many of a webhook: others want their turn too.
const MOST: usize = 5_000;

/// What became of a webhook's parked deliveries.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    pub(crate) sent: u64,
    pub(crate) discarded: u64,
    /// Pointers that are gone.
    pub(crate) removed: u64,
    /// Something is parked still.
    pub(crate) left: bool,
    /// … and could be released at once.
    pub(crate) more: bool,
}

enum Done {
    Sent,
    Discarded,
    /// It was not parked any more.
    Stale,
}

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    pub(crate) async fn release(
        &self,
        seen: &Seen<'_>,
        deadline: Deadline,
    ) -> Result<Releases, Unavailable> {
        let now = self.system.now();
        let id = seen.watch.webhook;
        let (most, due_by) = allowance(seen, &self.rules.contracts, now);
        let mut releases = Releases::default();
        let mut left = most;
        while left > 0 && !self.is_over(deadline) {
            let page = self.ledger.parked(id, due_by, left.min(PAGE)).await?;
            if page.is_empty() {
                break;
            }
            left -= page.len();
            self.work_through(seen, page, &mut releases).await?;
        }
        releases.left = !self.ledger.parked(id, Timestamp::MAX, 1).await?.is_empty();
        // A probe is one, and a rate limit has its pace.
        let unlimited = most == MOST;
        releases.more = unlimited && !self.ledger.parked(id, due_by, 1).await?.is_empty();
        Ok(releases)
    }

    async fn work_through(
        &self,
        seen: &Seen<'_>,
        page: Vec<Pointer>,
        releases: &mut Releases,
    ) -> Result<(), Unavailable> {
        let ids: Vec<_> = page.iter().map(|pointer| pointer.delivery.clone()).collect();
        let items = self.written(&ids).await?;
        let works = stream::iter(page.into_iter().zip(items)).map(|(pointer, item)| async move {
            let done = self.let_go(seen, &pointer, item).await?;
            self.ledger.unpark(&pointer).await?;
            Ok::<_, Unavailable>(done)
        });
        let results: Vec<_> = works.buffer_unordered(CONCURRENCY).collect().await;
        let mut failure = None;
        for result in results {
            match result {
                Ok(done) => {
                    releases.removed += 1;
                    releases.sent += u64::from(matches!(done, Done::Sent));
                    releases.discarded += u64::from(matches!(done, Done::Discarded));
                }
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn let_go(
        &self,
        seen: &Seen<'_>,
        pointer: &Pointer,
        written: Written,
    ) -> Result<Done, Unavailable> {
        let delivery = match written {
            Written::Is(delivery) if is_of(pointer, &delivery) => *delivery,
            Written::Is(_) | Written::Not => return Ok(Done::Stale),
            Written::Unreadable => return self.hand_over(pointer).await,
        };
        let now = self.now_in_milliseconds();
        if let State::Parked { since, .. } = delivery.state
            && seen.health.discards(since)
        {
            let cancelled = delivery.cancelled(now, CancelReason::Discarded);
            return Ok(match self.ledger.save(&cancelled).await? {
                Saved::Yes(_) => Done::Discarded,
                Saved::Conflict => Done::Stale,
            });
        }
        let turn = send(&self.queues, &delivery).await?;
        // Where somebody wrote it meanwhile, the message finds out whether it is needed: most often it
        // was faster than this write, and acts already.
        self.ledger.save(&delivery.handed_to(turn, now)).await?;
        Ok(Done::Sent)
    }

    /// What is parked and cannot be read back goes to `delivery` as a message all the same, which makes a
    /// dead letter of it: that is kept and can be put back, where a pointer would only be in the way.
    async fn hand_over(&self, pointer: &Pointer) -> Result<Done, Unavailable> {
        let id = &pointer.delivery;
        let Some(event) = EventStore::get(&self.ledger, &pointer.tenant, id.event()).await? else {
            return Ok(Done::Stale);
        };
        let (tenant, event_type) = (pointer.tenant.clone(), event.content.event_type);
        let known = Delivery::unwritten(id.clone(), tenant, event_type);
        send(&self.queues, &Delivery { generation: pointer.generation, ..known }).await?;
        Ok(Done::Sent)
    }
}

/// How many deliveries may go now, and which: those due by then.
fn allowance(seen: &Seen<'_>, contracts: &Contracts, now: Timestamp) -> (usize, Timestamp) {
    let Some(webhook) = &seen.webhook else {
        // Whatever they wait for: `delivery` finds the webhook gone and ends them.
        return (MOST, Timestamp::MAX);
    };
    let most = match admit(webhook.state, seen.tenant_paused, seen.health.circuit, now) {
        Admission::Attempt => {
            contracts.rate_limit_of(webhook).map_or(MOST, |limit| per_minute(limit).min(MOST))
        }
        Admission::Probe => 1,
        Admission::Park(_) => 0,
    };
    (most, now)
}

/// Whether the pointer still leads to the parking that it was written for.
fn is_of(pointer: &Pointer, delivery: &Delivery) -> bool {
    matches!(delivery.state, State::Parked { due, .. } if due == pointer.due)
        && delivery.generation == pointer.generation
        && delivery.tenant == pointer.tenant
}

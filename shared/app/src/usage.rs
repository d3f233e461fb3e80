//! Counts what tenants used, from what the ledger holds (ADR 70).

use std::collections::VecDeque;

use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use hooklane_domain::usage::Span;
use hooklane_domain::usage::calendar::Day;
use hooklane_domain::usage::counting::{Counting, Kind, Pace, Stage, Walk};

use crate::ports::{
    ActiveTenants, AttemptLog, Clock, DeletedWebhooks, DeliveryStore, EventIndex, Unavailable,
    UsageStore, WebhookIds,
};

mod report;
mod steps;

pub use report::{Report, Row, RowPlace, all_tenants, one_tenant};

use steps::step;

/// What the counting reads and writes of the ledger.
pub trait UsageLedger:
    DeliveryStore + AttemptLog + EventIndex + ActiveTenants + DeletedWebhooks + UsageStore
{
}

impl<T> UsageLedger for T where
    T: DeliveryStore + AttemptLog + EventIndex + ActiveTenants + DeletedWebhooks + UsageStore
{
}

/// How much one call may do.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// About the read units that it takes.
    pub reads: u64,
    /// When it ends.
    pub until: Timestamp,
}

/// What one call did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Tenants whose span was counted to its end.
    pub tenants: u64,
    pub reads: u64,
    /// Up to when everything is counted.
    pub until: Option<Timestamp>,
    /// Whether another run was faster. Then it goes on, and what this one did since its last note is void.
    pub overtaken: bool,
}

/// The progress is written each time so much was read. A run that ends without a trace costs that much.
const READS_PER_NOTE: u64 = 200;
/// Tenants that are read from the list at once.
const TENANTS: usize = 100;

/// Goes on with a count, as far as the budget reaches. It may end between any two calls, and two may run at
/// once.
pub async fn count<L: UsageLedger>(
    (ledger, webhooks): (&L, &impl WebhookIds),
    clock: &impl Clock,
    (kind, pace): (Kind, Pace),
    budget: Budget,
) -> Result<Counted, Unavailable> {
    let stored = ledger.counting(kind).await?;
    let is_new = stored.is_none();
    let mut counting = stored.unwrap_or_else(|| Counting::new(kind, clock.now()));
    let (mut counted, mut noted, mut upcoming) = (Counted::default(), 0, VecDeque::new());
    let mut is_changed = is_new;
    while counted.reads < budget.reads && clock.now() < budget.until {
        let Some(span) = counting.due(clock.now(), pace) else { break };
        counting = counting.begun(span);
        is_changed = true;
        if !advance((ledger, webhooks), (&mut counting, span), &mut upcoming, &mut counted).await? {
            counting = counting.span_done();
            upcoming.clear();
        }
        if counted.reads - noted >= READS_PER_NOTE {
            if !note(ledger, &mut counting).await? {
                return Ok(Counted { overtaken: true, ..counted });
            }
            (noted, is_changed) = (counted.reads, false);
        }
    }
    if is_changed && !note(ledger, &mut counting).await? {
        return Ok(Counted { overtaken: true, ..counted });
    }
    Ok(Counted { until: Some(counting.until), ..counted })
}

/// Takes one step of the current span. Returns whether there was one to take.
async fn advance<L: UsageLedger>(
    stores: (&L, &impl WebhookIds),
    (counting, span): (&mut Counting, Span),
    upcoming: &mut VecDeque<TenantId>,
    counted: &mut Counted,
) -> Result<bool, Unavailable> {
    let kind = counting.kind;
    let Some(current) = &mut counting.current else { return Ok(false) };
    let Some(walk) = &mut current.walk else {
        if upcoming.is_empty() {
            counted.reads += 1;
            upcoming.extend(stores.0.active(current.after.as_ref(), TENANTS).await?);
        }
        current.walk = upcoming.pop_front().map(Walk::of);
        return Ok(current.walk.is_some());
    };
    let (next, reads) = step(stores, walk, span).await?;
    counted.reads += reads;
    if let Some(next) = next {
        walk.stage = next;
        return Ok(true);
    }
    let (tenant, sum) = (walk.tenant.clone(), walk.sum);
    match kind {
        Kind::Provisional => stores.0.add_usage(&tenant, span, sum).await?,
        Kind::Final => stores.0.finish_usage(&tenant, Day::of(span.from), sum).await?,
    }
    counted.tenants += 1;
    (current.after, current.walk) = (Some(tenant), None);
    Ok(true)
}

/// Writes how far the count is. Returns whether no other run was faster.
async fn note(ledger: &impl UsageStore, counting: &mut Counting) -> Result<bool, Unavailable> {
    let written = ledger.save_counting(counting).await?;
    counting.revision += 1;
    Ok(written)
}

/// The stage with which the webhooks of a tenant begin.
const FIRST_WEBHOOK: Stage = Stage::Webhook { after: None };

#[cfg(test)]
mod tests;

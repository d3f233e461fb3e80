//! The log of a webhook's attempts: two orders, one list.
//!
//! Attempts that are kept beside their deliveries are in order of the time at which they began. Prompt
//! successes are in their deliveries, which are in order of acceptance; each began near to it. So once
//! deliveries are read down to an acceptance, every success that began more than [`PROMPT`] after it is
//! known, and what is known in both orders can be told in one.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt_log::{
    CLOCKS_DIFFER, LogEntry, LogPosition, PROMPT, is_prompt,
};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{TenantId, WebhookId};
use jiff::SignedDuration;

use crate::ports::{
    AttemptLog, DeliveryFilter, DeliveryStore, LogFilter, LogPage, Unavailable, WebhookStore,
};

/// How much is read: deliveries with each query, and queries of deliveries before a page is answered
/// with what is known by then.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadBudget {
    pub(super) chunk: usize,
    pub(super) queries: usize,
}

const READ_BUDGET: ReadBudget = ReadBudget { chunk: 500, queries: 20 };

/// A page of a webhook's log, newest first, or `None` where the tenant has no such webhook. An attempt
/// is in the log once it has ended, under the time at which it began.
pub async fn log<L: DeliveryStore + AttemptLog>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    (tenant, webhook): (&TenantId, WebhookId),
    filter: &LogFilter,
) -> Result<Option<LogPage>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    read(ledger, (tenant, webhook), filter, READ_BUDGET).await.map(Some)
}

pub(super) async fn read<L: DeliveryStore + AttemptLog>(
    ledger: &L,
    (tenant, webhook): (&TenantId, WebhookId),
    filter: &LogFilter,
    budget: ReadBudget,
) -> Result<LogPage, Unavailable> {
    let mut reading = Reading::new(filter);
    let mut queries = 0;
    loop {
        if let Some(page) = reading.page(queries >= budget.queries) {
            return Ok(page);
        }
        if reading.deliveries_are_behind() {
            queries += 1;
            let asked = DeliveryFilter {
                after: reading.after.take(),
                // The first look is a small one: most logs are asked for their newest lines.
                limit: if queries == 1 { budget.chunk.min(2 * filter.limit) } else { budget.chunk },
                accepted: reading.accepted,
                ..DeliveryFilter::default()
            };
            let read = ledger.list(tenant, webhook, &asked).await?;
            reading.unreadable += read.unreadable;
            reading.successes_in(read.deliveries);
            reading.in_deliveries = read.next.as_ref().map(|last| {
                // Nothing unread began later than this.
                LogPosition::Before(shifted(last.accepted_at(), PROMPT + MILLISECOND))
            });
            reading.after = read.next;
        } else {
            let asked = LogFilter { from: reading.kept.take(), ..filter.clone() };
            let read = ledger.kept(tenant, webhook, &asked).await?;
            reading.unreadable += read.unreadable;
            reading.known.extend(read.entries);
            reading.kept = read.next;
        }
    }
}

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

fn shifted(time: Timestamp, by: SignedDuration) -> Timestamp {
    let limit = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.saturating_add(by).unwrap_or(limit)
}

/// How far both orders are read, and what was found.
struct Reading<'a> {
    filter: &'a LogFilter,
    /// The deliveries in which a success of the page may be.
    accepted: TimeRange,
    after: Option<hooklane_domain::ids::DeliveryId>,
    /// Where what is unread of each order starts; `None` where all is read.
    in_deliveries: Option<LogPosition>,
    kept: Option<LogPosition>,
    known: Vec<LogEntry>,
    unreadable: usize,
}

impl<'a> Reading<'a> {
    fn new(filter: &'a LogFilter) -> Self {
        let start = filter.from.clone().unwrap_or(LogPosition::Before(Timestamp::MAX));
        let began = filter.began.before(start.end());
        let accepted = TimeRange::new(
            began.since().map(|since| shifted(since, -PROMPT)),
            began.until().map(|until| shifted(until, CLOCKS_DIFFER)),
        );
        let open = Some(start);
        Self {
            filter,
            accepted,
            after: None,
            in_deliveries: open.clone(),
            kept: open,
            known: Vec::new(),
            unreadable: 0,
        }
    }

    /// Whether it is deliveries that must be read before more of the list is known.
    fn deliveries_are_behind(&self) -> bool {
        let end = |position: &Option<LogPosition>| position.as_ref().map(LogPosition::end);
        end(&self.in_deliveries) >= end(&self.kept)
    }

    fn successes_in(&mut self, deliveries: Vec<Delivery>) {
        let filter = self.filter;
        self.known.extend(deliveries.into_iter().filter_map(|mut delivery| {
            let success = delivery.success.take()?;
            let entry = LogEntry::of(&delivery, success);
            let fits = is_prompt(delivery.id.accepted_at(), entry.attempt.at)
                && filter.began.contains(entry.attempt.at)
                && filter.from.as_ref().is_none_or(|from| from.precedes(&entry.key()));
            fits.then_some(entry)
        }));
    }

    /// The page, if enough is known. `tired`: with what there is, as long as the next one then starts
    /// further down.
    fn page(&mut self, tired: bool) -> Option<LogPage> {
        self.known.sort_by_cached_key(|entry| std::cmp::Reverse(entry.key()));
        // What is behind a full page is read again with the next one.
        self.known.truncate(self.filter.limit + 1);
        let unread = |entry: &LogEntry| {
            let key = entry.key();
            [&self.in_deliveries, &self.kept].into_iter().flatten().any(|open| open.precedes(&key))
        };
        let certain = self.known.iter().position(unread).unwrap_or(self.known.len());
        let rest = self.rest();
        if certain >= self.filter.limit {
            let more = rest.is_some() || self.known.len() > self.filter.limit;
            self.known.truncate(self.filter.limit);
            let next = self.known.last().filter(|_| more);
            let next = next.map(|entry| LogPosition::After(entry.key()));
            return Some(self.with(next));
        }
        let goes_on = match &rest {
            None => true,
            Some(rest) => {
                let start = self.filter.from.as_ref().map_or(Timestamp::MAX, LogPosition::end);
                tired && (certain > 0 || rest.end() < start)
            }
        };
        goes_on.then(|| {
            self.known.truncate(certain);
            self.with(rest)
        })
    }

    /// A page of what is known.
    fn with(&mut self, next: Option<LogPosition>) -> LogPage {
        let entries = std::mem::take(&mut self.known);
        LogPage { entries, unreadable: self.unreadable, next }
    }

    /// From where on something is unread in one of the two orders. Of two that end alike it is the one
    /// that leaves out less.
    fn rest(&self) -> Option<LogPosition> {
        let open = [&self.kept, &self.in_deliveries].into_iter().flatten();
        open.max_by_key(|open| (open.end(), matches!(open, LogPosition::Before(_)))).cloned()
    }
}

#[cfg(test)]
mod tests;

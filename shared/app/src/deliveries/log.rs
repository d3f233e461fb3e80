//! The log of a webhook's attempts, merged from two lists.
//!
//! Failed attempts and late successes have items of their own, ordered by when the attempt began. A prompt
//! success is stored in its delivery, and deliveries are ordered by when their event was accepted. A prompt
//! success begins at most [`PROMPT`] after that. So once the deliveries are read down to some acceptance,
//! every prompt success that began more than [`PROMPT`] after it is known, and attempts that are known in
//! both lists can be merged.

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

/// How much one request reads: `chunk` deliveries with each query, and at most `queries` queries of
/// deliveries before it returns what it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadBudget {
    pub(super) chunk: usize,
    pub(super) queries: usize,
}

const READ_BUDGET: ReadBudget = ReadBudget { chunk: 500, queries: 20 };

/// A page of a webhook's log, newest first, or `None` if the tenant has no such webhook. An attempt appears
/// in the log when it has ended, and is listed at the time at which it began.
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
                // The first query is small, since most requests want the newest lines only.
                limit: if queries == 1 { budget.chunk.min(2 * filter.limit) } else { budget.chunk },
                accepted: reading.accepted,
                ..DeliveryFilter::default()
            };
            let read = ledger.list(tenant, webhook, &asked).await?;
            reading.unreadable += read.unreadable;
            reading.successes_in(read.deliveries);
            reading.in_deliveries = read.next.as_ref().map(|last| {
                // No unread success began later than this.
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

/// How far both lists have been read, and what was found.
struct Reading<'a> {
    filter: &'a LogFilter,
    /// When the deliveries were accepted whose success may be on the page.
    accepted: TimeRange,
    after: Option<hooklane_domain::ids::DeliveryId>,
    /// Where the unread part of each list starts; `None` when all of it has been read.
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

    /// Whether the deliveries, rather than the kept attempts, must be read next.
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

    /// The page, if enough is known. With `out_of_budget` a shorter page will do, as long as the next one
    /// starts further down the list.
    fn page(&mut self, out_of_budget: bool) -> Option<LogPage> {
        self.known.sort_by_cached_key(|entry| std::cmp::Reverse(entry.key()));
        // Whatever follows a full page is read again for the next one.
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
        let is_page = match &rest {
            None => true,
            Some(rest) => {
                let start = self.filter.from.as_ref().map_or(Timestamp::MAX, LogPosition::end);
                out_of_budget && (certain > 0 || rest.end() < start)
            }
        };
        is_page.then(|| {
            self.known.truncate(certain);
            self.with(rest)
        })
    }

    /// A page of what is known.
    fn with(&mut self, next: Option<LogPosition>) -> LogPage {
        let entries = std::mem::take(&mut self.known);
        LogPage { entries, unreadable: self.unreadable, next }
    }

    /// Where the unread part of either list starts, whichever is newer. Of two at the same time it is the one
    /// that leaves out less.
    fn rest(&self) -> Option<LogPosition> {
        let open = [&self.kept, &self.in_deliveries].into_iter().flatten();
        open.max_by_key(|open| (open.end(), matches!(open, LogPosition::Before(_)))).cloned()
    }
}

#[cfg(test)]
mod tests;

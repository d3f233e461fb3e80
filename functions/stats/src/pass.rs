//! One batch of the stream, from its records to chunks in the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures::future::try_join_all;
use hooklane_app::deadline::Deadline;
use hooklane_app::figures::{self, Asking};
use hooklane_app::ports::{
    ActiveTenants as _, Clock as _, DeadLetters as _, EventIndexWriter as _, Unavailable,
};
use hooklane_aws::stream::{self, Answer, Batch, Record};
use hooklane_domain::Timestamp;
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::ids::{EventId, TenantId, WebhookId};
use hooklane_domain::metrics::{Figures, Metric};
use hooklane_domain::time::later;

use crate::ports::Ports;
use crate::stats::{NOTED_FOR, Stats};

/// The number of concurrent writes.
const CONCURRENCY: usize = 16;
/// Chunks after the first ones are only begun while this much time is left.
const TO_BEGIN: Duration = Duration::from_secs(10);

/// A webhook is only settled while this much time is left.
const TO_SETTLE: Duration = Duration::from_secs(20);

/// A chunk to be written.
struct Pending {
    /// The first of its events' records in the batch.
    first: usize,
    tenant: TenantId,
    chunk: Chunk,
}

/// The events of a batch by tenant, each with its record, the webhooks that were marked, and the records that
/// cannot be read.
#[derive(Default)]
struct Sorted {
    events: BTreeMap<TenantId, Vec<(usize, Entry)>>,
    marked: BTreeSet<(TenantId, WebhookId)>,
    dead: Vec<(usize, String)>,
}

pub(crate) async fn run<P: Ports>(
    stats: &Stats<P>,
    batch: &Batch,
    deadline: Deadline,
) -> Result<Answer, Unavailable> {
    work(stats, batch, deadline).await.inspect_err(|error| error.log("batch.failed"))
}

async fn work<P: Ports>(
    stats: &Stats<P>,
    batch: &Batch,
    deadline: Deadline,
) -> Result<Answer, Unavailable> {
    let Sorted { events, marked, dead } = sort(batch);
    let indexed: usize = events.values().map(Vec::len).sum();
    let pending = chunks(events);
    let mut left = None;
    for (turn, some) in pending.chunks(CONCURRENCY).enumerate() {
        if turn > 0 && !deadline.leaves(TO_BEGIN, &stats.system) {
            left = some.first().map(|next| next.first);
            break;
        }
        let now = stats.system.now();
        note_active(stats, some, now).await?;
        let writes = some.iter().map(|next| stats.ledger.keep(&next.tenant, &next.chunk, now));
        try_join_all(writes).await?;
    }
    // They are sent last, so that a batch that fails and comes back leaves no dead letter each time. What
    // comes after the first record that is handed back is delivered again with it.
    let mut measured = Figures::default().with(Metric::DeadLetters, 0);
    for (index, reason) in &dead {
        if left.is_none_or(|left| *index < left) {
            tracing::warn!(reason, "record.dead_lettered");
            stats.dead_letters.put(batch.records[*index].get(), reason).await?;
            measured.add(Metric::DeadLetters, 1);
        }
    }
    let settled = settle(stats, &marked, deadline).await;
    let records = batch.records.len();
    tracing::info!(
        batch.records = records,
        batch.events = indexed,
        batch.chunks = pending.len(),
        batch.marks = marked.len(),
        batch.settled = settled,
        batch.handed_back = left.map_or(0, |left| records - left),
        metrics = %measured,
        "batch.done"
    );
    left.map_or_else(|| Ok(Answer::default()), |left| Answer::from(&batch.records[left]))
}

/// Settles the figures of marked webhooks, as many as there is time for. It never fails the batch: a mark that
/// is passed over changes no figure.
async fn settle<P: Ports>(
    stats: &Stats<P>,
    marked: &BTreeSet<(TenantId, WebhookId)>,
    deadline: Deadline,
) -> usize {
    let mut settled = 0;
    for (tenant, webhook) in marked {
        if !deadline.leaves(TO_SETTLE, &stats.system) {
            break;
        }
        let asking = Asking::marked(stats.system.now(), stats.retention);
        match figures::settle(&stats.ledger, (tenant, *webhook), asking).await {
            Ok(()) => settled += 1,
            Err(error) => error.log("figures.not_settled"),
        }
    }
    // Whoever has busy webhooks has many events.
    let tenants: BTreeSet<_> = marked.iter().map(|(tenant, _)| tenant).collect();
    for tenant in tenants {
        if !deadline.leaves(TO_SETTLE, &stats.system) {
            break;
        }
        let asking = Asking::marked(stats.system.now(), stats.retention);
        if let Err(error) = figures::settle_events(&stats.ledger, tenant, asking).await {
            error.log("figures.not_settled");
        }
    }
    settled
}

/// Notes the tenants of some chunks as active, so that their usage is counted, unless this instance did so
/// lately. Before the chunks are written: a batch that fails in between comes again.
async fn note_active<P: Ports>(
    stats: &Stats<P>,
    chunks: &[Pending],
    now: Timestamp,
) -> Result<(), Unavailable> {
    let is_due = |tenant: &&TenantId| {
        stats.noted.get(tenant).is_none_or(|noted| later(noted, NOTED_FOR) <= now)
    };
    let due: BTreeSet<_> = chunks.iter().map(|next| &next.tenant).filter(is_due).collect();
    try_join_all(due.iter().map(|tenant| stats.ledger.note_active(tenant, now))).await?;
    for tenant in due {
        stats.noted.put(tenant.clone(), now);
    }
    Ok(())
}

/// Reads one record after the other, so that the content of one event is in memory at a time.
fn sort(batch: &Batch) -> Sorted {
    let mut sorted = Sorted::default();
    for (index, raw) in batch.records.iter().enumerate() {
        match stream::read(raw) {
            // Canaries are no tenant's events: no list shows them.
            Ok(Record::NewEvent(event)) if event.tenant.is_canary() => {}
            Ok(Record::NewEvent(event)) => {
                let entry = Entry::of(&event);
                sorted.events.entry(event.tenant).or_default().push((index, entry));
            }
            Ok(Record::Mark { tenant, webhook }) => {
                sorted.marked.insert((tenant, webhook));
            }
            Ok(Record::Other) => {}
            Err(reason) => sorted.dead.push((index, reason.to_string())),
        }
    }
    sorted
}

/// The chunks of all tenants, those of earlier records first, so that a batch that is handed back from a
/// record on gets further each time.
fn chunks(events: BTreeMap<TenantId, Vec<(usize, Entry)>>) -> Vec<Pending> {
    let mut pending = Vec::new();
    for (tenant, events) in events {
        // A stream may deliver an event twice in one batch; the first record counts.
        let mut records: HashMap<EventId, usize> = HashMap::new();
        for (index, entry) in &events {
            records.entry(entry.id.clone()).or_insert(*index);
        }
        let entries = events.into_iter().map(|(_, entry)| entry).collect();
        for chunk in Chunk::of_events(entries) {
            let of_chunk = chunk.entries().iter().filter_map(|entry| records.get(&entry.id));
            let first = of_chunk.min().copied().unwrap_or_default();
            pending.push(Pending { first, tenant: tenant.clone(), chunk });
        }
    }
    pending.sort_by_key(|next| next.first);
    pending
}

//! A look at a webhook's deliveries: reads its figures, and keeps what has settled.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_domain::Timestamp;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::settled::{
    Hour, Minute, NOTES_OVERLAP, Note, Progress, REACH, SettledHour, frontier,
};
use hooklane_domain::ids::{TenantId, WebhookId};
use jiff::SignedDuration;

use super::events::Events;
use super::reading::{Deliveries, Minutes, Raw};
use super::{Asking, FigureLedger};
use crate::ports::{FigureStore, FiguresOf, Unavailable};

/// So many deliveries are worth being kept: reading them again costs more than two writes.
const WORTH_KEEPING: usize = 100;
/// The hours of notes are read from the index together if no more than this lie between them.
const GAP_HOURS: i64 = 3;
/// The minutes with unreadable deliveries that one look counts again, the newest first.
const MOST_MISSING: usize = 20;

/// Reads the figures of a window. It reads in this order, on which everything rests: progress, notes, kept
/// hours, and only then index and table. So an hour that is written is newer than what it replaces, or it is
/// not written.
pub async fn look(
    ledger: &impl FigureLedger,
    (tenant, webhook): (&TenantId, WebhookId),
    window: Window,
    asking: Asking,
) -> Result<Report, Unavailable> {
    let reader = Deliveries { ledger, tenant, webhook, pages: asking.pages };
    look_at(ledger, &FiguresOf::Webhook(webhook), reader, window, asking).await
}

/// Reads the events that a tenant's producers published in a window, in the same way.
pub async fn look_at_events(
    ledger: &impl FigureLedger,
    tenant: &TenantId,
    window: Window,
    asking: Asking,
) -> Result<Report, Unavailable> {
    let reader = Events { index: ledger, tenant, now: asking.now, pages: asking.pages };
    look_at(ledger, &FiguresOf::Tenant(tenant.clone()), reader, window, asking).await
}

async fn look_at(
    ledger: &impl FigureStore,
    of: &FiguresOf,
    mut reader: impl Minutes,
    window: Window,
    asking: Asking,
) -> Result<Report, Unavailable> {
    let now = asking.now;
    let wanted = Wanted::of(window, asking);
    let stored = ledger.progress(of).await?;
    let progress = stored.unwrap_or_else(|| Progress::none(now));
    let notes = match stored {
        None => BTreeSet::new(),
        Some(progress) => {
            let since = earlier(progress.looked_at, NOTES_OVERLAP);
            readable(ledger.notes(of, since).await?, &progress, asking)
        }
    };
    let mut hours = kept(ledger, of, &progress, &notes, wanted.from).await?;
    let before = hours.clone();

    let from = wanted.from.max(lasting(asking));
    let all_noted = renew(&mut reader, &mut hours, &progress, &notes, from).await?;
    let is_renewed = hours != before;
    let tail = match wanted.to {
        Some(to) if to <= progress.until => {
            Raw { stopped_at: Some(progress.until), ..Raw::default() }
        }
        to => reader.accepted((progress.until, to), true).await?,
    };
    let older = if wanted.from < progress.since {
        reader.accepted((wanted.from, Some(progress.since)), false).await?
    } else {
        Raw::default()
    };

    let settled = Progress {
        since: settled_since(&older, &progress, wanted.from),
        until: [Some(frontier(now)), tail.stopped_at, wanted.to]
            .into_iter()
            .flatten()
            .min()
            .map_or(progress.until, |read_to| read_to.max(progress.until)),
        looked_at: if all_noted { now } else { progress.looked_at },
        revision: progress.revision,
    };
    let report =
        report(window, &wanted, (&hours, &progress), (&tail, &older), &settled, all_noted, now);

    let newly = tail.minutes.range(..settled.until).map(|(_, parts)| parts.sum().counts()).sum();
    let is_cut =
        tail.stopped_at.is_some_and(|at| wanted.to.is_none_or(|to| to > at) && at > progress.until);
    let is_worth = |count: u64| count >= WORTH_KEEPING as u64;
    if is_worth(newly) || is_worth(older.count as u64) || is_cut || is_renewed || !notes.is_empty()
    {
        for (minute, parts) in
            tail.minutes.into_iter().filter(|(minute, _)| *minute < settled.until)
        {
            hours
                .entry(minute.hour())
                .or_insert_with(|| SettledHour::none(minute.hour()))
                .put(minute, parts);
        }
        for (minute, parts) in older.minutes {
            hours
                .entry(minute.hour())
                .or_insert_with(|| SettledHour::none(minute.hour()))
                .put(minute, parts);
        }
        keep(ledger, of, (&before, &hours), &settled).await;
    }
    Ok(report)
}

/// Settles what can be settled of a webhook that has many deliveries, and what is older and was never settled.
/// It answers nothing: the next request finds less to read.
pub async fn settle(
    ledger: &impl FigureLedger,
    (tenant, webhook): (&TenantId, WebhookId),
    asking: Asking,
) -> Result<(), Unavailable> {
    let Some(window) = unsettled(ledger, &FiguresOf::Webhook(webhook), asking).await? else {
        return Ok(());
    };
    look(ledger, (tenant, webhook), window, asking).await.map(drop)
}

/// Settles a tenant's events in the same way.
pub async fn settle_events(
    ledger: &impl FigureLedger,
    tenant: &TenantId,
    asking: Asking,
) -> Result<(), Unavailable> {
    let of = FiguresOf::Tenant(tenant.clone());
    let Some(window) = unsettled(ledger, &of, asking).await? else { return Ok(()) };
    look_at_events(ledger, tenant, window, asking).await.map(drop)
}

/// What can be settled now, if there is anything.
async fn unsettled(
    ledger: &impl FigureStore,
    of: &FiguresOf,
    asking: Asking,
) -> Result<Option<Window>, Unavailable> {
    let to = frontier(asking.now);
    let progress = ledger.progress(of).await?;
    let oldest = Wanted::oldest(asking);
    let is_whole = progress.is_some_and(|progress| progress.since <= oldest);
    if is_whole && progress.is_some_and(|progress| progress.until >= to) {
        return Ok(None);
    }
    // Older minutes are read only if they are missing: they are many.
    let from = if is_whole { to.hour().first() } else { oldest };
    Ok(Some(Window::Span { from: from.min(Minute(to.0 - 1)), to, step: Step::Day }))
}

/// The minutes that are asked for and can be counted.
struct Wanted {
    from: Minute,
    to: Option<Minute>,
}

impl Wanted {
    fn of(window: Window, asking: Asking) -> Self {
        let (from, to) = window.minutes(asking.now);
        Self { from: from.max(Self::oldest(asking)), to }
    }

    /// The first minute that can be counted: the deliveries before it expire, or have expired.
    fn oldest(Asking { now, retention, .. }: Asking) -> Minute {
        let reach = SignedDuration::try_from(REACH).unwrap_or_default();
        let reach = (retention - SignedDuration::from_hours(1)).min(reach);
        Minute::at_or_after(now.saturating_sub(reach).unwrap_or(Timestamp::MIN))
    }
}

/// What is announced of settled minutes. In the last two hours of a delivery's life its hour is not counted
/// again, since others of the hour may have expired already.
fn readable(notes: BTreeSet<Note>, progress: &Progress, asking: Asking) -> BTreeSet<Note> {
    let oldest = lasting(asking);
    let concerns = |note: &Note| match note {
        Note::Rest(hour) => {
            hour.first() >= oldest && hour.end() > progress.since && hour.first() < progress.until
        }
        Note::Whole(minute) => *minute >= oldest && progress.has(*minute),
    };
    notes.into_iter().filter(concerns).collect()
}

/// The first minute whose deliveries all last for two hours more.
fn lasting(Asking { now, retention, .. }: Asking) -> Minute {
    let lives = retention - SignedDuration::from_hours(2);
    Minute::at_or_after(now.saturating_sub(lives).unwrap_or(Timestamp::MIN))
}

/// All hours that this look may show or write.
async fn kept(
    ledger: &impl FigureStore,
    of: &FiguresOf,
    progress: &Progress,
    notes: &BTreeSet<Note>,
    from: Minute,
) -> Result<BTreeMap<Hour, SettledHour>, Unavailable> {
    let noted = notes.iter().map(|note| match note {
        Note::Rest(hour) => *hour,
        Note::Whole(minute) => minute.hour(),
    });
    let first = noted.chain([from.hour(), progress.until.hour()]).min().unwrap_or(from.hour());
    // A look that died before it wrote the progress may have written hours after it.
    let read = ledger.hours(of, first, Hour(i64::MAX)).await?;
    Ok(read.into_iter().map(|hour| (hour.hour, hour)).collect())
}

/// Counts again what was announced, and from a minute on what could not be read. Returns whether the pages sufficed for all of it.
async fn renew(
    reader: &mut impl Minutes,
    hours: &mut BTreeMap<Hour, SettledHour>,
    progress: &Progress,
    notes: &BTreeSet<Note>,
    from: Minute,
) -> Result<bool, Unavailable> {
    let rest = notes.iter().filter_map(|note| match note {
        Note::Rest(hour) => Some(*hour),
        Note::Whole(_) => None,
    });
    for (first, last) in runs(rest) {
        let span = (first.first().max(progress.since), last.end().min(progress.until));
        let Some(rest) = reader.listed(span).await? else { return Ok(false) };
        for hour in hours.values_mut() {
            for (_, parts) in hour.minutes.range_mut(span.0..span.1) {
                parts.rest = Bucket::default();
            }
            hour.minutes.retain(|_, parts| !parts.is_empty());
        }
        for (minute, (bucket, unreadable)) in rest {
            let hour =
                hours.entry(minute.hour()).or_insert_with(|| SettledHour::none(minute.hour()));
            let parts = hour.minutes.entry(minute).or_default();
            parts.rest = bucket;
            parts.unreadable = parts.unreadable.max(unreadable);
        }
    }
    for hour in hours.values_mut().filter(|hour| hour.is_unreadable) {
        let span = (hour.hour.first().max(progress.since), hour.hour.end().min(progress.until));
        if span.0 < span.1 {
            let raw = reader.accepted((span.0, Some(span.1)), true).await?;
            if raw.stopped_at.is_some() {
                return Ok(false);
            }
            hour.minutes.extend(raw.minutes);
        }
        hour.is_unreadable = false;
    }
    let whole = notes.iter().filter_map(|note| match note {
        Note::Rest(_) => None,
        Note::Whole(minute) => Some(*minute),
    });
    // What could not be read may be readable now.
    let missing = hours.values().flat_map(|hour| &hour.minutes);
    let missing = missing.filter(|(minute, parts)| {
        parts.unreadable > 0 && progress.has(**minute) && **minute >= from
    });
    let missing = missing.map(|(minute, _)| *minute).rev().take(MOST_MISSING);
    let again: BTreeSet<_> = whole.chain(missing).collect();
    for minute in again {
        let raw = reader.accepted((minute, Some(Minute(minute.0 + 1))), true).await?;
        if raw.stopped_at.is_some() {
            return Ok(false);
        }
        let parts = raw.minutes.get(&minute).cloned().unwrap_or_default();
        hours
            .entry(minute.hour())
            .or_insert_with(|| SettledHour::none(minute.hour()))
            .put(minute, parts);
    }
    Ok(true)
}

/// Hours in order as few spans, so that few queries read them.
fn runs(hours: impl Iterator<Item = Hour>) -> Vec<(Hour, Hour)> {
    let mut runs: Vec<(Hour, Hour)> = Vec::new();
    for hour in hours {
        match runs.last_mut() {
            Some((_, last)) if hour.0 - last.0 <= GAP_HOURS => *last = hour,
            _ => runs.push((hour, hour)),
        }
    }
    runs
}

/// From when on the minutes are settled, after older ones were read.
fn settled_since(older: &Raw, progress: &Progress, from: Minute) -> Minute {
    match older.stopped_at {
        // Nothing was read, or the minute that was read in part comes first.
        Some(at) => Minute(at.0.saturating_add(1)).min(progress.since),
        None => from.min(progress.since),
    }
}

fn report(
    window: Window,
    wanted: &Wanted,
    (hours, progress): (&BTreeMap<Hour, SettledHour>, &Progress),
    (tail, older): (&Raw, &Raw),
    settled: &Progress,
    all_noted: bool,
    now: Timestamp,
) -> Report {
    let mut report = Report::none(window, now);
    let from = wanted.from.max(settled.since);
    // Up to here everything was read.
    let end = match tail.stopped_at {
        Some(at) => wanted.to.unwrap_or(at).min(at),
        None => wanted.to.unwrap_or(Minute(i64::MAX)),
    };
    let is_wanted = |minute: &Minute| from <= *minute && *minute < end;
    let kept =
        hours.values().flat_map(|hour| &hour.minutes).filter(|(minute, _)| progress.has(**minute));
    for (minute, parts) in
        kept.chain(&tail.minutes).chain(&older.minutes).filter(|(m, _)| is_wanted(m))
    {
        report.add(*minute, &parts.sum());
        report.is_cut |= parts.unreadable > 0;
    }
    report.since = from.start();
    report.until = end.start().min(report.until).max(report.since);
    report.is_cut |= !all_noted
        || from > wanted.from
        || tail.stopped_at.is_some_and(|at| wanted.to.is_none_or(|to| at < to));
    report
}

/// Writes the hours that changed, then the progress. It stops at the first that somebody else wrote: that one
/// has read more. A failure leaves the progress as it was.
async fn keep(
    ledger: &impl FigureStore,
    of: &FiguresOf,
    (before, hours): (&BTreeMap<Hour, SettledHour>, &BTreeMap<Hour, SettledHour>),
    progress: &Progress,
) {
    let changed = hours.iter().filter(|(hour, now)| {
        before.get(hour).map_or(!now.minutes.is_empty(), |was| was.minutes != now.minutes)
    });
    let write = async {
        for (_, hour) in changed {
            if !ledger.save_hour(of, hour).await? {
                return Ok(false);
            }
        }
        ledger.save_progress(of, progress).await
    };
    match write.await {
        Ok(kept) => tracing::debug!(figures.of = ?of, kept, "figures.settled"),
        Err(error) => Unavailable::log(&error, "figures.not_kept"),
    }
}

fn earlier(at: Timestamp, by: std::time::Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::{Hour, Listed, Minute, Note, Progress, SettledHour};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use super::{FakeSystem, MemoryLedger, lock};
use crate::ports::{
    AnswerKey, Counted, CountedPage, CountedPlace, FigureMarks, FigureSource, FigureStore,
    FiguresOf, Unavailable,
};

impl MemoryLedger {
    /// From now on it knows when deliveries are saved. Without a clock none is saved late.
    pub fn watch(&self, clock: Arc<FakeSystem>) {
        lock(&self.figures).clock = Some(clock);
    }

    /// Begins to save a delivery: leaves the note of a late save. [`MemoryLedger::land`] goes on.
    pub fn announce(&self, delivery: &Delivery) -> Timestamp {
        lock(&self.figures).announce(delivery)
    }

    /// Begins to save a delivery as of this time, whatever the ledger's clock says.
    pub fn announce_at(&self, delivery: &Delivery, now: Timestamp) {
        lock(&self.figures).announce_at(delivery, now);
    }

    /// The webhooks that were marked, with the times.
    #[must_use]
    pub fn marks(&self) -> Vec<(TenantId, WebhookId, Timestamp)> {
        lock(&self.figures).marks.clone()
    }

    /// Forgets everything that was kept of figures.
    pub fn forget_figures(&self) {
        let mut figures = lock(&self.figures);
        figures.progress.clear();
        figures.hours.clear();
        figures.answers.clear();
    }

    /// From now on the hours that were kept cannot be read.
    pub fn garble_hours(&self) {
        for hour in lock(&self.figures).hours.values_mut() {
            hour.minutes.clear();
            hour.is_unreadable = true;
        }
    }

    /// Deletes the deliveries that were accepted before this time, as the table's TTL does.
    pub fn expire(&self, before: Timestamp) {
        lock(&self.deliveries).retain(|id, _| id.accepted_at() >= before);
        lock(&self.figures).listed.retain(|id, _| id.accepted_at() >= before);
    }

    /// The calls about figures so far: reads, and writes.
    #[must_use]
    pub fn figure_calls(&self) -> (usize, usize) {
        (self.figure_reads.load(Ordering::SeqCst), self.figure_writes.load(Ordering::SeqCst))
    }

    fn reads_figures(&self) -> Result<(), Unavailable> {
        self.figure_reads.fetch_add(1, Ordering::SeqCst);
        self.faults.step()
    }

    fn writes_figures(&self) -> Result<(), Unavailable> {
        self.figure_writes.fetch_add(1, Ordering::SeqCst);
        self.faults.step()
    }

    fn counted(
        &self,
        (tenant, webhook): (&TenantId, WebhookId),
        list: Option<Listed>,
        range: TimeRange,
        place: &CountedPlace,
    ) -> CountedPage {
        let (deliveries, unreadable) = (lock(&self.deliveries), lock(&self.unreadable));
        let figures = lock(&self.figures);
        // The first of all event ids.
        let Ok(first) = "-".parse::<EventId>() else { return CountedPage::default() };
        let bound = |time: Timestamp| DeliveryId::new(webhook, time, first.clone());
        let mut low = Bound::Included(bound(range.since().unwrap_or(Timestamp::UNIX_EPOCH)));
        let mut high = Bound::Excluded(bound(range.until().unwrap_or(Timestamp::MAX)));
        match &place.after {
            Some(after) if place.oldest_first => low = Bound::Excluded(after.clone()),
            Some(after) => high = Bound::Excluded(after.clone()),
            None => {}
        }
        let is_empty = match (&low, &high) {
            (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high)) => low >= high,
            _ => false,
        };
        if is_empty {
            return CountedPage::default();
        }
        let wanted = |id: &DeliveryId| match list {
            None => true,
            Some(list) => figures.listed.get(id) == Some(&list),
        };
        let range = deliveries.range((low, high)).filter(|(id, _)| wanted(id));
        let mut found: Vec<_> = if place.oldest_first {
            range.take(place.limit + 1).collect()
        } else {
            range.rev().take(place.limit + 1).collect()
        };
        let more = found.len() > place.limit;
        found.truncate(place.limit);
        let next = found.last().filter(|_| more).map(|(id, _)| (*id).clone());
        let mut page = CountedPage { next, ..CountedPage::default() };
        for (id, delivery) in found {
            if unreadable.contains_key(id) {
                page.unreadable.push(id.clone());
            } else if delivery.tenant == *tenant {
                let is_listed = figures.listed.contains_key(id);
                page.deliveries.push(Counted { delivery: delivery.clone(), is_listed });
            }
        }
        page
    }
}

impl FigureSource for MemoryLedger {
    async fn accepted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        self.reads_figures()?;
        Ok(self.counted((tenant, webhook), None, accepted, place))
    }

    async fn listed(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        list: Listed,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        self.reads_figures()?;
        Ok(self.counted((tenant, webhook), Some(list), accepted, place))
    }
}

impl FigureStore for MemoryLedger {
    async fn progress(&self, of: &FiguresOf) -> Result<Option<Progress>, Unavailable> {
        self.reads_figures()?;
        Ok(lock(&self.figures).progress.get(of).copied())
    }

    async fn hours(
        &self,
        of: &FiguresOf,
        from: Hour,
        to: Hour,
    ) -> Result<Vec<SettledHour>, Unavailable> {
        self.reads_figures()?;
        let figures = lock(&self.figures);
        let range = figures.hours.range((of.clone(), from)..=(of.clone(), to));
        Ok(range.map(|(_, hour)| hour.clone()).collect())
    }

    async fn notes(&self, of: &FiguresOf, since: Timestamp) -> Result<BTreeSet<Note>, Unavailable> {
        self.reads_figures()?;
        let figures = lock(&self.figures);
        let since = Minute::of(since);
        let ours = figures.notes.iter().filter(|(whose, at, _)| whose == of && *at >= since);
        Ok(ours.map(|(_, _, note)| *note).collect())
    }

    async fn save_hour(&self, of: &FiguresOf, hour: &SettledHour) -> Result<bool, Unavailable> {
        self.writes_figures()?;
        let mut figures = lock(&self.figures);
        let key = (of.clone(), hour.hour);
        let stored = figures.hours.get(&key).map_or(0, |stored| stored.revision);
        if stored != hour.revision {
            return Ok(false);
        }
        let written = SettledHour { revision: stored + 1, is_unreadable: false, ..hour.clone() };
        figures.hours.insert(key, written);
        Ok(true)
    }

    async fn save_progress(
        &self,
        of: &FiguresOf,
        progress: &Progress,
    ) -> Result<bool, Unavailable> {
        self.writes_figures()?;
        let mut figures = lock(&self.figures);
        let stored = figures.progress.get(of).map_or(0, |stored| stored.revision);
        if stored != progress.revision {
            return Ok(false);
        }
        figures.progress.insert(of.clone(), Progress { revision: stored + 1, ..*progress });
        Ok(true)
    }

    async fn answers(&self, keys: &[AnswerKey]) -> Result<Vec<Option<Report>>, Unavailable> {
        // A batch read takes a hundred keys.
        for _ in keys.chunks(100) {
            self.reads_figures()?;
        }
        let figures = lock(&self.figures);
        let of = |key: &AnswerKey| (key.owner.clone(), key.window.to_string());
        Ok(keys.iter().map(|key| figures.answers.get(&of(key)).cloned()).collect())
    }

    async fn keep_answer(&self, key: &AnswerKey, report: &Report) -> Result<(), Unavailable> {
        self.writes_figures()?;
        let of = (key.owner.clone(), key.window.to_string());
        lock(&self.figures).answers.insert(of, report.clone());
        Ok(())
    }
}

impl FigureMarks for MemoryLedger {
    async fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        lock(&self.figures).marks.push((tenant.clone(), webhook, now));
        Ok(())
    }
}

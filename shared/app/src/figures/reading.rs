//! Reads deliveries into minutes, page by page, as far as a look may.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::settled::{Listed, Minute, Parts};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use crate::ports::{Counted, CountedPage, CountedPlace, FigureSource, Unavailable};

/// The deliveries that one page reads at most.
const PAGE: usize = 1_000;

/// What is counted by the minute of its acceptance. It reads as many pages as it may, and no more.
pub(super) trait Minutes: Send {
    /// All of a span. If the pages do not suffice, only whole minutes are kept.
    fn accepted(
        &mut self,
        span: Span,
        oldest_first: bool,
    ) -> impl Future<Output = Result<Raw, Unavailable>> + Send;

    /// What may still change of a span's settled minutes, by minute; `None` if the pages do not suffice. Minutes
    /// with what cannot be read are there, too.
    fn listed(
        &mut self,
        span: (Minute, Minute),
    ) -> impl Future<Output = Result<Option<BTreeMap<Minute, Rest>>, Unavailable>> + Send;
}

/// Whose deliveries are read, and how many pages are left.
pub(super) struct Deliveries<'a, L> {
    pub(super) ledger: &'a L,
    pub(super) tenant: &'a TenantId,
    pub(super) webhook: WebhookId,
    pub(super) pages: usize,
}

/// Minutes as the table has them.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) minutes: BTreeMap<Minute, Parts>,
    pub(super) count: usize,
    /// The first minute in the direction of the reading that was not read to its end, if the pages did not
    /// suffice.
    pub(super) stopped_at: Option<Minute>,
}

/// What the index lists of a minute, and how many of it cannot be read.
pub(super) type Rest = (Bucket, u64);

/// From a minute, included, to another, excluded, if there is an end.
pub(super) type Span = (Minute, Option<Minute>);

pub(super) fn range((from, to): Span) -> TimeRange {
    TimeRange::new(Some(from.start()), to.map(Minute::start))
}

impl<L: FigureSource> Minutes for Deliveries<'_, L> {
    async fn accepted(&mut self, span: Span, oldest_first: bool) -> Result<Raw, Unavailable> {
        let mut raw = Raw::default();
        let mut after: Option<DeliveryId> = None;
        loop {
            if self.pages == 0 {
                let first = span.0;
                let at = after.map_or_else(
                    || if oldest_first { first } else { Minute(i64::MAX) },
                    |id| Minute::of(id.accepted_at()),
                );
                raw.minutes.remove(&at);
                raw.stopped_at = Some(at);
                return Ok(raw);
            }
            self.pages -= 1;
            let place = CountedPlace { oldest_first, after, limit: PAGE };
            let page = self.ledger.accepted(self.tenant, self.webhook, range(span), &place).await?;
            raw.add(&page);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(raw),
            }
        }
    }

    async fn listed(
        &mut self,
        span: (Minute, Minute),
    ) -> Result<Option<BTreeMap<Minute, Rest>>, Unavailable> {
        let mut unreadable = BTreeSet::new();
        // A delivery that moves from one list to another meanwhile may be met in both.
        let mut found: BTreeMap<DeliveryId, Delivery> = BTreeMap::new();
        for list in Listed::ALL {
            let mut after = None;
            loop {
                let Some(left) = self.pages.checked_sub(1) else { return Ok(None) };
                self.pages = left;
                let place = CountedPlace { oldest_first: false, after, limit: PAGE };
                let range = range((span.0, Some(span.1)));
                let page: CountedPage =
                    self.ledger.listed(self.tenant, self.webhook, list, range, &place).await?;
                unreadable.extend(page.unreadable);
                for Counted { delivery, .. } in page.deliveries {
                    let seen = found.get(&delivery.id).map_or(0, |seen| seen.revision);
                    if delivery.revision > seen {
                        found.insert(delivery.id.clone(), delivery);
                    }
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        let mut minutes: BTreeMap<Minute, Rest> = BTreeMap::new();
        for delivery in found.values() {
            minutes.entry(Minute::of(delivery.id.accepted_at())).or_default().0.count(delivery);
        }
        for id in unreadable {
            minutes.entry(Minute::of(id.accepted_at())).or_default().1 += 1;
        }
        Ok(Some(minutes))
    }
}

impl Raw {
    fn add(&mut self, page: &CountedPage) {
        self.count += page.deliveries.len();
        for id in &page.unreadable {
            self.minutes.entry(Minute::of(id.accepted_at())).or_default().unreadable += 1;
        }
        for Counted { delivery, is_listed } in &page.deliveries {
            let parts = self.minutes.entry(Minute::of(delivery.id.accepted_at())).or_default();
            let part = if *is_listed { &mut parts.rest } else { &mut parts.base };
            part.count(delivery);
        }
    }
}

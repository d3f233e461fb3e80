//! Reads deliveries into minutes, page by page, as far as a look may.

use std::collections::BTreeMap;

use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::settled::{Listed, Minute, Parts};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use crate::ports::{Counted, CountedPage, CountedPlace, FigureSource, Unavailable};

/// The deliveries that one page reads at most.
const PAGE: usize = 1_000;

/// Whose deliveries are read, and how many pages are left.
pub(super) struct Reader<'a, L> {
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

/// From a minute, included, to another, excluded, if there is an end.
pub(super) type Span = (Minute, Option<Minute>);

fn range((from, to): Span) -> TimeRange {
    TimeRange::new(Some(from.start()), to.map(Minute::start))
}

impl<L: FigureSource> Reader<'_, L> {
    /// All deliveries of a span. If the pages do not suffice, only whole minutes are kept.
    pub(super) async fn accepted(
        &mut self,
        span: Span,
        oldest_first: bool,
    ) -> Result<Raw, Unavailable> {
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
            raw.add(&page.deliveries);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(raw),
            }
        }
    }

    /// What the index lists of a span, by minute; `None` if the pages do not suffice.
    pub(super) async fn listed(
        &mut self,
        span: (Minute, Minute),
    ) -> Result<Option<BTreeMap<Minute, Bucket>>, Unavailable> {
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
        let mut minutes: BTreeMap<Minute, Bucket> = BTreeMap::new();
        for delivery in found.values() {
            minutes.entry(Minute::of(delivery.id.accepted_at())).or_default().count(delivery);
        }
        Ok(Some(minutes))
    }
}

impl Raw {
    fn add(&mut self, deliveries: &[Counted]) {
        self.count += deliveries.len();
        for Counted { delivery, is_listed } in deliveries {
            let parts = self.minutes.entry(Minute::of(delivery.id.accepted_at())).or_default();
            let part = if *is_listed { &mut parts.rest } else { &mut parts.base };
            part.count(delivery);
        }
    }
}

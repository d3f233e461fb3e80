//! Reads the index of a tenant's events into minutes, as far as a look may.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_domain::Timestamp;
use hooklane_domain::event_index::Place;
use hooklane_domain::event_index::merge::Wanted;
use hooklane_domain::figures::settled::Minute;
use hooklane_domain::ids::TenantId;

use super::reading::{Minutes, Raw, Rest, Span, range};
use crate::event_index::{Query, indexed};
use crate::ports::{EventIndex, Unavailable};

/// The events that one page reads at most. A minute at a thousand a second has three pages.
const PAGE: usize = 20_000;
/// Minutes that are read at once from the oldest on, to begin with. A span whose pages do not suffice is read
/// again in parts: the index goes from the newest event to the oldest.
const FIRST_SPAN: i64 = 120;
const SPAN_PAGES: usize = 8;
const PARTS: i64 = 8;

/// Whose events are read, and how many pages are left. Nothing changes an event, so all of it is base.
pub(super) struct Events<'a, I> {
    pub(super) index: &'a I,
    pub(super) tenant: &'a TenantId,
    pub(super) now: Timestamp,
    pub(super) pages: usize,
}

impl<I: EventIndex> Minutes for Events<'_, I> {
    async fn accepted(&mut self, span: Span, oldest_first: bool) -> Result<Raw, Unavailable> {
        if !oldest_first {
            return self.newest_first(span, self.pages).await;
        }
        let mut raw = Raw::default();
        let (mut at, mut width) = (span.0, FIRST_SPAN);
        let now = Minute(Minute::of(self.now).0 + 1);
        while span.1.is_none_or(|end| at < end) {
            let to = Minute(at.0.saturating_add(width));
            let to = match span.1 {
                Some(end) => Some(to.min(end)),
                None => Some(to).filter(|to| *to < now),
            };
            let most = if width > 1 { SPAN_PAGES.min(self.pages) } else { self.pages };
            let before = self.pages;
            let part = self.newest_first((at, to), most).await?;
            if part.stopped_at.is_none() {
                raw.count += part.count;
                raw.minutes.extend(part.minutes);
                let Some(to) = to else { return Ok(raw) };
                at = to;
                if before - self.pages <= 2 {
                    width = width.saturating_mul(2);
                }
            } else if width == 1 || self.pages == 0 {
                raw.stopped_at = Some(at);
                return Ok(raw);
            } else {
                width = (width / PARTS).max(1);
            }
        }
        Ok(raw)
    }

    async fn listed(
        &mut self,
        _: (Minute, Minute),
    ) -> Result<Option<BTreeMap<Minute, Rest>>, Unavailable> {
        Ok(Some(BTreeMap::new()))
    }
}

impl<I: EventIndex> Events<'_, I> {
    /// The events of a span, in at most this many pages. If they do not suffice, the newest whole minutes.
    async fn newest_first(&mut self, span: Span, most: usize) -> Result<Raw, Unavailable> {
        let mut raw = Raw::default();
        let wanted = Wanted { accepted: range(span), ..Wanted::default() };
        let (mut after, mut unreadable): (Option<Place>, _) = (None, BTreeSet::new());
        for _ in 0..most {
            self.pages -= 1;
            let query = Query { wanted: wanted.clone(), after, limit: PAGE, written_since: None };
            let read = indexed(self.index, self.tenant, query).await?;
            raw.count += read.page.entries.len();
            for entry in &read.page.entries {
                let parts = raw.minutes.entry(Minute::of(entry.accepted_at)).or_default();
                parts.base.count_events(&entry.event_type, 1);
            }
            unreadable.extend(read.unreadable);
            after = read.page.next;
            if after.is_none() {
                break;
            }
        }
        if let Some(next) = after {
            let at = Timestamp::from_millisecond(next.ms()).map_or(span.0, Minute::of);
            raw.minutes.remove(&at);
            raw.stopped_at = Some(at);
        } else if most == 0 {
            raw.stopped_at = Some(Minute(i64::MAX));
        }
        // A chunk that cannot be read: its newest event's minute lacks events.
        for newest_ms in unreadable {
            let at = Timestamp::from_millisecond(newest_ms).map(Minute::of);
            let is_here = |at: &Minute| {
                *at >= span.0
                    && span.1.is_none_or(|end| *at < end)
                    && raw.stopped_at.is_none_or(|stopped| *at > stopped)
            };
            if let Some(at) = at.ok().filter(is_here) {
                raw.minutes.entry(at).or_default().unreadable += 1;
            }
        }
        Ok(raw)
    }
}

//! What figures read of deliveries, and what is kept of them in the partition of a webhook's figures.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::payload;
use hooklane_app::ports::{
    AnswerKey, Counted, CountedPage, CountedPlace, FigureMarks, FigureSource, FigureStore,
    FiguresOf, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::{
    self, HOURS_KEPT, Hour, Listed, Minute, Note, Progress, SettledHour,
};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::time::later;

use super::Ledger;
use super::delivery::to_delivery;
use super::keys::{self, KeyRange};
use super::pages::MOST_QUERIES;
use crate::failure::corrupt;
use crate::table::{Item, Write, binary, limit, number, string};

/// Compressed content.
const CONTENT: &str = "z";
/// Counts the writes of an item.
const REVISION: &str = "v";
/// The settled span, its two ends in minutes, and when notes were looked at, in milliseconds.
const SINCE: &str = "a";
const UNTIL: &str = "b";
const LOOKED: &str = "l";

/// A note is needed until the next look, and a little longer. A webhook that nobody looked at before it expires
/// has nothing settled for so long that its notes could concern.
const NOTES_KEPT: std::time::Duration = HOURS_KEPT;
/// An answer is used for a minute.
const ANSWERS_KEPT: std::time::Duration = std::time::Duration::from_hours(1);

impl FigureSource for Ledger {
    async fn accepted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        self.counted(tenant, webhook, None, accepted, place).await
    }

    async fn listed(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        list: Listed,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        self.counted(tenant, webhook, Some(list), accepted, place).await
    }
}

impl Ledger {
    async fn counted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        list: Option<Listed>,
        accepted: TimeRange,
        place: &CountedPlace,
    ) -> Result<CountedPage, Unavailable> {
        let mut range = KeyRange::of_deliveries(accepted);
        if let Some(after) = &place.after {
            // The range begins or ends with a key that was read, which is left out below.
            let sk = keys::delivery(after).sk;
            if place.oldest_first {
                range.low = range.low.max(sk);
            } else {
                range.high = range.high.min(sk);
            }
        }
        let mut page = CountedPage::default();
        if range.low > range.high {
            return Ok(page);
        }
        let mut start: Option<Item> = None;
        for _ in 0..MOST_QUERIES {
            let query = match list {
                Some(list) => self
                    .table
                    .query_index(keys::UNDELIVERED, "u = :u AND sk BETWEEN :low AND :high")
                    .expression_attribute_values(":u", string(keys::listed(webhook, list))),
                None => self
                    .table
                    .query("pk = :pk AND sk BETWEEN :low AND :high")
                    .expression_attribute_values(":pk", string(keys::webhook(webhook))),
            };
            let query = query
                .scan_index_forward(place.oldest_first)
                .limit(limit(place.limit.saturating_add(1)))
                .expression_attribute_values(":low", string(&range.low))
                .expression_attribute_values(":high", string(&range.high))
                .set_exclusive_start_key(start);
            let read = self.table.page(query).await?;
            let mut last = None;
            for item in read.items {
                let id = keys::delivery_of(&item);
                let is_over = id.is_some() && id == place.after;
                last = id.or(last);
                if !is_over {
                    count(&mut page, (tenant, webhook), last.as_ref(), item);
                }
            }
            start = read.next;
            // If no key of a page can be read, there is no place to go on from: the next page is read.
            if start.is_none() || (last.is_some() && last != place.after) {
                page.next = last.filter(|_| start.is_some());
                return Ok(page);
            }
        }
        Err(corrupt("a list of deliveries", "page after page of it has no key that can be read"))
    }
}

/// Adds an item to a page. One that cannot be read back is left out and named.
fn count(
    page: &mut CountedPage,
    (tenant, webhook): (&TenantId, WebhookId),
    id: Option<&DeliveryId>,
    item: HashMap<String, AttributeValue>,
) {
    let is_listed = item.contains_key(keys::UNDELIVERED_KEY);
    match to_delivery(item) {
        Ok(delivery) if delivery.tenant == *tenant => {
            page.deliveries.push(Counted { delivery, is_listed });
        }
        Ok(_) => {}
        Err(_) => {
            page.unreadable.extend(id.cloned());
            let id = id.map(tracing::field::display);
            tracing::error!(webhook.id = %webhook, delivery.id = id, "delivery.left_out");
        }
    }
}

impl FigureStore for Ledger {
    async fn progress(&self, of: &FiguresOf) -> Result<Option<Progress>, Unavailable> {
        let item = self.table.get_item(&keys::figures_progress(of)).await?;
        Ok(item.and_then(|item| {
            let read = |name: &str| integer(&item, name);
            Some(Progress {
                since: Minute(read(SINCE)?),
                until: Minute(read(UNTIL)?),
                looked_at: Timestamp::from_millisecond(read(LOOKED)?).ok()?,
                revision: u64::try_from(read(REVISION)?).ok()?,
            })
        }))
    }

    async fn hours(
        &self,
        of: &FiguresOf,
        from: Hour,
        to: Hour,
    ) -> Result<Vec<SettledHour>, Unavailable> {
        let (low, high) = (keys::figures_hour(of, from).sk, keys::figures_hour(of, to).sk);
        let mut hours = Vec::new();
        for item in self.kept(of, (low, high)).await? {
            let Some(hour) = keys::hour_of_figures(&item) else { continue };
            let revision =
                integer(&item, REVISION).and_then(|v| u64::try_from(v).ok()).unwrap_or(0);
            let minutes = unpacked(&item).and_then(|text| settled::unpack(&text));
            let is_unreadable = minutes.is_none();
            let minutes = minutes.unwrap_or_default();
            hours.push(SettledHour { hour, minutes, revision, is_unreadable });
        }
        Ok(hours)
    }

    async fn notes(&self, of: &FiguresOf, since: Timestamp) -> Result<BTreeSet<Note>, Unavailable> {
        let range = keys::figures_notes(Minute::of(since));
        let items = self.kept(of, range).await?;
        Ok(items.iter().filter_map(keys::note_of_figures).collect())
    }

    async fn save_hour(&self, of: &FiguresOf, hour: &SettledHour) -> Result<bool, Unavailable> {
        let packed = packed(&settled::pack(&hour.minutes))?;
        let expires = later(hour.hour.first().start(), HOURS_KEPT).as_second();
        let write = Write::update(
            &keys::figures_hour(of, hour.hour),
            "SET z = :content, v = :next, expiresAt = :expires",
        );
        let write = write
            .value(":content", binary(packed))
            .value(":next", number(hour.revision + 1))
            .value(":expires", number(expires))
            .if_revision(REVISION, hour.revision);
        self.table.write(write).await
    }

    async fn save_progress(
        &self,
        of: &FiguresOf,
        progress: &Progress,
    ) -> Result<bool, Unavailable> {
        // It lasts as long as there is anything that it could say.
        let expires = later(progress.until.start(), HOURS_KEPT).as_second();
        let write = Write::update(
            &keys::figures_progress(of),
            "SET a = :since, b = :until, l = :looked, v = :next, expiresAt = :expires",
        );
        let write = write
            .value(":since", number(progress.since.0))
            .value(":until", number(progress.until.0))
            .value(":looked", number(progress.looked_at.as_millisecond()))
            .value(":next", number(progress.revision + 1))
            .value(":expires", number(expires))
            .if_revision(REVISION, progress.revision);
        self.table.write(write).await
    }

    async fn answers(&self, wanted: &[AnswerKey]) -> Result<Vec<Option<Report>>, Unavailable> {
        let wanted: Vec<_> = wanted.iter().map(keys::figures_answer).collect();
        let mut found = BTreeMap::new();
        for item in self.table.get_all(&wanted).await? {
            if let Some(key) = crate::table::Key::of(&item) {
                found.insert(key, item);
            }
        }
        let read = |item: &Item| serde_json::from_str(&unpacked(item)?).ok();
        Ok(wanted.iter().map(|key| found.get(key).and_then(read)).collect())
    }

    async fn keep_answer(&self, key: &AnswerKey, report: &Report) -> Result<(), Unavailable> {
        let json = serde_json::to_string(report).map_err(|e| corrupt("figures", e))?;
        let mut item = keys::figures_answer(key).attributes();
        item.insert(CONTENT.to_owned(), binary(packed(&json)?));
        let expires = later(report.as_of, ANSWERS_KEPT).as_second();
        item.insert("expiresAt".to_owned(), number(expires));
        self.table.put(item).await
    }
}

impl FigureMarks for Ledger {
    async fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let mut item = keys::figures_mark(webhook).attributes();
        item.insert("t".to_owned(), string(tenant));
        // What changes, so that the stream has a record of it.
        item.insert("a".to_owned(), number(now.as_millisecond()));
        item.insert("expiresAt".to_owned(), number(later(now, ANSWERS_KEPT).as_second()));
        self.table.put(item).await
    }
}

impl Ledger {
    /// All items of some figures between two sort keys, both included.
    async fn kept(
        &self,
        of: &FiguresOf,
        (low, high): (String, String),
    ) -> Result<Vec<Item>, Unavailable> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let query = self
                .table
                .query("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":pk", string(keys::figures(of)))
                .expression_attribute_values(":low", string(&low))
                .expression_attribute_values(":high", string(&high))
                .set_exclusive_start_key(start);
            let read = self.table.page(query).await?;
            items.extend(read.items);
            start = read.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Leaves the note of what is written late, unless this instance left it in this minute.
    pub(super) async fn note_change(
        &self,
        of: &FiguresOf,
        note: Note,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let key = keys::figures_note(of, Minute::of(now), note);
        if self.noted.get(&key).is_some() {
            return Ok(());
        }
        let mut item = key.attributes();
        item.insert("expiresAt".to_owned(), number(later(now, NOTES_KEPT).as_second()));
        self.table.put(item).await?;
        self.noted.put(key, ());
        Ok(())
    }
}

fn packed(text: &str) -> Result<Vec<u8>, Unavailable> {
    payload::deflate(text.as_bytes()).ok_or_else(|| corrupt("figures", "they cannot be compressed"))
}

fn unpacked(item: &Item) -> Option<String> {
    match item.get(CONTENT) {
        Some(AttributeValue::B(packed)) => payload::inflate(packed.as_ref()).ok(),
        _ => None,
    }
}

fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The webhook of a mark, as it arrives in the table's stream, and its tenant.
#[must_use]
pub fn marked(item: &serde_dynamo::Item) -> Option<(TenantId, WebhookId)> {
    let text = |name: &str| match item.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Some(text.as_str()),
        _ => None,
    };
    let webhook = keys::webhook_of_figures(text("pk")?)?;
    Some((text("t")?.parse().ok()?, webhook))
}

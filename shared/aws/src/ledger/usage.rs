//! What tenants used: an item for each tenant and month, with an attribute for each day (`d01` to `d31`), and
//! how far the counts are.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{Unavailable, UsagePage, UsageStore};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use hooklane_domain::time::later;
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Current, Kind};
use hooklane_domain::usage::{DayUsage, Figures, MonthUsage, Span};
use serde::{Deserialize, Serialize};

use super::{Ledger, keys, time};
use crate::failure::unreadable;
use crate::table::{Item, Key, Rewrite, Write, limit, number, string, text, to_item, value};

/// A month is kept for this long after its end: a whole year, and two months for whoever bills it late.
const KEPT: std::time::Duration = std::time::Duration::from_hours(24 * (365 + 62));

/// A day, as an attribute.
#[derive(Serialize, Deserialize)]
struct StoredDay {
    /// Figures.
    f: Figures,
    /// Counted to, in milliseconds.
    u: i64,
    /// Whether it is final.
    l: bool,
}

/// A count, as stored.
#[derive(Serialize, Deserialize)]
struct CountingItem {
    began: Timestamp,
    until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
    revision: u64,
}

impl UsageStore for Ledger {
    async fn add_usage(
        &self,
        tenant: &TenantId,
        span: Span,
        counted: Figures,
    ) -> Result<(), Unavailable> {
        if counted.is_zero() {
            return Ok(());
        }
        let day = Day::of(span.from);
        self.change_day(tenant, day, |seen| DayUsage::with(seen, span, counted)).await
    }

    async fn finish_usage(
        &self,
        tenant: &TenantId,
        day: Day,
        recounted: Figures,
    ) -> Result<(), Unavailable> {
        self.change_day(tenant, day, |seen| DayUsage::finished(seen, day, recounted)).await
    }

    async fn usage_of(
        &self,
        tenant: &TenantId,
        months: &[Month],
    ) -> Result<Vec<MonthUsage>, Unavailable> {
        let wanted: Vec<_> = months.iter().map(|month| keys::usage(tenant, *month)).collect();
        let mut found = BTreeMap::new();
        for item in self.table.get_all(&wanted).await? {
            if let Some(Key { pk, .. }) = Key::of(&item) {
                found.insert(pk, item);
            }
        }
        let each = wanted.iter().zip(months).map(|(key, month)| {
            let item = found.remove(&key.pk);
            item.map_or_else(
                || Ok(MonthUsage::none(tenant.clone(), *month)),
                |item| read_month(tenant.clone(), *month, item),
            )
        });
        each.collect()
    }

    async fn usage_in(
        &self,
        month: Month,
        after: Option<&TenantId>,
        most: usize,
    ) -> Result<UsagePage, Unavailable> {
        let start = after.map(|after| keys::usage(after, month).attributes());
        let query = self
            .table
            .query("pk = :pk")
            .consistent_read(false)
            .expression_attribute_values(":pk", string(keys::usage_in(month)))
            .limit(limit(most))
            .set_exclusive_start_key(start);
        let read = self.table.page(query).await?;
        let tenant_of = |item: &Item| text(item, "sk")?.parse::<TenantId>().ok();
        let mut page =
            UsagePage { next: read.next.as_ref().and_then(tenant_of), ..UsagePage::default() };
        for item in read.items {
            let tenant = tenant_of(&item);
            match tenant.clone().map(|tenant| read_month(tenant, month, item)) {
                Some(Ok(usage)) => page.tenants.push(usage),
                failed => {
                    page.unreadable += 1;
                    let error = failed.and_then(Result::err).map(|error| error.chain());
                    let tenant = tenant.map(|tenant| tenant.to_string());
                    tracing::error!(tenant, month = %month, error, "usage.unreadable");
                }
            }
        }
        Ok(page)
    }

    async fn counting(&self, kind: Kind) -> Result<Option<Counting>, Unavailable> {
        let stored = self.table.get::<CountingItem>(&keys::counting(kind)).await?;
        Ok(stored.map(|CountingItem { began, until, current, revision }| Counting {
            kind,
            began,
            until,
            current,
            revision,
        }))
    }

    async fn save_counting(&self, counting: &Counting) -> Result<bool, Unavailable> {
        let Counting { kind, began, until, current, revision } = counting.clone();
        let stored = CountingItem { began, until, current, revision: revision + 1 };
        let item = to_item(&keys::counting(kind), &stored)?;
        self.table.write(Rewrite::of::<CountingItem>(item).over("revision", revision)).await
    }
}

impl Ledger {
    /// Writes what `decide` makes of a day, on the condition that nobody else wrote it meanwhile. The other
    /// days of the month stay as they are, and so does what a newer version added.
    async fn change_day(
        &self,
        tenant: &TenantId,
        day: Day,
        decide: impl Fn(Option<&DayUsage>) -> Option<DayUsage>,
    ) -> Result<(), Unavailable> {
        let key = keys::usage(tenant, day.month());
        let name = attribute(day.number());
        let changed = decide_anew(MAX_TRIES, || async {
            let stored = self.table.get_attribute(&key, &name).await?;
            let seen = stored.clone().map(read_day).transpose()?;
            let Some(changed) = decide(seen.as_ref()) else { return Ok(Some(())) };
            let stored_day = StoredDay {
                f: changed.figures,
                u: changed.counted_to.as_millisecond(),
                l: changed.is_final,
            };
            let expires = later(day.month().end(), KEPT).as_second();
            let write = Write::update(&key, "SET #day = :day, expiresAt = :expires")
                .name("#day", &name)
                .value(":day", value("a day of usage", stored_day)?)
                .value(":expires", number(expires));
            let write = match stored {
                None => write.if_holds("attribute_not_exists(#day)"),
                Some(stored) => write.if_holds("#day = :seen").value(":seen", stored),
            };
            Ok(self.table.write(write).await?.then_some(()))
        });
        changed.await?.ok_or_else(|| always_overtaken("writing a day of usage"))
    }
}

/// The attribute of a day of the month.
fn attribute(day: u8) -> String {
    format!("d{day:02}")
}

fn read_month(tenant: TenantId, month: Month, mut item: Item) -> Result<MonthUsage, Unavailable> {
    let mut usage = MonthUsage::none(tenant, month);
    for day in 1..=31 {
        if let Some(stored) = item.remove(&attribute(day)) {
            usage.days.insert(day, read_day(stored)?);
        }
    }
    Ok(usage)
}

fn read_day(stored: AttributeValue) -> Result<DayUsage, Unavailable> {
    let StoredDay { f, u, l } = serde_dynamo::from_attribute_value(stored)
        .map_err(|e| unreadable("a stored day of usage", &e))?;
    Ok(DayUsage { figures: f, counted_to: time(u)?, is_final: l })
}

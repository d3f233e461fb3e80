//! What the API tells of usage.

use std::fmt;
use std::str::FromStr;

use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use hooklane_domain::usage::MonthUsage;
use hooklane_domain::usage::calendar::Month;
use hooklane_domain::usage::counting::{Counting, Kind};

use crate::ports::{Unavailable, UsageStore};

/// A tenant's usage in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub usage: MonthUsage,
    /// Whether every day of the month is final.
    pub is_final: bool,
}

/// Usage, and how much of it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub rows: Vec<Row>,
    /// What happened before is not counted. `None` if the counting has not begun.
    pub since: Option<Timestamp>,
    /// What happened after is not counted yet.
    pub as_of: Option<Timestamp>,
    /// The number of months that cannot be read back.
    pub unreadable: usize,
    /// Where the next page starts, if there may be more.
    pub next: Option<RowPlace>,
}

/// A place in the list of all tenants' usage: by month, then by tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPlace {
    pub month: Month,
    /// After this tenant; at the beginning of the month without one.
    pub after: Option<TenantId>,
}

/// What a tenant used in these months.
pub async fn one_tenant(
    ledger: &impl UsageStore,
    tenant: &TenantId,
    months: &[Month],
) -> Result<Report, Unavailable> {
    let frame = Frame::read(ledger).await?;
    let usage = ledger.usage_of(tenant, months).await?;
    Ok(frame.report(usage, 0, None))
}

/// What all tenants used in these months, up to `limit` rows. Tenants that used nothing are left out.
pub async fn all_tenants(
    ledger: &impl UsageStore,
    months: &[Month],
    from: Option<RowPlace>,
    limit: usize,
) -> Result<Report, Unavailable> {
    let frame = Frame::read(ledger).await?;
    let is_left = |month: &&Month| from.as_ref().is_none_or(|from| **month >= from.month);
    let (mut rows, mut unreadable) = (Vec::new(), 0);
    for month in months.iter().filter(is_left) {
        let begun = from.as_ref().filter(|from| from.month == *month);
        let mut place = begun.and_then(|from| from.after.clone());
        loop {
            if rows.len() >= limit {
                let next = RowPlace { month: *month, after: place };
                return Ok(frame.report(rows, unreadable, Some(next)));
            }
            let page = ledger.usage_in(*month, place.as_ref(), limit - rows.len()).await?;
            rows.extend(page.tenants);
            unreadable += page.unreadable;
            place = page.next;
            if place.is_none() {
                break;
            }
        }
    }
    Ok(frame.report(rows, unreadable, None))
}

/// How far the counts are.
struct Frame {
    provisional: Option<Counting>,
    last: Option<Counting>,
}

impl Frame {
    async fn read(ledger: &impl UsageStore) -> Result<Self, Unavailable> {
        let provisional = ledger.counting(Kind::Provisional).await?;
        Ok(Self { provisional, last: ledger.counting(Kind::Final).await? })
    }

    /// A month in which the counting had not begun is never final: nobody knows what happened in it.
    fn is_final(&self, month: Month) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|last| month.end() <= last.until && last.began < month.end())
    }

    fn report(&self, usage: Vec<MonthUsage>, unreadable: usize, next: Option<RowPlace>) -> Report {
        let row = |usage: MonthUsage| Row { is_final: self.is_final(usage.month), usage };
        Report {
            rows: usage.into_iter().map(row).collect(),
            since: self.provisional.as_ref().map(|count| count.began),
            as_of: self.provisional.as_ref().map(|count| count.until),
            unreadable,
            next,
        }
    }
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#", self.month)?;
        self.after.as_ref().map_or(Ok(()), |tenant| write!(f, "{tenant}"))
    }
}

/// A text that is no place in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a place in the list of usage")]
pub struct NoRowPlace;

impl FromStr for RowPlace {
    type Err = NoRowPlace;

    fn from_str(text: &str) -> Result<Self, NoRowPlace> {
        let (month, tenant) = text.split_once('#').ok_or(NoRowPlace)?;
        let month = month.parse().map_err(|_| NoRowPlace)?;
        let after = match tenant {
            "" => None,
            tenant => Some(tenant.parse().map_err(|_| NoRowPlace)?),
        };
        Ok(Self { month, after })
    }
}

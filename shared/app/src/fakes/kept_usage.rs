//! What the fake ledger keeps about usage.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{DayUsage, MonthUsage};

/// What the ledger keeps about the usage of tenants.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) active: BTreeSet<TenantId>,
    pub(super) deleted: BTreeSet<(TenantId, WebhookId)>,
    pub(super) days: BTreeMap<(Month, TenantId), BTreeMap<u8, DayUsage>>,
    pub(super) countings: BTreeMap<Kind, Counting>,
}

impl Usage {
    pub(super) fn of(&self, tenant: &TenantId, month: Month) -> MonthUsage {
        let days = self.days.get(&(month, tenant.clone())).cloned().unwrap_or_default();
        MonthUsage { days, ..MonthUsage::none(tenant.clone(), month) }
    }

    pub(super) fn change(
        &mut self,
        tenant: &TenantId,
        day: Day,
        decide: impl FnOnce(Option<&DayUsage>) -> Option<DayUsage>,
    ) {
        let key = (day.month(), tenant.clone());
        let seen = self.days.get(&key).and_then(|days| days.get(&day.number()));
        if let Some(changed) = decide(seen) {
            self.days.entry(key).or_default().insert(day.number(), changed);
        }
    }
}

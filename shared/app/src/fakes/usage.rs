use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{DayUsage, Figures, MonthUsage, Span};

use super::{MemoryLedger, lock};
use crate::ports::{ActiveTenants, DeletedWebhooks, Unavailable, UsagePage, UsageStore};

impl MemoryLedger {
    /// The calls that noted a tenant as active.
    #[must_use]
    pub fn active_notes(&self) -> usize {
        self.active_notes.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl ActiveTenants for MemoryLedger {
    async fn note_active(&self, tenant: &TenantId, _: Timestamp) -> Result<(), Unavailable> {
        self.faults.step()?;
        self.active_notes.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        lock(&self.usage).active.insert(tenant.clone());
        Ok(())
    }

    async fn active(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<TenantId>, Unavailable> {
        self.faults.step()?;
        let usage = lock(&self.usage);
        let follows = |tenant: &&TenantId| after.is_none_or(|after| **tenant > *after);
        Ok(usage.active.iter().filter(follows).take(limit).cloned().collect())
    }
}

impl DeletedWebhooks for MemoryLedger {
    async fn note_deleted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        _: Timestamp,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        lock(&self.usage).deleted.insert((tenant.clone(), webhook));
        Ok(())
    }

    async fn deleted(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        self.faults.step()?;
        let usage = lock(&self.usage);
        let ours = usage.deleted.iter().rev().filter(|(owner, _)| owner == tenant);
        let ids = ours.map(|(_, id)| *id).filter(|id| after.is_none_or(|after| *id < after));
        Ok(ids.take(limit).collect())
    }
}

impl UsageStore for MemoryLedger {
    async fn add_usage(
        &self,
        tenant: &TenantId,
        span: Span,
        counted: Figures,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        let add = |seen: Option<&DayUsage>| DayUsage::with(seen, span, counted);
        lock(&self.usage).change(tenant, Day::of(span.from), add);
        Ok(())
    }

    async fn finish_usage(
        &self,
        tenant: &TenantId,
        day: Day,
        recounted: Figures,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        let finish = |seen: Option<&DayUsage>| DayUsage::finished(seen, day, recounted);
        lock(&self.usage).change(tenant, day, finish);
        Ok(())
    }

    async fn usage_of(
        &self,
        tenant: &TenantId,
        months: &[Month],
    ) -> Result<Vec<MonthUsage>, Unavailable> {
        self.faults.step()?;
        let usage = lock(&self.usage);
        Ok(months.iter().map(|month| usage.of(tenant, *month)).collect())
    }

    async fn usage_in(
        &self,
        month: Month,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<UsagePage, Unavailable> {
        self.faults.step()?;
        let usage = lock(&self.usage);
        let here = usage.days.keys().filter(|(of, _)| *of == month).map(|(_, tenant)| tenant);
        let mut rest = here.filter(|tenant| after.is_none_or(|after| **tenant > *after));
        let tenants: Vec<_> = rest.by_ref().take(limit).map(|id| usage.of(id, month)).collect();
        let more = rest.next().is_some();
        let next = tenants.last().filter(|_| more).map(|last| last.tenant.clone());
        Ok(UsagePage { tenants, unreadable: 0, next })
    }

    async fn counting(&self, kind: Kind) -> Result<Option<Counting>, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.usage).countings.get(&kind).cloned())
    }

    async fn save_counting(&self, counting: &Counting) -> Result<bool, Unavailable> {
        self.faults.step()?;
        let mut usage = lock(&self.usage);
        let stored = usage.countings.get(&counting.kind).map_or(0, |stored| stored.revision);
        if stored != counting.revision {
            return Ok(false);
        }
        let written = Counting { revision: stored + 1, ..counting.clone() };
        usage.countings.insert(counting.kind, written);
        Ok(true)
    }
}

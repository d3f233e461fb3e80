use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use hooklane_domain::inbox::{Admission, Inbox, KeptRequest, RequestNumber};
use hooklane_domain::webhook::Webhook;

use super::{MemoryLedger, MemoryRegistry, lock};
use crate::ports::{InboxLog, InboxSaved, InboxStore, RequestPage, Unavailable, WebhookStore as _};

impl InboxStore for MemoryRegistry {
    async fn inbox(&self, tenant: &TenantId) -> Result<Option<Inbox>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).inboxes.get(tenant).cloned())
    }

    async fn save_inbox(&self, inbox: &Inbox) -> Result<InboxSaved, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let tenant = inbox.token.tenant();
        if let Some(tombstone) = registered.tenant(tenant).tombstone {
            return Ok(InboxSaved::Removed(tombstone));
        }
        let stored = registered.inboxes.get(tenant).map_or(0, |stored| stored.revision);
        if stored + 1 != inbox.revision {
            return Ok(InboxSaved::No);
        }
        registered.inboxes.insert(tenant.clone(), inbox.clone());
        registered.listed.insert(tenant.clone());
        Ok(InboxSaved::Yes)
    }

    async fn webhooks_at(
        &self,
        tenant: &TenantId,
        url: &str,
        most: usize,
    ) -> Result<Vec<Webhook>, Unavailable> {
        let mut all = self.list(tenant).await?;
        all.retain(|webhook| webhook.url.as_str() == url);
        all.truncate(most);
        Ok(all)
    }
}

impl InboxLog for MemoryLedger {
    async fn admit_request(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        self.faults.step()?;
        let mut inboxes = lock(&self.inboxes);
        let kept = inboxes.entry(tenant.clone()).or_default();
        let admission = kept.flow.admit(now);
        if let Admission::Taken(_, flow) = admission {
            kept.flow = flow;
        }
        Ok(admission)
    }

    async fn keep_request(
        &self,
        tenant: &TenantId,
        request: &KeptRequest,
    ) -> Result<(), Unavailable> {
        self.faults.step()?;
        let mut inboxes = lock(&self.inboxes);
        let kept = inboxes.entry(tenant.clone()).or_default();
        kept.slots.insert(request.number.slot(), request.clone());
        Ok(())
    }

    async fn kept_requests(
        &self,
        tenant: &TenantId,
        before: Option<RequestNumber>,
        limit: usize,
        now: Timestamp,
    ) -> Result<RequestPage, Unavailable> {
        self.faults.step()?;
        let inboxes = lock(&self.inboxes);
        let Some(kept) = inboxes.get(tenant) else { return Ok(RequestPage::default()) };
        let numbers = kept.flow.numbers().rev();
        let older = numbers.filter(|number| before.is_none_or(|RequestNumber(end)| *number < end));
        let mut there = older.filter_map(|number| kept.request(number, now));
        let requests: Vec<_> = there.by_ref().take(limit).cloned().collect();
        let next = there.next().and(requests.last()).map(|request| request.number);
        Ok(RequestPage { requests, next })
    }

    async fn kept_request(
        &self,
        tenant: &TenantId,
        number: RequestNumber,
        now: Timestamp,
    ) -> Result<Option<KeptRequest>, Unavailable> {
        self.faults.step()?;
        let inboxes = lock(&self.inboxes);
        let kept = inboxes.get(tenant).filter(|kept| kept.flow.numbers().contains(&number.0));
        Ok(kept.and_then(|kept| kept.request(number.0, now)).cloned())
    }

    async fn clear_requests(&self, tenant: &TenantId) -> Result<(), Unavailable> {
        self.faults.step()?;
        if let Some(kept) = lock(&self.inboxes).get_mut(tenant) {
            kept.flow = kept.flow.emptied();
            kept.slots.clear();
        }
        Ok(())
    }
}

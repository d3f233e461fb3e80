//! A tenant's webhooks by pages. A tenant may have thousands of them, so they are read in outline, page by
//! page, and only those of the page that is asked for are opened.

use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::{EventType, ExternalId, WebhookId};
use hooklane_domain::webhook::metadata::Entry;
use hooklane_domain::webhook::{StateName, Webhook};

use crate::ports::{Outline, Unavailable, WebhookStore};

/// Which webhooks to list.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    pub active: Option<bool>,
    /// Only those that subscribe to this event type.
    pub event: Option<EventType>,
    pub status: Option<StateName>,
    /// Only those that have all of these entries.
    pub metadata: Vec<Entry>,
    /// Only the one that has this external id.
    pub external_id: Option<ExternalId>,
}

/// A page of webhooks, newest first.
#[derive(Debug, Clone)]
pub struct Listed {
    pub webhooks: Vec<Webhook>,
    /// The number of all webhooks that match.
    pub total: u64,
    /// The last webhook of the page, if more follow. It may be one that cannot be read back.
    pub next: Option<WebhookId>,
}

/// The outlines that are read at once.
const OUTLINES: usize = 500;

impl Filters {
    fn fit(&self, outline: &Outline) -> bool {
        let wants = |event: &EventType| outline.events.iter().any(|one| one.matches(event));
        self.active.is_none_or(|active| active == outline.state.is_active())
            && self.event.as_ref().is_none_or(wants)
            && self.status.is_none_or(|status| status == outline.state.name())
            && self.metadata.iter().all(|entry| outline.metadata.has(entry))
    }

    fn is_empty(&self) -> bool {
        let Self { active, event, status, metadata, external_id: _ } = self;
        active.is_none() && event.is_none() && status.is_none() && metadata.is_empty()
    }
}

/// The webhooks after the first `skip` that match, at most `limit`. Only those that follow `after` are
/// skipped or listed, but all that match are counted.
///
/// Without filters the total is the tenant's count, and no more is read than the page, what comes before it and
/// one webhook after it. With an external id nothing but its webhook is read.
pub async fn list(
    webhooks: &impl WebhookStore,
    tenant: &Tenant,
    filters: &Filters,
    after: Option<WebhookId>,
    (skip, limit): (usize, usize),
) -> Result<Listed, Unavailable> {
    if let Some(external) = &filters.external_id {
        let only = held(webhooks, tenant, filters, external).await?;
        let total = u64::from(only.is_some());
        let listed = only.filter(|only| skip == 0 && after.is_none_or(|after| only.id < after));
        return Ok(Listed { webhooks: listed.into_iter().collect(), total, next: None });
    }
    let known = tenant.usage.map(|usage| usage.webhooks).filter(|_| filters.is_empty());
    let (mut ids, mut matching, mut skipped, mut is_more) = (Vec::new(), 0u64, 0, false);
    // Without a filter the list starts at its cursor. With one, all before it are counted, too.
    let mut position = after.filter(|_| known.is_some());
    loop {
        let left = (skip - skipped).saturating_add(limit - ids.len()).saturating_add(1);
        let wanted = if known.is_some() { left } else { OUTLINES };
        let page = webhooks.outlines(&tenant.id, position, wanted.min(OUTLINES)).await?;
        for outline in page.outlines.iter().filter(|outline| filters.fit(outline)) {
            matching += 1;
            // Newest first: what comes later in the list has a lower id.
            if after.is_some_and(|after| outline.id >= after) {
                continue;
            }
            if skipped < skip {
                skipped += 1;
            } else if ids.len() < limit {
                ids.push(outline.id);
            } else {
                is_more = true;
            }
        }
        position = page.next;
        if position.is_none() || (known.is_some() && is_more) {
            break;
        }
    }
    let webhooks = webhooks.some(&tenant.id, &ids).await?;
    let next = ids.last().copied().filter(|_| is_more);
    Ok(Listed { webhooks, total: known.unwrap_or(matching), next })
}

/// The webhook that has an external id, if the other filters fit.
async fn held(
    webhooks: &impl WebhookStore,
    tenant: &Tenant,
    filters: &Filters,
    external: &ExternalId,
) -> Result<Option<Webhook>, Unavailable> {
    let Some(id) = webhooks.holder(&tenant.id, external).await? else { return Ok(None) };
    let found = webhooks.some(&tenant.id, &[id]).await?.pop();
    Ok(found.filter(|webhook| filters.fit(&Outline::of(webhook))))
}

#[cfg(test)]
mod tests;

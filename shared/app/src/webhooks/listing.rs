//! A tenant's webhooks by pages. A tenant may have thousands of them, so they are read in outline, page by
//! page, and only those of the page that is asked for are opened.

use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::{EventType, WebhookId};
use hooklane_domain::webhook::Webhook;

use crate::ports::{Outline, Unavailable, WebhookStore};

/// Which webhooks to list.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    pub active: Option<bool>,
    /// Only those that subscribe to this event type.
    pub event: Option<EventType>,
}

/// A page of webhooks, newest first.
#[derive(Debug, Clone)]
pub struct Listed {
    pub webhooks: Vec<Webhook>,
    /// The number of all webhooks that match.
    pub total: u64,
}

/// The outlines that are read at once.
const OUTLINES: usize = 500;

impl Filters {
    fn fit(&self, outline: &Outline) -> bool {
        let wants = |event: &EventType| outline.events.iter().any(|one| one.matches(event));
        self.active.is_none_or(|active| active == outline.state.is_active())
            && self.event.as_ref().is_none_or(wants)
    }

    fn is_empty(&self) -> bool {
        self.active.is_none() && self.event.is_none()
    }
}

/// The webhooks after the first `skip` that match, at most `limit`. Only those that follow `after` are
/// skipped or listed, but all that match are counted.
///
/// Without filters the total is the tenant's count, and no more is read than what comes before the end of
/// the page.
pub async fn list(
    webhooks: &impl WebhookStore,
    tenant: &Tenant,
    filters: &Filters,
    after: Option<WebhookId>,
    (skip, limit): (usize, usize),
) -> Result<Listed, Unavailable> {
    let known = tenant.usage.map(|usage| usage.webhooks).filter(|_| filters.is_empty());
    let (mut ids, mut matching, mut skipped) = (Vec::new(), 0u64, 0);
    // Without a filter the list starts at its cursor. With one, all before it are counted, too.
    let mut position = after.filter(|_| known.is_some());
    loop {
        let left = (skip - skipped).saturating_add(limit - ids.len());
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
            }
        }
        position = page.next;
        if position.is_none() || (known.is_some() && ids.len() == limit) {
            break;
        }
    }
    let webhooks = webhooks.some(&tenant.id, &ids).await?;
    Ok(Listed { webhooks, total: known.unwrap_or(matching) })
}

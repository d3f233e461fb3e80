//! The webhooks of a tenant whose deliveries one request reads.

use hooklane_domain::ids::{TenantId, WebhookId};

use crate::ports::{Unavailable, WebhookStore};

/// Some of a tenant's webhooks, newest first.
pub(crate) struct Group {
    pub(crate) ids: Vec<WebhookId>,
    /// The webhook after which the rest follows, if there are more.
    pub(crate) next: Option<WebhookId>,
}

/// The outlines that are read at once.
const OUTLINES: usize = 500;

/// At most `most` webhooks that follow `after`.
pub(crate) async fn group(
    webhooks: &impl WebhookStore,
    tenant: &TenantId,
    after: Option<WebhookId>,
    most: usize,
) -> Result<Group, Unavailable> {
    let mut group = Group { ids: Vec::new(), next: after };
    loop {
        let wanted = OUTLINES.min(most - group.ids.len());
        let page = webhooks.outlines(tenant, group.next, wanted).await?;
        group.ids.extend(page.outlines.iter().map(|outline| outline.id));
        group.next = page.next;
        if group.next.is_none() || group.ids.len() == most {
            return Ok(group);
        }
    }
}

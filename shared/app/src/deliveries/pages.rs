//! Pages by number.

use hooklane_domain::ids::{TenantId, WebhookId};

use crate::ports::{DeliveryFilter, DeliveryPage, DeliveryStore, Unavailable, WebhookStore};

/// The most queries that a page takes: it must read everything before it. Ten are enough for the deepest
/// page if no filter leaves anything out.
const MAX_QUERIES: usize = 40;

/// The page with this number (1 for the first) of the deliveries that match a filter, or `None` if the tenant
/// has no such webhook. A page past the end is empty. If the filter matches so little that the queries of
/// one request do not reach the end of the page, the page is short and `next` continues where they ended.
pub async fn page(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    (tenant, webhook): (&TenantId, WebhookId),
    filter: &DeliveryFilter,
    number: usize,
) -> Result<Option<DeliveryPage>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    let mut skip = number.saturating_sub(1).saturating_mul(filter.limit);
    let mut page = DeliveryPage::default();
    for _ in 0..MAX_QUERIES {
        let limit = skip + filter.limit - page.deliveries.len();
        let asked = DeliveryFilter { after: page.next.take(), limit, ..filter.clone() };
        let read = deliveries.list(tenant, webhook, &asked).await?;
        let skipped = skip.min(read.deliveries.len());
        skip -= skipped;
        page.deliveries.extend(read.deliveries.into_iter().skip(skipped));
        page.unreadable += read.unreadable;
        page.next = read.next;
        if page.next.is_none() || page.deliveries.len() == filter.limit {
            break;
        }
    }
    Ok(Some(page))
}

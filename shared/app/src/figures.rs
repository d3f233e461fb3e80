//! Figures of deliveries: of a webhook, of many, of all of a tenant's (ADR 72).
//!
//! An answer is used for up to a minute. An older one is made anew by a [`look`], which reads what was kept of
//! settled minutes, what changed in them, and what is not settled yet.

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::ids::{TenantId, WebhookId};
use jiff::SignedDuration;

use crate::deliveries::group;
use crate::ports::{
    AnswerKey, EventIndex, FigureSource, FigureStore, FiguresOf, Unavailable, WebhookStore,
};

mod events;
mod look;
mod reading;

pub use look::{look, look_at_events, settle, settle_events};

/// What figures read and keep.
pub trait FigureLedger: FigureSource + FigureStore + EventIndex {}

impl<T: FigureSource + FigureStore + EventIndex> FigureLedger for T {}

/// When figures are asked for, and how much may be read for them.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    pub now: Timestamp,
    /// How long the ledger keeps deliveries.
    pub retention: SignedDuration,
    /// The pages of deliveries that one look reads at most, about a thousand each.
    pub pages: usize,
}

/// The pages that a look reads for a request: a few seconds. A webhook's partition takes 1,000 writes a second,
/// so a minute has at most 60 pages, and each look settles one at least.
const PAGES_OF_A_REQUEST: usize = 100;
/// The pages of a look at one of many webhooks.
const PAGES_OF_MANY: usize = 20;
/// The pages that `stats` reads for a mark.
const PAGES_OF_A_MARK: usize = 200;
/// The looks that are made at the same time.
const CONCURRENCY: usize = 16;
/// The most webhooks of a tenant whose figures are added.
const MOST_WEBHOOKS: usize = 3_000;

impl Asking {
    /// For a request.
    #[must_use]
    pub fn at(now: Timestamp, retention: SignedDuration) -> Self {
        Self { now, retention, pages: PAGES_OF_A_REQUEST }
    }

    /// For a mark.
    #[must_use]
    pub fn marked(now: Timestamp, retention: SignedDuration) -> Self {
        Self { now, retention, pages: PAGES_OF_A_MARK }
    }
}

/// The figures of one webhook, or `None` if the tenant has no such webhook.
pub async fn of_webhook(
    webhooks: &impl WebhookStore,
    ledger: &impl FigureLedger,
    (tenant, webhook): (&TenantId, WebhookId),
    window: Window,
    asking: Asking,
) -> Result<Option<Report>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    Ok(of_list(ledger, tenant, &[webhook], window, asking).await?.pop())
}

/// The figures of some webhooks of a tenant, in their order. Whoever calls has seen that they are its own.
pub async fn of_list(
    ledger: &impl FigureLedger,
    tenant: &TenantId,
    webhooks: &[WebhookId],
    window: Window,
    asking: Asking,
) -> Result<Vec<Report>, Unavailable> {
    let key = |id: &WebhookId| AnswerKey { owner: FiguresOf::Webhook(*id), window };
    let keys: Vec<_> = webhooks.iter().map(key).collect();
    let kept = ledger.answers(&keys).await?;
    let pages = if webhooks.len() > 1 { asking.pages.min(PAGES_OF_MANY) } else { asking.pages };
    let asking = Asking { pages, ..asking };
    // Owned, because the stream's future must be Send for every lifetime.
    let each: Vec<_> = webhooks.iter().copied().zip(keys).zip(kept).collect();
    futures::stream::iter(each)
        .map(|((webhook, key), kept)| async move {
            match kept.filter(|kept| kept.is_fresh(asking.now)) {
                Some(kept) => Ok(kept),
                None => refreshed(ledger, (tenant, webhook), &key, asking).await,
            }
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}

/// The figures of a tenant: its events, and all of its webhooks, or of its newest ones if it has very many: then
/// they are cut.
pub async fn of_tenant(
    webhooks: &impl WebhookStore,
    ledger: &impl FigureLedger,
    tenant: &TenantId,
    window: Window,
    asking: Asking,
) -> Result<Report, Unavailable> {
    let key = AnswerKey { owner: FiguresOf::Tenant(tenant.clone()), window };
    let kept = ledger.answers(std::slice::from_ref(&key)).await?.pop().flatten();
    if let Some(kept) = kept.filter(|kept| kept.is_fresh(asking.now)) {
        return Ok(kept);
    }
    let read = group(webhooks, tenant, None, MOST_WEBHOOKS).await?;
    let mut sum = look_at_events(ledger, tenant, window, asking).await?;
    for report in of_list(ledger, tenant, &read.ids, window, asking).await? {
        sum.merge(&report);
    }
    sum.is_cut |= read.next.is_some();
    keep(ledger, &key, &sum).await;
    Ok(sum)
}

/// What a series is of.
#[derive(Debug, Clone, Copy)]
pub enum SeriesOf {
    Webhook(WebhookId),
    Tenant,
    /// The events of the tenant, without what became of them: no webhook is read.
    Events,
}

/// The figures of a window, of a webhook or of all of a tenant's; `None` if the tenant has no such webhook.
/// [`hooklane_domain::figures::series::lines`] makes the lines of a chart of them.
pub async fn series(
    webhooks: &impl WebhookStore,
    ledger: &impl FigureLedger,
    (tenant, of): (&TenantId, SeriesOf),
    window: Window,
    asking: Asking,
) -> Result<Option<Report>, Unavailable> {
    match of {
        SeriesOf::Webhook(webhook) => {
            of_webhook(webhooks, ledger, (tenant, webhook), window, asking).await
        }
        SeriesOf::Tenant => of_tenant(webhooks, ledger, tenant, window, asking).await.map(Some),
        SeriesOf::Events => look_at_events(ledger, tenant, window, asking).await.map(Some),
    }
}

async fn refreshed(
    ledger: &impl FigureLedger,
    (tenant, webhook): (&TenantId, WebhookId),
    key: &AnswerKey,
    asking: Asking,
) -> Result<Report, Unavailable> {
    let report = look(ledger, (tenant, webhook), key.window, asking).await?;
    keep(ledger, key, &report).await;
    Ok(report)
}

/// Keeps an answer. If it cannot be kept, the next request makes it again.
async fn keep(ledger: &impl FigureStore, key: &AnswerKey, report: &Report) {
    if let Err(error) = ledger.keep_answer(key, report).await {
        error.log("figures.not_kept");
    }
}

#[cfg(test)]
mod tests;

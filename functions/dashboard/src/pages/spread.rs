//! The names of a tenant's webhooks, for lists and menus.

use std::collections::BTreeMap;

use hooklane_api::Ports;
use hooklane_app::ports::{Unavailable, WebhookStore as _};
use hooklane_app::webhooks::{self, Filters};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;

use crate::settings::Portal;
use crate::visitor::Visitor;

/// The webhooks that a menu offers, the newest first.
pub(super) const OFFERED: usize = 100;

/// The newest webhooks, and how many there are.
pub(super) async fn offered<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
) -> Result<(Vec<Webhook>, u64), Unavailable> {
    let (registry, all) = (&portal.deps.registry, Filters::default());
    let listed = webhooks::list(registry, &visitor.tenant, &all, None, (0, OFFERED)).await?;
    Ok((listed.webhooks, listed.total))
}

/// The names of the webhooks of some deliveries; one that was deleted has none.
pub(super) async fn names<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    known: &[Webhook],
    deliveries: &[Delivery],
) -> Result<BTreeMap<WebhookId, String>, Unavailable> {
    let mut names: BTreeMap<_, _> =
        known.iter().map(|webhook| (webhook.id, webhook.name.clone())).collect();
    let mut missing: Vec<_> = deliveries.iter().map(|delivery| delivery.id.webhook()).collect();
    missing.sort_unstable();
    missing.dedup();
    missing.retain(|id| !names.contains_key(id));
    if !missing.is_empty() {
        let read = portal.deps.registry.some(visitor.id(), &missing).await?;
        names.extend(read.into_iter().map(|webhook| (webhook.id, webhook.name)));
    }
    Ok(names)
}

//! The standing of a webhook: its settings and health, and whether its deliveries are attempted or parked.

use std::sync::Arc;

use futures::future::try_join3;
use hooklane_app::ports::{Clock as _, Unavailable};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;

use crate::context::Context;
use crate::ports::Ports;

pub(crate) struct Standing {
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) health: Health,
    pub(crate) admission: Admission,
}

/// The standing of the delivery's webhook, from caches that are at most five seconds old. `None` if the
/// webhook was deleted.
pub(crate) async fn recent<P: Ports>(
    context: &Context<P>,
    delivery: &Delivery,
) -> Result<Option<Standing>, Unavailable> {
    let (tenant, id) = (&delivery.tenant, delivery.id.webhook());
    // At once, so that the reads of a batch's messages share a call.
    let webhook = context.webhooks.get(tenant, id);
    let (health, paused) = (context.health.health(id), context.webhooks.tenant_is_paused(tenant));
    let (webhook, health, paused) = try_join3(webhook, health, paused).await?;
    Ok(webhook.map(|webhook| of(context, webhook, health, paused)))
}

/// The standing of the delivery's webhook as it is stored now. `None` if the webhook was deleted.
pub(crate) async fn fresh<P: Ports>(
    context: &Context<P>,
    delivery: &Delivery,
) -> Result<Option<Standing>, Unavailable> {
    let (tenant, id) = (&delivery.tenant, delivery.id.webhook());
    let webhook = context.webhooks.fresh(tenant, id);
    let (health, paused) =
        (context.health.fresh(id), context.webhooks.tenant_is_paused_now(tenant));
    let (webhook, health, paused) = try_join3(webhook, health, paused).await?;
    Ok(webhook.map(|webhook| of(context, webhook, health, paused)))
}

fn of<P: Ports>(
    context: &Context<P>,
    webhook: Arc<Webhook>,
    health: Health,
    tenant_is_paused: bool,
) -> Standing {
    let now = context.system.now();
    let admission = admit(webhook.state, tenant_is_paused, health.circuit, now);
    Standing { webhook, health, admission }
}

//! The spans whose ids the log lines carry. They exist whatever the log level.

use hooklane_app::ports::Watch;
use hooklane_domain::ids::{DeliveryId, TenantId};
use tracing::Span;

/// The span of one look.
pub(crate) fn of_webhook(watch: &Watch) -> Span {
    tracing::error_span!("webhook", tenant = %watch.tenant, webhook.id = %watch.webhook)
}

/// The span of one delivery within a look, with all ids of its own.
pub(crate) fn of_delivery(tenant: &TenantId, id: &DeliveryId) -> Span {
    tracing::error_span!(
        "delivery",
        tenant = %tenant,
        webhook.id = %id.webhook(),
        delivery.id = %id
    )
}

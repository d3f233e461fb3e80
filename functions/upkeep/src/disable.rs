//! Disables a webhook that has done nothing but fail for days.

use hooklane_app::ports::{Unavailable, WebhookStore as _};
use hooklane_domain::webhook::{DisableReason, WebhookState};

use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;

/// Disables the webhook if it is hopeless. Returns whether it did.
pub(crate) async fn disable_if_hopeless<P: Ports>(
    deps: &Deps<P>,
    snapshot: &mut Snapshot<'_>,
) -> Result<bool, Unavailable> {
    let Some(webhook) = &mut snapshot.webhook else { return Ok(false) };
    let hopeless = snapshot.health.is_hopeless(webhook.updated_at, &deps.thresholds);
    if !webhook.state.is_active() || !hopeless {
        return Ok(false);
    }
    let (at, reason) = (deps.now_in_milliseconds(), DisableReason::Failing);
    let disabled = deps.registry.disable(webhook, reason, at).await?;
    if disabled {
        tracing::warn!("webhook.disabled");
        webhook.state = WebhookState::Disabled { at, reason };
    }
    Ok(disabled)
}

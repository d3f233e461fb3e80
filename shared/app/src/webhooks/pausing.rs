//! A tenant holds a webhook and lets it go on. What waited meanwhile is released by whoever looks after
//! parked deliveries, once it sees the webhook active.

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{Webhook, WebhookState};
use hooklane_domain::{Timestamp, whole_millisecond};

use super::{ChangeError, Known, revise};
use crate::ports::{Surroundings, Webhooks};

/// No attempts from now on; what is published waits. Twice is once.
pub async fn pause(
    webhooks: &impl Webhooks,
    surroundings: &impl Surroundings,
    key: (&TenantId, WebhookId),
) -> Result<Webhook, ChangeError> {
    let now = whole_millisecond(surroundings.now());
    enter(webhooks, key, now, |state| state.paused(now)).await
}

/// Attempts are made again, also where Hooklane had switched the webhook off. Twice is once.
pub async fn resume(
    webhooks: &impl Webhooks,
    surroundings: &impl Surroundings,
    key: (&TenantId, WebhookId),
) -> Result<Webhook, ChangeError> {
    let now = whole_millisecond(surroundings.now());
    enter(webhooks, key, now, WebhookState::resumed).await
}

async fn enter(
    webhooks: &impl Webhooks,
    key: (&TenantId, WebhookId),
    now: Timestamp,
    next: impl Fn(WebhookState) -> WebhookState + Send + Sync,
) -> Result<Webhook, ChangeError> {
    revise(webhooks, key, &Known::Any, |current| {
        let state = next(current.state);
        Ok((state != current.state).then(|| Webhook { state, updated_at: now, ..current }))
    })
    .await
}

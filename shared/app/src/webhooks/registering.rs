//! Registering a webhook, once for each idempotency key.

use hooklane_domain::event::Fingerprint;
use hooklane_domain::fields::FieldErrors;
use hooklane_domain::idempotency::{Claim, IdempotencyKey};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::whole_millisecond;

use super::Rules;
use super::draft::{self, Draft, Identity};
use crate::ports::{Claims, Expectations, Surroundings, Unavailable, Webhooks};

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error("another body was sent with this key before")]
    KeyReused,
    #[error("the webhook that was registered with this key was deleted since")]
    Deleted,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Registers the webhook that a JSON body describes.
pub async fn register(
    webhooks: &(impl Webhooks + Expectations),
    surroundings: &impl Surroundings,
    rules: Rules<'_>,
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    let wanted = draft::wanted(body);
    let types = rules.catalog.known_for(webhooks, &tenant, &wanted, surroundings.now()).await?;
    let draft = Draft::of_new(body, rules, &types).map_err(RegisterError::Invalid)?;
    let id = WebhookId::new(surroundings.now(), surroundings.random_id());
    let webhook = draft
        .create(rules, &types, identity(surroundings, id, tenant))
        .map_err(RegisterError::Invalid)?;
    webhooks.create(&webhook).await?;
    Ok(webhook)
}

/// As [`register`], and under one key only once, whoever else tries at the same time and whoever died
/// trying: the key is claimed for an id before the webhook is created under it. A body that is refused
/// claims nothing.
pub async fn register_once(
    webhooks: &(impl Webhooks + Expectations),
    claims: &impl Claims,
    surroundings: &impl Surroundings,
    rules: Rules<'_>,
    (tenant, key): (TenantId, &IdempotencyKey),
    body: &str,
) -> Result<Webhook, RegisterError> {
    let wanted = draft::wanted(body);
    let types = rules.catalog.known_for(webhooks, &tenant, &wanted, surroundings.now()).await?;
    let draft = Draft::of_new(body, rules, &types).map_err(RegisterError::Invalid)?;
    let now = whole_millisecond(surroundings.now());
    let ours = Claim {
        webhook: WebhookId::new(now, surroundings.random_id()),
        fingerprint: fingerprint(body),
        at: now,
        fulfilled: false,
    };
    let held = claims.claim(&tenant, key, &ours).await?;
    if held.fingerprint != ours.fingerprint {
        return Err(RegisterError::KeyReused);
    }
    if !held.fulfilled {
        let webhook = draft
            .create(rules, &types, identity(surroundings, held.webhook, tenant.clone()))
            .map_err(RegisterError::Invalid)?;
        // One that is there already stays as it is, with the secret that was shown.
        webhooks.create(&webhook).await?;
        claims.fulfil(&tenant, key, &held).await?;
    }
    webhooks.get(&tenant, held.webhook).await?.ok_or(RegisterError::Deleted)
}

fn identity(surroundings: &impl Surroundings, id: WebhookId, tenant: TenantId) -> Identity {
    // An event accepted in the same millisecond is to find the webhook created before it.
    let now = whole_millisecond(surroundings.now());
    Identity { id, tenant, now, secret: surroundings.random() }
}

/// Of the JSON without the white space between its tokens, where it is JSON.
fn fingerprint(body: &str) -> Fingerprint {
    RawJson::parse(body)
        .map_or_else(|_| Fingerprint::of(body), |json| Fingerprint::of(json.as_str()))
}

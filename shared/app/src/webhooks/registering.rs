//! Registering a webhook, once for each idempotency key.

use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;

use super::Rules;
use super::draft::{self, Draft, Identity};
use crate::ports::{Clock, Entropy, Expectations, IdempotencyStore, Unavailable, WebhookStore};

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
    webhooks: &(impl WebhookStore + Expectations),
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    let wanted = draft::wanted(body);
    let types = rules.catalog.known_for(webhooks, &tenant, &wanted, system.now()).await?;
    let draft = Draft::of_new(body, rules, &types).map_err(RegisterError::Invalid)?;
    let id = WebhookId::new(system.now(), system.random_id());
    let webhook = draft
        .create(rules, &types, identity(system, id, tenant))
        .map_err(RegisterError::Invalid)?;
    if webhooks.create(&webhook).await? {
        return Ok(webhook);
    }
    // The id was drawn a moment ago, so nobody else has it: an earlier try of this call stored the
    // webhook, and its answer was lost.
    webhooks.get(&webhook.tenant, id).await?.ok_or(RegisterError::Deleted)
}

/// As [`register`], and under one key only once, whoever else tries at the same time and whoever died
/// trying: the key is claimed for an id before the webhook is created under it. A body that is refused
/// claims nothing.
pub async fn register_once(
    webhooks: &(impl WebhookStore + Expectations),
    claims: &impl IdempotencyStore,
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    (tenant, key): (TenantId, &IdempotencyKey),
    body: &str,
) -> Result<Webhook, RegisterError> {
    let wanted = draft::wanted(body);
    let types = rules.catalog.known_for(webhooks, &tenant, &wanted, system.now()).await?;
    let draft = Draft::of_new(body, rules, &types).map_err(RegisterError::Invalid)?;
    let now = whole_millisecond(system.now());
    let ours = IdempotencyRecord {
        webhook: WebhookId::new(now, system.random_id()),
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
            .create(rules, &types, identity(system, held.webhook, tenant.clone()))
            .map_err(RegisterError::Invalid)?;
        // Whether it was created now or is there already: that one is read back below, with the secret
        // that was shown.
        webhooks.create(&webhook).await?;
        claims.fulfil(&tenant, key, &held).await?;
    }
    webhooks.get(&tenant, held.webhook).await?.ok_or(RegisterError::Deleted)
}

fn identity(system: &(impl Clock + Entropy), id: WebhookId, tenant: TenantId) -> Identity {
    // An event accepted in the same millisecond is to find the webhook created before it.
    let now = whole_millisecond(system.now());
    Identity { id, tenant, now, secret: system.random() }
}

/// Of the JSON without the white space between its tokens, where it is JSON.
fn fingerprint(body: &str) -> Fingerprint {
    RawJson::parse(body)
        .map_or_else(|_| Fingerprint::of(body), |json| Fingerprint::of(json.as_str()))
}

//! Registering a webhook, at most once for each idempotency key.

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
    #[error("this key was already used with another body")]
    KeyReused,
    #[error("the webhook that was registered with this key has been deleted")]
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
    let network = rules.network.for_tenant(&tenant);
    let rules = Rules { network: &network, ..rules };
    let subscriptions = draft::subscriptions_in(body);
    let types = rules.catalog.types_for(webhooks, &tenant, &subscriptions, system.now()).await?;
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

/// The same as [`register`], but idempotent by a key, also among concurrent requests and after a crash: a
/// record of the key with the webhook's id is written before the webhook is. A body that cannot be read or
/// breaks a rule leaves no record, unless what it breaks is found only by creating the webhook (an address
/// outside its ranges, an expression that fails on samples).
pub async fn register_once(
    webhooks: &(impl WebhookStore + Expectations),
    records: &impl IdempotencyStore,
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    (tenant, key): (TenantId, &IdempotencyKey),
    body: &str,
) -> Result<Webhook, RegisterError> {
    let network = rules.network.for_tenant(&tenant);
    let rules = Rules { network: &network, ..rules };
    let subscriptions = draft::subscriptions_in(body);
    let types = rules.catalog.types_for(webhooks, &tenant, &subscriptions, system.now()).await?;
    let draft = Draft::of_new(body, rules, &types).map_err(RegisterError::Invalid)?;
    let now = whole_millisecond(system.now());
    let ours = IdempotencyRecord {
        webhook: WebhookId::new(now, system.random_id()),
        fingerprint: fingerprint(body),
        at: now,
        fulfilled: false,
    };
    let held = records.claim(&tenant, key, &ours).await?;
    if held.fingerprint != ours.fingerprint {
        return Err(RegisterError::KeyReused);
    }
    if !held.fulfilled {
        let webhook = draft
            .create(rules, &types, identity(system, held.webhook, tenant.clone()))
            .map_err(RegisterError::Invalid)?;
        // Whether it was created now or by an earlier request: the stored one is read below, with the secret
        // that was shown.
        webhooks.create(&webhook).await?;
        records.fulfil(&tenant, key, &held).await?;
    }
    webhooks.get(&tenant, held.webhook).await?.ok_or(RegisterError::Deleted)
}

fn identity(system: &(impl Clock + Entropy), id: WebhookId, tenant: TenantId) -> Identity {
    // Rounded down, so that an event accepted in the same millisecond finds the webhook created before it.
    let now = whole_millisecond(system.now());
    Identity { id, tenant, now, secret: system.random() }
}

/// The fingerprint of a body. If the body is JSON, white space between tokens does not count.
fn fingerprint(body: &str) -> Fingerprint {
    RawJson::parse(body)
        .map_or_else(|_| Fingerprint::of(body), |json| Fingerprint::of(json.as_str()))
}

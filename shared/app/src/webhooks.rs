//! Registering webhooks, and changing them.

use hooklane_domain::contract::Contracts;
use hooklane_domain::fields::FieldErrors;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::network::NetworkRules;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::whole_millisecond;

use crate::holding::hurry;
use crate::ports::{Healths, Surroundings, Unavailable, Watches, Webhooks};

mod draft;

use draft::{Draft, Identity};

/// What a webhook is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub contracts: &'a Contracts,
    pub network: &'a NetworkRules,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the tenant has no such webhook")]
    Missing,
    /// The caller said which revision it knows, and that is not the current one.
    #[error("the webhook has changed since it was read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes that meet others are tried again this often.
const TRIES: u32 = 10;

/// Registers the webhook that a JSON body describes.
pub async fn register(
    webhooks: &impl Webhooks,
    surroundings: &impl Surroundings,
    rules: Rules<'_>,
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    let draft = Draft::of_new(body, rules).map_err(RegisterError::Invalid)?;
    // An event accepted in the same millisecond is to find the webhook created before it.
    let now = whole_millisecond(surroundings.now());
    let id = WebhookId::new(now, surroundings.random_id());
    let identity = Identity { id, tenant, now, secret: surroundings.random() };
    let webhook = draft.create(rules, identity).map_err(RegisterError::Invalid)?;
    webhooks.create(&webhook).await?;
    Ok(webhook)
}

/// Changes what a JSON body names and leaves the rest. With a `known` revision it is that one that is
/// changed or none; without it, concurrent changes follow each other and none is lost.
///
/// One that is switched on is probed and released at once, see [`hurry`].
pub async fn change(
    webhooks: &(impl Webhooks + Healths + Watches),
    surroundings: &impl Surroundings,
    rules: Rules<'_>,
    (tenant, id): (&TenantId, WebhookId),
    known: Option<u64>,
    body: &str,
) -> Result<Webhook, ChangeError> {
    let draft = Draft::of_change(body, rules).map_err(ChangeError::Invalid)?;
    for _ in 0..TRIES {
        let current = webhooks.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
        if known.is_some_and(|known| known != current.revision) {
            return Err(ChangeError::Changed);
        }
        let now = whole_millisecond(surroundings.now());
        let changed = draft.clone().apply(&current, rules, now).map_err(ChangeError::Invalid)?;
        if webhooks.update(&changed).await? {
            if changed.state.is_active() && !current.state.is_active() {
                hurry(webhooks, surroundings, tenant, id).await?;
            }
            return Ok(Webhook { revision: changed.revision + 1, ..changed });
        }
    }
    Err(ChangeError::Unavailable(Unavailable::new("changing a webhook", "it changes all the time")))
}

/// Removes a webhook; with a `known` revision, only that one.
pub async fn delete(
    webhooks: &impl Webhooks,
    tenant: &TenantId,
    id: WebhookId,
    known: Option<u64>,
) -> Result<(), ChangeError> {
    if webhooks.delete(tenant, id, known).await? {
        return Ok(());
    }
    match webhooks.get(tenant, id).await? {
        Some(_) => Err(ChangeError::Changed),
        None => Err(ChangeError::Missing),
    }
}

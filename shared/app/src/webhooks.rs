//! Registering webhooks.

use hooklane_domain::contract::Contracts;
use hooklane_domain::fields::FieldErrors;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::network::NetworkRules;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::whole_millisecond;

use crate::ports::{Surroundings, Unavailable, Webhooks};

mod read;

/// What a registration is judged by.
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

/// Registers the webhook that a JSON body describes.
pub async fn register(
    webhooks: &impl Webhooks,
    surroundings: &impl Surroundings,
    rules: Rules<'_>,
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    // An event accepted in the same millisecond is to find the webhook created before it.
    let now = whole_millisecond(surroundings.now());
    let id = WebhookId::new(now, surroundings.random_id());
    let identity = read::Identity {
        id,
        tenant,
        now,
        secret: surroundings.random(),
    };
    let webhook = read::webhook(body, rules, identity).map_err(RegisterError::Invalid)?;
    webhooks.create(&webhook).await?;
    Ok(webhook)
}

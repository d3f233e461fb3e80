//! Registering a webhook, at most once for each idempotency key.

use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::access::quotas::{Exceeded, Quotas, Room};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;

use super::draft::{self, Draft, Identity};
use super::new_types::{Extended, NewTypes};
use super::{Rules, Taken};
use crate::ports::{
    Clock, Entropy, EventTypeStore, Expectations, IdempotencyStore, Refusal, Unavailable,
    WebhookStore, Written,
};
use crate::removed::Removed;

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error("this key was already used with another body")]
    KeyReused,
    #[error("the webhook that was registered with this key has been deleted")]
    Deleted,
    #[error(transparent)]
    Quota(Exceeded),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Taken(Taken),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Registers the webhook that a JSON body describes.
pub async fn register(
    webhooks: &(impl WebhookStore + EventTypeStore + Expectations),
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    let webhook = draw_up(webhooks, system, (rules, quotas), tenant, body).await?;
    let room = Room::of(quotas, system.now());
    match webhooks.register(&webhook, room).await? {
        Written::Yes => Ok(webhook),
        Written::Refused(refusal) => Err(refused(webhook.tenant, refusal)),
        Written::Taken(holder) => Err(RegisterError::Taken(Taken(holder))),
        // The id was drawn a moment ago, so nobody else has it: an earlier try of this call stored the
        // webhook, and its answer was lost.
        Written::No => {
            webhooks.get(&webhook.tenant, webhook.id).await?.ok_or(RegisterError::Deleted)
        }
    }
}

/// The same as [`register`], but idempotent by a key, also among concurrent requests and after a crash: a
/// record of the key with the webhook's id is written before the webhook is. A body that cannot be read,
/// breaks a rule, exceeds a quota or names a taken external id leaves no record.
pub async fn register_once(
    webhooks: &(impl WebhookStore + EventTypeStore + Expectations),
    records: &impl IdempotencyStore,
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    (tenant, key): (TenantId, &IdempotencyKey),
    body: &str,
) -> Result<Webhook, RegisterError> {
    let fingerprint = fingerprint(body);
    let now = whole_millisecond(system.now());
    if let Some(held) = records.held(&tenant, key, now).await? {
        return continue_under(
            webhooks,
            records,
            system,
            (rules, quotas),
            (tenant, key),
            body,
            held,
        )
        .await;
    }
    let webhook = draw_up(webhooks, system, (rules, quotas), tenant.clone(), body).await?;
    let room = Room::of(quotas, now);
    if let Some(refusal) = webhooks.refusal(&webhook, room).await? {
        return Err(refused(tenant, refusal));
    }
    if let Some(external) = &webhook.external_id
        && let Some(holder) = webhooks.holder(&tenant, external).await?
    {
        return Err(RegisterError::Taken(Taken(holder)));
    }
    let ours = IdempotencyRecord { webhook: webhook.id, fingerprint, at: now, fulfilled: false };
    let held = records.claim(&tenant, key, &ours).await?;
    complete(webhooks, records, room, (&tenant, key), webhook, (fingerprint, held)).await
}

/// Answers a request whose key has a record: with its webhook, which is created if the request that wrote the
/// record did not come to that.
async fn continue_under(
    webhooks: &(impl WebhookStore + EventTypeStore + Expectations),
    records: &impl IdempotencyStore,
    system: &(impl Clock + Entropy),
    checked: (Rules<'_>, &Quotas),
    (tenant, key): (TenantId, &IdempotencyKey),
    body: &str,
    held: IdempotencyRecord,
) -> Result<Webhook, RegisterError> {
    let fingerprint = fingerprint(body);
    if held.fingerprint != fingerprint {
        return Err(RegisterError::KeyReused);
    }
    if held.fulfilled {
        return webhooks.get(&tenant, held.webhook).await?.ok_or(RegisterError::Deleted);
    }
    let webhook = draw_up(webhooks, system, checked, tenant.clone(), body).await?;
    let room = Room::of(checked.1, system.now());
    complete(webhooks, records, room, (&tenant, key), webhook, (fingerprint, held)).await
}

/// Creates the webhook of a record, unless it exists, under the record's id.
async fn complete(
    webhooks: &impl WebhookStore,
    records: &impl IdempotencyStore,
    room: Room,
    (tenant, key): (&TenantId, &IdempotencyKey),
    webhook: Webhook,
    (fingerprint, held): (Fingerprint, IdempotencyRecord),
) -> Result<Webhook, RegisterError> {
    if held.fingerprint != fingerprint {
        return Err(RegisterError::KeyReused);
    }
    if !held.fulfilled {
        let webhook = Webhook { id: held.webhook, ..webhook };
        // Whether it was created now or by an earlier request: the stored one is read below, with the secret
        // that was shown.
        match webhooks.register(&webhook, room).await? {
            Written::Yes | Written::No => {}
            Written::Refused(refusal) => return Err(refused(tenant.clone(), refusal)),
            Written::Taken(holder) => return Err(RegisterError::Taken(Taken(holder))),
        }
        records.fulfil(tenant, key, &held).await?;
    }
    webhooks.get(tenant, held.webhook).await?.ok_or(RegisterError::Deleted)
}

/// The webhook that a body describes, with a new id. It breaks no rule and no quota of its own. The event types
/// that the body adds are added.
async fn draw_up(
    webhooks: &(impl EventTypeStore + Expectations),
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    tenant: TenantId,
    body: &str,
) -> Result<Webhook, RegisterError> {
    let network = rules.network.for_tenant(&tenant);
    let rules = Rules { network: &network, ..rules };
    let (webhook, extended) = drawn_up(webhooks, system, (rules, quotas), tenant, body).await?;
    match extended.keep(webhooks, quotas, &webhook.tenant).await? {
        Some(refusal) => Err(refused(webhook.tenant, refusal)),
        None => Ok(webhook),
    }
}

/// A webhook that is not registered.
#[derive(Debug)]
pub(crate) struct Unsaved {
    pub(crate) webhook: Webhook,
    /// The samples of the event types that its body would add.
    pub(crate) samples: Vec<(EventType, RawJson)>,
}

/// The webhook that [`register`] would make of a body, by the same rules. Nothing is written.
pub(crate) async fn unsaved(
    webhooks: &impl Expectations,
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    tenant: TenantId,
    body: &str,
) -> Result<Unsaved, RegisterError> {
    let network = rules.network.for_tenant(&tenant);
    let rules = Rules { network: &network, ..rules };
    let (webhook, extended) = drawn_up(webhooks, system, (rules, quotas), tenant, body).await?;
    let samples = extended.new.into_iter().map(|(name, new)| (name, new.sample)).collect();
    Ok(Unsaved { webhook, samples })
}

/// The webhook that a body describes, and the types of its tenant with those that the body adds.
async fn drawn_up<'a>(
    webhooks: &impl Expectations,
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'a>, &Quotas),
    tenant: TenantId,
    body: &str,
) -> Result<(Webhook, Extended<'a>), RegisterError> {
    let subscriptions = draft::subscriptions_in(body);
    let new = NewTypes::in_body(body);
    let extended = new.over(webhooks, system, rules, &tenant, &subscriptions).await?;
    let types = &extended.types;
    let draft = Draft::of_new(body, rules, types).map_err(RegisterError::Invalid)?;
    extended.check().map_err(RegisterError::Invalid)?;
    let id = WebhookId::new(system.now(), system.random_id());
    let webhook =
        draft.create(rules, types, identity(system, id, tenant)).map_err(RegisterError::Invalid)?;
    quotas.check_webhook(&webhook, None).map_err(RegisterError::Quota)?;
    Ok((webhook, extended))
}

fn refused(tenant: TenantId, refusal: Refusal) -> RegisterError {
    match refusal {
        Refusal::Removed(tombstone) => RegisterError::Removed(Removed { tenant, tombstone }),
        Refusal::Over(over) => RegisterError::Quota(over),
    }
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

//! What a change would make of a webhook, so that it can be shown or tried before it is saved.

use hooklane_catalog::TenantTypes;
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;
use serde_json::{Map, Value};

use super::draft::{self, Draft};
use super::new_types::NewTypes;
use super::registering::Unsaved;
use super::{ChangeError, Rules};
use crate::ports::{Clock, Expectations, WebhookStore};

/// The webhook that a body makes of `current` at `now`; `None` if the body changes nothing. It breaks no rule and
/// no quota of its own.
pub(super) fn decided(
    current: &Webhook,
    (body, shown): (&str, &Map<String, Value>),
    (rules, quotas): (Rules<'_>, &Quotas),
    types: &TenantTypes<'_>,
    now: Timestamp,
) -> Result<Option<Webhook>, ChangeError> {
    let draft = Draft::of_change(body, rules, shown).map_err(ChangeError::Invalid)?;
    let Some(draft) = draft else { return Ok(None) };
    let changed = draft.apply(current, rules, types, now).map_err(ChangeError::Invalid)?;
    quotas.check_webhook(&changed, Some(current)).map_err(ChangeError::Quota)?;
    Ok(Some(changed))
}

/// The webhook that [`change`](super::change) would make of a saved one, by the same rules. Nothing is written.
pub(super) async fn changed(
    webhooks: &(impl WebhookStore + Expectations),
    clock: &impl Clock,
    (rules, quotas): (Rules<'_>, &Quotas),
    (tenant, id): (&TenantId, WebhookId),
    (body, shown): (&str, impl Fn(&Webhook) -> Map<String, Value>),
) -> Result<Unsaved, ChangeError> {
    let network = rules.network.for_tenant(tenant);
    let rules = Rules { network: &network, ..rules };
    let current = webhooks.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
    let subscriptions = draft::subscriptions_in(body);
    let new = NewTypes::in_body(body);
    let extended = new.over(webhooks, clock, rules, tenant, &subscriptions).await?;
    extended.check().map_err(ChangeError::Invalid)?;
    let said = (body, &shown(&current));
    let now = whole_millisecond(clock.now());
    let changed = decided(&current, said, (rules, quotas), &extended.types, now)?;
    let samples = extended.new.into_iter().map(|(name, new)| (name, new.sample)).collect();
    Ok(Unsaved { webhook: changed.unwrap_or(current), samples })
}

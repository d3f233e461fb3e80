//! Registering, changing, rotating, testing and deleting webhooks.

use hooklane_contract::Contracts;
use hooklane_domain::access::quotas::{Exceeded, Quotas, Room};
use hooklane_domain::ids::ContractName;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_domain::webhook::{RotateError, Webhook};

use serde_json::{Map, Value};

use crate::catalog::EventCatalog;
use crate::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use crate::health::probe_now;
use crate::ports::{
    Clock, DeletedWebhooks, Entropy, EventTypeStore, Expectations, HealthStore, Refusal,
    Unavailable, WatchList, WebhookStore, Written,
};
use crate::precondition::Precondition;

mod changed;
mod draft;
mod experiments;
mod expressions;
mod listing;
mod new_types;
mod overview;
mod previewing;
mod registering;
mod rotating;
mod testing;
mod warnings;

pub use experiments::{Experiment, ExperimentError, ExperimentOrder, Tried, experiment};
pub use listing::{Filters, Listed, list};
pub(crate) use overview::overview;
pub use overview::{Overview, overviews};
pub(crate) use previewing::example_secret;
pub use previewing::{
    ExampleSecret, PreviewError, PreviewOrder, PreviewSecret, PreviewedRequest, ShownRequest,
    preview_change, preview_saved, preview_unsaved,
};
pub use registering::{RegisterError, register, register_once};
pub use rotating::rotate;
pub use testing::{TestDeps, TestError, TestHint, TestResult, test, test_change, test_unsaved};
pub use warnings::{Warning, WarningKind, warnings};

use changed::decided;
use new_types::NewTypes;

/// What a webhook is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub contracts: &'a Contracts,
    pub network: &'a NetworkRules,
    /// The contract in its tenant's settings, for a new webhook that names none.
    pub tenant_contract: Option<&'a ContractName>,
    pub catalog: &'a EventCatalog,
}

impl<'a> Rules<'a> {
    /// The contract of the tenant: that of its settings, or else of the deployment.
    fn contract_of_tenant(self) -> &'a ContractName {
        self.tenant_contract.unwrap_or(&self.catalog.defaults().contract)
    }
}

/// This other webhook of the tenant has the external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook {0} has this externalId")]
pub struct Taken(pub WebhookId);

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the tenant has no such webhook")]
    Missing,
    /// The precondition does not hold for the current revision.
    #[error("the webhook has changed since it was read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The overlap of the webhook's previous rotation has not ended.
    #[error("{0}")]
    Rotation(RotateError),
    /// The change adds more than a quota allows.
    #[error(transparent)]
    Quota(Exceeded),
    #[error(transparent)]
    Taken(Taken),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes the fields that a JSON body names and keeps the others. What the body says as `shown` shows it to
/// clients is no change, and a body without any change writes nothing. With [`Precondition::Any`] concurrent
/// changes are applied one after another, and none is lost.
///
/// A webhook that is switched on is probed at once, see [`probe_now`].
pub async fn change(
    webhooks: &(impl WebhookStore + EventTypeStore + Expectations + HealthStore + WatchList),
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    key: (&TenantId, WebhookId),
    precondition: &Precondition,
    (body, shown): (&str, impl Fn(&Webhook) -> Map<String, Value> + Sync),
) -> Result<Webhook, ChangeError> {
    let network = rules.network.for_tenant(key.0);
    let rules = Rules { network: &network, ..rules };
    let subscriptions = draft::subscriptions_in(body);
    let new = NewTypes::in_body(body);
    let extended = new.over(webhooks, system, rules, key.0, &subscriptions).await?;
    extended.check().map_err(ChangeError::Invalid)?;
    let types = &extended.types;
    let decide = |current: &Webhook| {
        let now = whole_millisecond(system.now());
        decided(current, (body, &shown(current)), (rules, quotas), types, now)
    };
    if !extended.new.is_empty() {
        // A change that would be refused adds nothing.
        decide(&read(webhooks, key, precondition).await?)?;
        match extended.keep(webhooks, quotas, key.0).await? {
            Some(Refusal::Over(over)) => return Err(ChangeError::Quota(over)),
            Some(Refusal::Removed(_)) => return Err(ChangeError::Missing),
            None => {}
        }
    }
    let room = Room::of(quotas, system.now());
    let revised = revise(webhooks, key, precondition, room, decide).await?;
    if revised.after.state.is_active() && !revised.before.state.is_active() {
        probe_now(webhooks, system, key).await?;
    }
    Ok(revised.after)
}

/// Deletes a webhook. It is noted first, since what it used in the month still counts
/// ([`crate::usage`]).
pub async fn delete(
    (webhooks, ledger): (&impl WebhookStore, &impl DeletedWebhooks),
    clock: &impl Clock,
    (tenant, id): (&TenantId, WebhookId),
    precondition: &Precondition,
) -> Result<(), ChangeError> {
    // Not for what is no webhook of the tenant's, so that nobody fills the list.
    if webhooks.get(tenant, id).await.is_ok_and(|webhook| webhook.is_none()) {
        return Err(ChangeError::Missing);
    }
    ledger.note_deleted(tenant, id, clock.now()).await?;
    if *precondition == Precondition::Any {
        let deleted = webhooks.delete(tenant, id, None).await?;
        return deleted.then_some(()).ok_or(ChangeError::Missing);
    }
    let current = read(webhooks, (tenant, id), precondition).await?;
    // If it was written since, its revision is one that the client cannot have read.
    if webhooks.delete(tenant, id, Some(current.revision)).await? {
        return Ok(());
    }
    let left = webhooks.get(tenant, id).await?;
    Err(left.map_or(ChangeError::Missing, |_| ChangeError::Changed))
}

/// A webhook before and after a change.
#[derive(Debug)]
pub(crate) struct Revised {
    pub(crate) before: Webhook,
    pub(crate) after: Webhook,
}

/// Writes what `decide` makes of the current webhook, `None` meaning no change, and decides again if
/// another writer was faster. What it adds to the tenant's use of its quotas must fit into `room`.
pub(crate) async fn revise(
    webhooks: &impl WebhookStore,
    key: (&TenantId, WebhookId),
    precondition: &Precondition,
    room: Room,
    decide: impl Fn(&Webhook) -> Result<Option<Webhook>, ChangeError> + Sync,
) -> Result<Revised, ChangeError> {
    let once = async || {
        let before = read(webhooks, key, precondition).await?;
        let Some(changed) = decide(&before)? else {
            return Ok(Some(Revised { after: before.clone(), before }));
        };
        match webhooks.replace(&before, &changed, room).await? {
            Written::Yes => {}
            Written::No => return Ok(None),
            Written::Refused(Refusal::Over(over)) => return Err(ChangeError::Quota(over)),
            Written::Taken(holder) => return Err(ChangeError::Taken(Taken(holder))),
            // Its webhooks are being deleted.
            Written::Refused(Refusal::Removed(_)) => return Err(ChangeError::Missing),
        }
        let after = Webhook { revision: before.revision + 1, ..changed };
        Ok(Some(Revised { before, after }))
    };
    let revised = decide_anew(MAX_TRIES, || async { Ok(once().await.transpose()) }).await?;
    revised.unwrap_or_else(|| Err(always_overtaken("changing a webhook").into()))
}

async fn read(
    webhooks: &impl WebhookStore,
    (tenant, id): (&TenantId, WebhookId),
    precondition: &Precondition,
) -> Result<Webhook, ChangeError> {
    let current = webhooks.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
    if precondition.holds(current.revision) { Ok(current) } else { Err(ChangeError::Changed) }
}

#[cfg(test)]
mod tests;

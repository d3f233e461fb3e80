//! Registering webhooks, changing them, and trying them.

use hooklane_contract::Contracts;
use hooklane_domain::ids::ContractName;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_domain::webhook::{RotateError, Webhook};

use crate::catalog::EventCatalog;
use crate::holding::probe_now;
use crate::ports::{
    Clock, Entropy, Expectations, HealthStore, Unavailable, WatchList, WebhookStore,
};

mod draft;
mod registering;
mod rotating;
mod testing;
mod trial;

pub use registering::{RegisterError, register, register_once};
pub use rotating::rotate;
pub use testing::{TestDeps, TestError, Tested, test};

use draft::Draft;

/// What a webhook is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub contracts: &'a Contracts,
    pub network: &'a NetworkRules,
    /// What a new webhook speaks that names no contract, where its tenant's settings say so.
    pub tenant_contract: Option<&'a ContractName>,
    pub catalog: &'a EventCatalog,
}

/// The revisions that a caller lets be changed: it knows one of them, or takes the webhook as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    #[default]
    Any,
    OneOf(Vec<u64>),
}

impl Precondition {
    /// Whether this revision is one of them.
    pub(crate) fn holds(&self, revision: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the tenant has no such webhook")]
    Missing,
    /// The caller said which revisions it knows, and the current one is none of them.
    #[error("the webhook has changed since it was read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The webhook's last rotation stands in the way.
    #[error("{0}")]
    Rotation(RotateError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes that meet others are tried again this often.
const TRIES: u32 = 10;

/// Changes what a JSON body names and leaves the rest. Without known revisions, concurrent changes
/// follow each other and none is lost.
///
/// One that is switched on is probed and released at once, see [`probe_now`].
pub async fn change(
    webhooks: &(impl WebhookStore + Expectations + HealthStore + WatchList),
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    key: (&TenantId, WebhookId),
    known: &Precondition,
    body: &str,
) -> Result<Webhook, ChangeError> {
    let draft = Draft::of_change(body, rules).map_err(ChangeError::Invalid)?;
    let wanted = draft::wanted(body);
    let types = rules.catalog.known_for(webhooks, key.0, &wanted, system.now()).await?;
    let mut was_active = true;
    let changed = revise(webhooks, key, known, |current| {
        was_active = current.state.is_active();
        let now = whole_millisecond(system.now());
        let changed =
            draft.clone().apply(&current, rules, &types, now).map_err(ChangeError::Invalid)?;
        Ok(Some(changed))
    })
    .await?;
    if changed.state.is_active() && !was_active {
        probe_now(webhooks, system, key).await?;
    }
    Ok(changed)
}

/// Removes a webhook; with known revisions, only one of these.
pub async fn delete(
    webhooks: &impl WebhookStore,
    (tenant, id): (&TenantId, WebhookId),
    known: &Precondition,
) -> Result<(), ChangeError> {
    if *known == Precondition::Any {
        let deleted = webhooks.delete(tenant, id, None).await?;
        return deleted.then_some(()).ok_or(ChangeError::Missing);
    }
    let current = read(webhooks, (tenant, id), known).await?;
    // Whatever was written since is a revision that nobody can have known.
    if webhooks.delete(tenant, id, Some(current.revision)).await? {
        return Ok(());
    }
    let left = webhooks.get(tenant, id).await?;
    Err(left.map_or(ChangeError::Missing, |_| ChangeError::Changed))
}

/// Writes what `decide` makes of the webhook as it is, `None` for nothing to be changed, and decides
/// anew where another change came between. The webhook as it then stands.
pub(crate) async fn revise(
    webhooks: &impl WebhookStore,
    key: (&TenantId, WebhookId),
    known: &Precondition,
    mut decide: impl FnMut(Webhook) -> Result<Option<Webhook>, ChangeError> + Send,
) -> Result<Webhook, ChangeError> {
    for _ in 0..TRIES {
        let current = read(webhooks, key, known).await?;
        let Some(changed) = decide(current.clone())? else {
            return Ok(current);
        };
        if webhooks.update(&changed).await? {
            return Ok(Webhook { revision: changed.revision + 1, ..changed });
        }
    }
    Err(ChangeError::Unavailable(Unavailable::new("changing a webhook", "it changes all the time")))
}

async fn read(
    webhooks: &impl WebhookStore,
    (tenant, id): (&TenantId, WebhookId),
    known: &Precondition,
) -> Result<Webhook, ChangeError> {
    let current = webhooks.get(tenant, id).await?.ok_or(ChangeError::Missing)?;
    if known.holds(current.revision) { Ok(current) } else { Err(ChangeError::Changed) }
}

#[cfg(test)]
mod tests;

//! The test inbox of a tenant: set up, received into, and cleared.

use hooklane_contract::Contracts;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::inbox::{
    Admission, Arrival, Inbox, InboxAnswer, InboxChange, InboxToken, InvalidAnswer, KeptRequest,
};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::network::NetworkRules;

use crate::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use crate::ports::{Clock, Entropy, InboxLog, InboxSaved, InboxStore, TenantStore, Unavailable};
use crate::removed::Removed;

/// The most webhooks whose secrets are tried on one request. A request costs no more, however many webhooks
/// point to the inbox.
const MOST_TRIED: usize = 20;

/// What became of a request to an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It is kept, and answered like this.
    Kept(InboxAnswer),
    /// There is no such inbox, it is off, or the operator turned it or all of them off.
    Missing,
    /// The inbox took as many as it may. The next one is taken in so many seconds.
    Full { seconds: i64 },
}

/// Keeps a request, with what its signature says.
///
/// The count comes first, so that neither a webhook is read nor a body written for a request over the limits.
/// Nothing but the kept request follows from it: no event, no delivery, no request to anywhere.
pub async fn receive(
    (registry, ledger): (&(impl InboxStore + TenantStore), &impl InboxLog),
    (contracts, network): (&Contracts, &NetworkRules),
    token: &InboxToken,
    arrival: Arrival<'_>,
) -> Result<Reception, Unavailable> {
    let Some(url) = url_of(network, token) else { return Ok(Reception::Missing) };
    let tenant = token.tenant();
    let inbox = registry.inbox(tenant).await?;
    let Some(inbox) = inbox.filter(|inbox| inbox.on && inbox.token == *token) else {
        return Ok(Reception::Missing);
    };
    if !is_available(network, &registry.tenant(tenant).await?) {
        return Ok(Reception::Missing);
    }
    let number = match ledger.admit_request(tenant, arrival.at).await? {
        Admission::Taken(number, _) => number,
        Admission::Refused { seconds } => return Ok(Reception::Full { seconds }),
    };
    let webhooks = registry.webhooks_at(tenant, &url, MOST_TRIED).await?;
    let verdict = contracts.verdict(&webhooks, arrival);
    ledger.keep_request(tenant, &KeptRequest::of(arrival, number, verdict)).await?;
    Ok(Reception::Kept(inbox.answer))
}

/// Whether a tenant may have an inbox: the operator turned neither its own off nor all of them.
#[must_use]
pub fn is_available(network: &NetworkRules, tenant: &Tenant) -> bool {
    network.inboxes().is_some() && !tenant.settings.inbox_off
}

/// The URL of an inbox; `None` if the operator turned them off.
#[must_use]
pub fn url_of(network: &NetworkRules, token: &InboxToken) -> Option<String> {
    network.inboxes().map(|inboxes| format!("{inboxes}{token}"))
}

/// Whether a header of a kept request holds nothing that only those who may change webhooks see: neither a signature nor
/// what a tenant chose itself, such as a password of its receiver. The name is in lower case.
#[must_use]
pub fn is_harmless(contracts: &Contracts, name: &str) -> bool {
    const OF_HTTP: [&str; 6] =
        ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];
    OF_HTTP.contains(&name)
        || !contracts.sign_in(name) && contracts.iter().any(|contract| contract.sets_header(name))
}

#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The operator turned the tenant's inbox off, or all of them.
    #[error("the operator has turned test inboxes off")]
    Off,
    #[error("the tenant has no inbox")]
    Missing,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<InvalidAnswer> for InboxError {
    fn from(invalid: InvalidAnswer) -> Self {
        Self::Invalid(FieldErrors::one("answer", invalid.to_string()))
    }
}

/// Turns a tenant's inbox on or off, or changes its answer. The first change gives it its URL.
pub async fn change(
    registry: &impl InboxStore,
    system: &(impl Clock + Entropy),
    network: &NetworkRules,
    tenant: &Tenant,
    body: &str,
) -> Result<Inbox, InboxError> {
    let change = InboxChange::read(body).map_err(InboxError::Invalid)?;
    revise(registry, network, tenant, |seen| {
        Ok(change.apply(seen, &tenant.id, system.random(), whole_millisecond(system.now()))?)
    })
    .await
}

/// Gives a tenant's inbox another URL. What still goes to the old one is answered with 404.
pub async fn change_url(
    registry: &impl InboxStore,
    system: &(impl Clock + Entropy),
    network: &NetworkRules,
    tenant: &Tenant,
) -> Result<Inbox, InboxError> {
    revise(registry, network, tenant, |seen| {
        let seen = seen.ok_or(InboxError::Missing)?;
        Ok(seen.moved(system.random(), whole_millisecond(system.now())))
    })
    .await
}

/// Reads the inbox, changes it, and writes it unless somebody else changed it meanwhile; then it begins again.
async fn revise(
    registry: &impl InboxStore,
    network: &NetworkRules,
    tenant: &Tenant,
    change: impl Fn(Option<Inbox>) -> Result<Inbox, InboxError>,
) -> Result<Inbox, InboxError> {
    if !is_available(network, tenant) {
        return Err(InboxError::Off);
    }
    let once = async || {
        let changed = change(registry.inbox(&tenant.id).await?)?;
        match registry.save_inbox(&changed).await? {
            InboxSaved::Yes => Ok(Some(changed)),
            InboxSaved::No => Ok(None),
            InboxSaved::Removed(tombstone) => {
                Err(InboxError::Removed(Removed { tenant: tenant.id.clone(), tombstone }))
            }
        }
    };
    let revised = decide_anew(MAX_TRIES, || async { Ok(once().await.transpose()) }).await?;
    revised.unwrap_or_else(|| Err(always_overtaken("changing an inbox").into()))
}

#[cfg(test)]
mod tests;

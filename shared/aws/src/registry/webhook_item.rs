//! The webhook item. The signing secret, the retiring one and the custom headers are sealed.

use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::expression_cost;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::{ContractName, ExternalId, TenantId, WebhookId};
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Metadata, RetiringSecret, Webhook, WebhookState};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Registry, webhook_key};
use crate::failure::corrupt;
use crate::table::{Item, from_item, to_item};

/// A webhook as stored. Its tenant is in its key as well, and every read compares the two.
#[derive(Serialize, Deserialize)]
pub(super) struct WebhookItem {
    id: WebhookId,
    tenant: TenantId,
    /// Its marker is an item of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<ExternalId>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    url: String,
    events: Vec<Subscription>,
    contract: ContractName,
    /// Sealed.
    secret: String,
    /// Sealed: a JSON list of pairs of name and value. Absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<String>,
    /// Canonical JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<TimeLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    target_cidrs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transform: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retiring_secret: Option<RetiringItem>,
    /// The steps that its expressions can need, as they are counted for its tenant.
    #[serde(default, skip_serializing_if = "is_zero")]
    expression_cost: u64,
    test_mode: bool,
    state: WebhookState,
    /// Its deliveries take the slow lane from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    slow: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(cost: &u64) -> bool {
    *cost == 0
}

#[derive(Serialize, Deserialize)]
struct RetiringItem {
    /// Sealed.
    secret: String,
    until: Timestamp,
}

/// The owner of a sealed text: a webhook and what the text is for.
fn owner(id: WebhookId, what: &str) -> String {
    format!("{id}/{what}")
}

impl Registry {
    pub(super) async fn to_item(&self, webhook: &Webhook) -> Result<Item, Unavailable> {
        let secret = self.vault.seal(webhook.secret.expose(), &owner(webhook.id, "secret")).await?;
        let headers = if webhook.headers.is_empty() {
            None
        } else {
            let pairs: Vec<_> = webhook.headers.iter().collect();
            let json = SecretString::from(
                serde_json::to_string(&pairs).map_err(|e| corrupt("custom headers", e))?,
            );
            let owner = owner(webhook.id, "headers");
            Some(self.vault.seal(json.expose_secret(), &owner).await?)
        };
        let retiring_secret = match &webhook.retiring_secret {
            Some(old) => {
                let owner = owner(webhook.id, "retiring-secret");
                let secret = self.vault.seal(old.secret.expose(), &owner).await?;
                Some(RetiringItem { secret, until: old.until })
            }
            None => None,
        };
        let item = WebhookItem {
            id: webhook.id,
            tenant: webhook.tenant.clone(),
            external_id: webhook.external_id.clone(),
            metadata: webhook.metadata.clone(),
            name: webhook.name.clone(),
            description: webhook.description.clone(),
            url: webhook.url.to_string(),
            events: webhook.events.clone(),
            contract: webhook.contract.clone(),
            secret,
            headers,
            retry_policy: webhook.retry_policy.as_ref().map(|p| p.to_json().to_string()),
            timeout: webhook.timeout,
            rate_limit: webhook.rate_limit,
            filter: webhook.filter.as_ref().map(|filter| filter.as_str().to_owned()),
            transform: webhook.transform.as_ref().map(|transform| transform.as_str().to_owned()),
            target_cidrs: webhook.target_cidrs.iter().flat_map(TargetCidrs::iter).collect(),
            retiring_secret,
            expression_cost: expression_cost(webhook),
            test_mode: webhook.test_mode,
            state: webhook.state,
            slow: webhook.lane == Lane::Slow,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            revision: webhook.revision,
        };
        to_item(&webhook_key(&webhook.tenant, webhook.id), &item)
    }

    pub(super) async fn open(&self, item: Item) -> Result<Webhook, Unavailable> {
        let item: WebhookItem = from_item(item)?;
        let wrong = |what: &str, why: String| corrupt(format!("{what} of {}", item.id), why);
        let secret = self.vault.open(&item.secret, &owner(item.id, "secret")).await?;
        let headers = match &item.headers {
            Some(sealed) => {
                let json = self.vault.open(sealed, &owner(item.id, "headers")).await?;
                let pairs: Vec<(String, String)> = serde_json::from_str(json.expose_secret())
                    .map_err(|_| wrong("the headers", "not a list of pairs".to_owned()))?;
                pairs.into_iter().map(|(name, value)| (name, value.into())).collect()
            }
            None => Vec::new(),
        };
        let retry_policy = item
            .retry_policy
            .as_deref()
            .map(|json| RetryPolicy::read("", json))
            .transpose()
            .map_err(|e| wrong("the retry policy", e.to_string()))?;
        let target_cidrs = match item.target_cidrs.as_slice() {
            [] => None,
            texts => Some(
                TargetCidrs::new(texts)
                    .map_err(|_| wrong("the ranges", "not a list of ranges".to_owned()))?,
            ),
        };
        let retiring_secret = match &item.retiring_secret {
            Some(old) => {
                let owner = owner(item.id, "retiring-secret");
                let secret = self.vault.open(&old.secret, &owner).await?;
                let secret = SigningSecret::from_stored(secret);
                Some(RetiringSecret { secret, until: old.until })
            }
            None => None,
        };
        Ok(Webhook {
            url: TargetUrl::from_stored(&item.url).map_err(|e| wrong("the URL", e.to_string()))?,
            secret: SigningSecret::from_stored(secret),
            retiring_secret,
            timeout: item.timeout,
            rate_limit: item.rate_limit,
            filter: item.filter.map(Filter::from_stored),
            transform: item.transform.map(Transform::from_stored),
            target_cidrs,
            headers: CustomHeaders::from_stored(headers),
            retry_policy,
            id: item.id,
            tenant: item.tenant,
            external_id: item.external_id,
            metadata: item.metadata,
            name: item.name,
            description: item.description,
            events: item.events,
            contract: item.contract,
            test_mode: item.test_mode,
            state: item.state,
            lane: if item.slow { Lane::Slow } else { Lane::Fast },
            created_at: item.created_at,
            updated_at: item.updated_at,
            revision: item.revision,
        })
    }
}

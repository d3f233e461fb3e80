//! The webhook item. Its secrets are sealed: the signing secret, and the custom headers as one text.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{RouteTable, Routes, Unavailable, Webhooks};
use hooklane_domain::Timestamp;
use hooklane_domain::contract::ContractName;
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::limits::{RateLimit, TimeLimit};
use hooklane_domain::network::TargetCidrs;
use hooklane_domain::retry::RetryPolicy;
use hooklane_domain::subscription::Subscription;
use hooklane_domain::target::TargetUrl;
use hooklane_domain::waiting::Lane;
use hooklane_domain::webhook::{
    CustomHeaders, DisableReason, RetiringSecret, Webhook, WebhookState,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Registry, directory_key, health_key, webhook_key};
use crate::failure::{corrupt, unavailable};
use crate::table::{Item, from_item, number, string, to_item};

/// A webhook as stored; its key holds the tenant too, and every read compares.
#[derive(Serialize, Deserialize)]
struct WebhookItem {
    id: WebhookId,
    tenant: TenantId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    url: String,
    events: Vec<Subscription>,
    contract: ContractName,
    /// Sealed.
    secret: String,
    /// Sealed JSON list of name and value; absent where there are none.
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
    test_mode: bool,
    state: WebhookState,
    /// There where its deliveries go to the retry queue at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    slow: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
struct RetiringItem {
    /// Sealed.
    secret: String,
    until: Timestamp,
}

/// So many items of a list are opened at once.
const CONCURRENCY: usize = 16;

/// Holds where the stored webhook is the one that was read.
const SAME_REVISION: &str = "revision = :revision";
/// Its lane moves outside its revision, and a write of the whole item must not move it back.
const SAME_AND_SLOW: &str = "revision = :revision AND attribute_exists(slow)";
const SAME_AND_FAST: &str = "revision = :revision AND attribute_not_exists(slow)";

impl Webhooks for Registry {
    async fn create(&self, webhook: &Webhook) -> Result<(), Unavailable> {
        let put = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(self.to_item(webhook).await?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(building())?;
        let list = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(directory_key(&webhook.tenant).attributes()))
            .build()
            .map_err(building())?;
        let changes = [put, list].map(|put| TransactWriteItem::builder().put(put).build());
        if self.table.change(&webhook.tenant, &changes).await? {
            return Ok(());
        }
        // An id is a ULID made a moment ago: one that is taken was taken by this call's own try.
        Ok(())
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(tenant, id).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.table.call("GetItem")))?;
        match answer.item {
            Some(item) => self.open(item).await.map(|w| Some(w).filter(|w| w.tenant == *tenant)),
            None => Ok(None),
        }
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        self.table
            .webhook_items(tenant, None)
            .map(|item| async { self.open(item?).await })
            .buffered(CONCURRENCY)
            .filter_map(async |opened| readable(opened))
            .try_collect()
            .await
    }

    async fn update(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        let written = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
        let put = Put::builder()
            .table_name(&self.table.table)
            .set_item(Some(self.to_item(&written).await?))
            .condition_expression(match webhook.lane {
                Lane::Fast => SAME_AND_FAST,
                Lane::Retry => SAME_AND_SLOW,
            })
            .expression_attribute_values(":revision", number(webhook.revision))
            .build()
            .map_err(building())?;
        let change = TransactWriteItem::builder().put(put).build();
        self.table.change(&webhook.tenant, &[change]).await
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(tenant, id).attributes()));
        let delete = match revision {
            None => delete.condition_expression("attribute_exists(pk)"),
            Some(revision) => delete
                .condition_expression(SAME_REVISION)
                .expression_attribute_values(":revision", number(revision)),
        };
        // Its health goes with it.
        let health = Delete::builder()
            .table_name(&self.table.table)
            .set_key(Some(health_key(id).attributes()));
        let deletions = [delete.build(), health.build()]
            .into_iter()
            .map(|delete| delete.map(|delete| TransactWriteItem::builder().delete(delete).build()));
        let deletions = deletions.collect::<Result<Vec<_>, _>>().map_err(building())?;
        self.table.change(tenant, &deletions).await
    }

    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let state = |state| {
            serde_dynamo::to_attribute_value(state).map_err(|e| corrupt("a webhook's state", e))
        };
        let update = Update::builder()
            .table_name(&self.table.table)
            .set_key(Some(webhook_key(&seen.tenant, seen.id).attributes()))
            .update_expression("SET #state = :disabled, updated_at = :at ADD revision :one")
            .condition_expression("#state = :active AND revision = :revision")
            .expression_attribute_values(":revision", number(seen.revision))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":active", state(WebhookState::Active)?)
            .expression_attribute_values(":disabled", state(WebhookState::Disabled { at, reason })?)
            .expression_attribute_values(":at", string(at))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(building())?;
        self.table
            .change(&seen.tenant, &[TransactWriteItem::builder().update(update).build()])
            .await
    }
}

impl Routes for Registry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.table.version(tenant).await
    }

    async fn table(&self, tenant: &TenantId) -> Result<RouteTable, Unavailable> {
        self.table.table(tenant).await
    }
}

pub(super) fn building<E: std::error::Error + Send + Sync + 'static>()
-> impl FnOnce(E) -> Unavailable {
    unavailable("building a transaction".to_owned())
}

/// One webhook that cannot be read back must not hide the others of its list.
fn readable(opened: Result<Webhook, Unavailable>) -> Option<Result<Webhook, Unavailable>> {
    match opened {
        Err(error) if error.is_corrupt() => {
            tracing::error!(error = error.chain(), "webhook.unreadable");
            None
        }
        opened => Some(opened),
    }
}

/// What a sealed text belongs to: it opens nowhere else.
fn owner(id: WebhookId, what: &str) -> String {
    format!("{id}/{what}")
}

impl Registry {
    async fn to_item(&self, webhook: &Webhook) -> Result<Item, Unavailable> {
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
            test_mode: webhook.test_mode,
            state: webhook.state,
            slow: webhook.lane == Lane::Retry,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            revision: webhook.revision,
        };
        to_item(&webhook_key(&webhook.tenant, webhook.id), &item)
    }

    async fn open(&self, item: Item) -> Result<Webhook, Unavailable> {
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
        let parse = |secret: SecretString| {
            let parsed = secret.expose_secret().parse();
            parsed.map_err(|_| wrong("a secret", "not a secret".to_owned()))
        };
        let retiring_secret = match &item.retiring_secret {
            Some(old) => {
                let owner = owner(item.id, "retiring-secret");
                let secret = parse(self.vault.open(&old.secret, &owner).await?)?;
                Some(RetiringSecret { secret, until: old.until })
            }
            None => None,
        };
        Ok(Webhook {
            url: TargetUrl::from_stored(&item.url).map_err(|e| wrong("the URL", e.to_string()))?,
            secret: parse(secret)?,
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
            name: item.name,
            description: item.description,
            events: item.events,
            contract: item.contract,
            test_mode: item.test_mode,
            state: item.state,
            lane: if item.slow { Lane::Retry } else { Lane::Fast },
            created_at: item.created_at,
            updated_at: item.updated_at,
            revision: item.revision,
        })
    }
}

//! The tenant item: its settings, its token generation and the version of its subscriptions. The
//! directory (`TENANTS`) lists all tenants in order of ids.

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{Expectations, TenantIds, TenantPage, TenantStore, Unavailable};
use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::quotas::Usage;
use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::ids::{TenantId, WebhookId};
use serde::Deserialize;

use super::usage::Counts;
use super::{
    DIRECTORY, Registry, RouteRegistry, VERSION, WEBHOOK_PREFIX, directory_key, health_key, listed,
    partition, recovery_key, revision_of, tenant_key,
};
use crate::failure::corrupt;
use crate::table::{self, Key, Write, from_item, number, string, text, value, with_unknown_fields};

/// The tenant item without the version of the subscriptions, which `routes` reads.
#[derive(Default, Deserialize)]
struct TenantItem {
    #[serde(default)]
    settings: TenantSettings,
    #[serde(default)]
    tokens: u64,
    #[serde(default)]
    revision: u64,
    #[serde(default)]
    tombstone: Option<Tombstone>,
    #[serde(default)]
    key_count: i64,
}

impl TenantIds for Registry {
    async fn tenant_ids(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<(Vec<TenantId>, Option<TenantId>), Unavailable> {
        let query = self
            .table
            .query("pk = :pk")
            .expression_attribute_values(":pk", string(DIRECTORY))
            .limit(table::limit(limit))
            .set_exclusive_start_key(after.map(|id| directory_key(id).attributes()));
        let page = self.table.page(query).await?;
        let ids = page.items.into_iter().map(|item| {
            let id = text(&item, "sk").and_then(|id| id.parse::<TenantId>().ok());
            id.ok_or_else(|| corrupt("the directory of tenants", "an entry is not a tenant id"))
        });
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let next = page.next.and(ids.last().cloned());
        Ok((ids, next))
    }
}

impl TenantStore for Registry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        self.routes.tenant(id).await
    }

    async fn is_listed(&self, id: &TenantId) -> Result<bool, Unavailable> {
        Ok(self.table.get_item(&directory_key(id)).await?.is_some())
    }

    async fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> Result<Option<Tenant>, Unavailable> {
        let key = tenant_key(id);
        let set = decide_anew(MAX_TRIES, || async {
            let stored = self.table.get_item(&key).await?.unwrap_or_default();
            let read = revision_of(&stored).unwrap_or(0);
            // A setting that this version does not know stays as it is.
            let settings = value("a tenant's settings", settings)?;
            let settings = with_unknown_fields::<TenantSettings>(settings, stored.get("settings"));
            let same = Write::update(&key, "SET settings = :settings ADD revision :one")
                .value(":settings", settings)
                .value(":one", number(1));
            let same = match revision.unwrap_or(read) {
                0 => same.if_holds(&format!("attribute_not_exists(revision) AND {NOT_REMOVED}")),
                revision => same
                    .if_holds(&format!("revision = :revision AND {NOT_REMOVED}"))
                    .value(":revision", number(revision)),
            };
            if self.table.transact(vec![same, listed(id)]).await? {
                return self.tenant(id).await.map(|tenant| Some(Some(tenant)));
            }
            let is_final = revision.is_some() || stored.contains_key("tombstone");
            Ok(is_final.then_some(None))
        });
        set.await?.ok_or_else(|| always_overtaken("changing a tenant's settings"))
    }

    async fn revoke_tokens(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.update_tenant(id, "ADD tokens :one").await
    }

    async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<TenantPage, Unavailable> {
        let (ids, next) = self.tenant_ids(after, limit).await?;
        let tenants =
            futures::future::try_join_all(ids.iter().map(|id| TenantStore::tenant(self, id)))
                .await?;
        Ok(TenantPage { tenants, next })
    }

    async fn bury(&self, id: &TenantId, tombstone: Tombstone) -> Result<(), Unavailable> {
        // The item stays, because it holds the token generation and the version of the subscriptions. The
        // counts go with what they count. The version tells every function to read the subscriptions again.
        let update = format!(
            "SET tombstone = if_not_exists(tombstone, :tombstone) \
             REMOVE settings, revision, webhook_count, expression_cost, counted_at, {KEYS} \
             ADD tokens :one, #version :one"
        );
        let update = Write::update(&tenant_key(id), &update)
            .name("#version", VERSION)
            .value(":tombstone", value("a tombstone", tombstone)?)
            .value(":one", number(1));
        self.table.write(update).await.map(drop)
    }

    async fn clear(&self, id: &TenantId) -> Result<bool, Unavailable> {
        let keys = self.some_keys_of(id).await?;
        if !keys.is_empty() {
            self.table.delete_all(&keys).await?;
            return Ok(false);
        }
        self.table.delete_all(&[directory_key(id)]).await?;
        let emptied =
            Write::update(&tenant_key(id), "SET tombstone.emptied = :yes ADD #version :one")
                .if_holds("attribute_exists(tombstone)")
                .name("#version", VERSION)
                .value(":yes", AttributeValue::Bool(true))
                .value(":one", number(1));
        self.table.write(emptied).await.map(|_| true)
    }

    async fn revive(&self, id: &TenantId, seen: Tombstone) -> Result<(), Unavailable> {
        let revive = Write::update(&tenant_key(id), "REMOVE tombstone")
            .if_holds("tombstone = :seen")
            .value(":seen", value("a tombstone", seen)?);
        self.table.write(revive).await.map(drop)
    }
}

/// The attribute of a tenant item with the number of its keys.
pub(super) const KEYS: &str = "key_count";

/// The condition of everything that adds to a tenant.
pub(super) const NOT_REMOVED: &str = "attribute_not_exists(tombstone)";

/// The items that one call clears at most. `BatchWriteItem` takes 25 of them.
const CLEARED_AT_ONCE: i32 = 100;

fn tenant_of(id: &TenantId, item: TenantItem, usage: Option<Usage>) -> Tenant {
    Tenant {
        id: id.clone(),
        settings: item.settings,
        token_generation: item.tokens,
        revision: item.revision,
        tombstone: item.tombstone,
        usage,
        keys: u64::try_from(item.key_count).unwrap_or(0),
    }
}

impl RouteRegistry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        let item = self.table.get_together(&tenant_key(id)).await?.unwrap_or_default();
        let usage = from_item::<Counts>(item.clone())?.usage();
        Ok(tenant_of(id, from_item(item)?, usage))
    }
}

impl Expectations for RouteRegistry {
    async fn publisher(&self, tenant: &TenantId) -> Result<Tenant, Unavailable> {
        self.tenant(tenant).await
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.event_types(owner).await
    }
}

impl Registry {
    /// Updates the tenant item by an expression whose only value is `:one`.
    async fn update_tenant(&self, id: &TenantId, expression: &str) -> Result<(), Unavailable> {
        let update = Write::update(&tenant_key(id), expression).value(":one", number(1));
        self.table.write(update).await.map(drop)
    }

    /// The keys of some of what is in a tenant's partition but the tenant item, and of what belongs to its
    /// webhooks elsewhere.
    async fn some_keys_of(&self, id: &TenantId) -> Result<Vec<Key>, Unavailable> {
        let query = self
            .table
            .query("pk = :pk")
            .expression_attribute_values(":pk", string(partition(id)))
            .projection_expression("pk, sk")
            .limit(CLEARED_AT_ONCE);
        let page = self.table.page(query).await?;
        let own = tenant_key(id);
        let keys = page.items.iter().filter_map(Key::of).filter(|key| *key != own);
        Ok(keys.flat_map(with_dependants).collect())
    }
}

/// An item's key, and for a webhook also the keys of its health and its recovery.
fn with_dependants(key: Key) -> Vec<Key> {
    let webhook = key.sk.strip_prefix(WEBHOOK_PREFIX).and_then(|id| id.parse().ok());
    let dependants = webhook.map(|id: WebhookId| [health_key(id), recovery_key(id)]);
    dependants.into_iter().flatten().chain([key]).collect()
}

//! The tenant item: its settings, its token generation and the version of its subscriptions. The
//! directory (`TENANTS`) lists all tenants in order of ids.

use aws_sdk_dynamodb::types::ReturnValue;
use futures::TryStreamExt as _;
use hooklane_app::ports::{Expectations, TenantPage, TenantStore, Unavailable};
use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::ids::TenantId;
use serde::Deserialize;

use super::{
    DIRECTORY, Registry, RouteRegistry, directory_key, partition, raise_version, tenant_key,
};
use crate::failure::corrupt;
use crate::table::{self, Item, Key, Write, from_item, number, string, text, value};

/// The tenant item without the version of the subscriptions, which `routes` reads.
#[derive(Default, Deserialize)]
struct TenantItem {
    #[serde(default)]
    settings: TenantSettings,
    #[serde(default)]
    tokens: u64,
    #[serde(default)]
    revision: u64,
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
        // The directory first: a listed tenant that has no settings is harmless.
        self.list_in_directory(id).await?;
        let update = Write::update(&tenant_key(id), "SET settings = :settings ADD revision :one")
            .value(":settings", value("a tenant's settings", settings)?)
            .value(":one", number(1));
        let update = match revision {
            None => update,
            Some(revision) => update.if_revision("revision", revision),
        };
        let written = self.table.write_returning(update, ReturnValue::AllNew).await?;
        written.map(|item| Ok(tenant_of(id, from_item(item)?))).transpose()
    }

    async fn revoke_tokens(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.update_tenant(id, "ADD tokens :one").await
    }

    async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<TenantPage, Unavailable> {
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
        let tenants =
            futures::future::try_join_all(ids.iter().map(|id| TenantStore::tenant(self, id)))
                .await?;
        Ok(TenantPage { tenants, next })
    }

    async fn remove(&self, id: &TenantId) -> Result<bool, Unavailable> {
        // Tokens first, so that nobody adds to what is being removed. The tenant item stays, because it
        // holds the token generation and the version of the subscriptions.
        let was_known = self.is_listed(id).await?;
        self.update_tenant(id, "REMOVE settings, revision ADD tokens :one").await?;
        let mut keys = self.keys_of(id).await?;
        keys.push(directory_key(id));
        self.table.delete_all(&keys).await?;
        // The version last: after this every function reads the subscriptions again.
        self.table.write(raise_version(id)).await?;
        Ok(was_known)
    }
}

fn tenant_of(id: &TenantId, item: TenantItem) -> Tenant {
    Tenant {
        id: id.clone(),
        settings: item.settings,
        token_generation: item.tokens,
        revision: item.revision,
    }
}

impl RouteRegistry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        let item = self.table.get::<TenantItem>(&tenant_key(id)).await?;
        Ok(tenant_of(id, item.unwrap_or_default()))
    }
}

impl Expectations for RouteRegistry {
    async fn settings(&self, tenant: &TenantId) -> Result<TenantSettings, Unavailable> {
        self.tenant(tenant).await.map(|tenant| tenant.settings)
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

    pub(super) async fn list_in_directory(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.table.put(directory_key(id).attributes()).await
    }

    /// The keys of everything in a tenant's partition but the tenant item.
    async fn keys_of(&self, id: &TenantId) -> Result<Vec<Key>, Unavailable> {
        let query = self
            .table
            .query("pk = :pk")
            .expression_attribute_values(":pk", string(partition(id)))
            .projection_expression("pk, sk");
        let items: Vec<Item> = self.table.stream(query).try_collect().await?;
        let own = tenant_key(id);
        Ok(items.iter().filter_map(Key::of).filter(|key| *key != own).collect())
    }
}

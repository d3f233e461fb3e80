//! The tenant item: settings, and beside them what counts its subscriptions' versions and its tokens.
//! The directory (`TENANTS`) lists who there is, in order of ids.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use hooklane_app::ports::{Expectations, TenantPage, TenantStore, Unavailable};
use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::ids::TenantId;
use serde::Deserialize;

use super::{DIRECTORY, Registry, RouteRegistry, directory_key, partition, tenant_key};
use crate::failure::{corrupt, unavailable};
use crate::table::{Item, Key, from_item, number, string, text};

/// What of a tenant's item is read here; the version of its subscriptions is `routes`' own.
#[derive(Default, Deserialize)]
struct TenantItem {
    #[serde(default)]
    settings: TenantSettings,
    #[serde(default)]
    tokens: u64,
    #[serde(default)]
    revision: u64,
}

/// `BatchWriteItem` takes so many.
const BATCH: usize = 25;
/// Deletions that a call leaves unprocessed are asked for again this often.
const TRIES: u32 = 8;

impl TenantStore for Registry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        self.table.tenant(id).await
    }

    async fn is_listed(&self, id: &TenantId) -> Result<bool, Unavailable> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.table)
            .set_key(Some(directory_key(id).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.table.call("GetItem")))?;
        Ok(answer.item.is_some())
    }

    async fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> Result<Option<Tenant>, Unavailable> {
        // The directory first: a tenant that is listed without settings is harmless.
        self.list_in_directory(id).await?;
        let settings: AttributeValue = serde_dynamo::to_attribute_value(settings)
            .map_err(|e| corrupt("a tenant's settings", e))?;
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.table)
            .set_key(Some(tenant_key(id).attributes()))
            .update_expression("SET settings = :settings ADD revision :one")
            .expression_attribute_values(":settings", settings)
            .expression_attribute_values(":one", number(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
        let update = match revision {
            None => update,
            Some(0) => update.condition_expression("attribute_not_exists(revision)"),
            Some(revision) => update
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        match update.send().await {
            Ok(answer) => read(id.clone(), answer.attributes).map(Some),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(None)
            }
            Err(e) => Err(unavailable(self.table.call("UpdateItem"))(e)),
        }
    }

    async fn revoke_tokens(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.update_tenant(id, "ADD tokens :one").await.map(|_| ())
    }

    async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<TenantPage, Unavailable> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", string(DIRECTORY))
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|id| directory_key(id).attributes()))
            .send()
            .await
            .map_err(unavailable(self.table.call("Query")))?;
        let ids = answer.items.unwrap_or_default().into_iter().map(|item| {
            let id = text(&item, "sk").and_then(|id| id.parse::<TenantId>().ok());
            id.ok_or_else(|| corrupt("the directory of tenants", "an entry is no tenant"))
        });
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let next = answer.last_evaluated_key.and(ids.last().cloned());
        let tenants =
            futures::future::try_join_all(ids.iter().map(|id| TenantStore::tenant(self, id)))
                .await?;
        Ok(TenantPage { tenants, next })
    }

    async fn remove(&self, id: &TenantId) -> Result<bool, Unavailable> {
        // Tokens first: nobody may add to what is being taken away. The item stays, because it
        // remembers that they are revoked and which version its subscriptions have.
        let was_known = self.is_listed(id).await?;
        self.update_tenant(id, "REMOVE settings, revision ADD tokens :one").await?;
        let mut keys = self.keys_of(id).await?;
        keys.push(directory_key(id));
        self.delete_all(keys).await?;
        // The version last: whoever caches the subscriptions reads them again after this.
        self.update_tenant(id, "ADD #version :one").await?;
        Ok(was_known)
    }
}

fn read(id: TenantId, item: Option<Item>) -> Result<Tenant, Unavailable> {
    let item: TenantItem = item.map(from_item).transpose()?.unwrap_or_default();
    Ok(Tenant {
        id,
        settings: item.settings,
        token_generation: item.tokens,
        revision: item.revision,
    })
}

impl RouteRegistry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(tenant_key(id).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.call("GetItem")))?;
        read(id.clone(), answer.item)
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
    async fn update_tenant(&self, id: &TenantId, expression: &str) -> Result<(), Unavailable> {
        let names = expression
            .contains("#version")
            .then(|| HashMap::from([("#version".to_owned(), "version".to_owned())]));
        self.table
            .client
            .update_item()
            .table_name(&self.table.table)
            .set_key(Some(tenant_key(id).attributes()))
            .update_expression(expression)
            .set_expression_attribute_names(names)
            .expression_attribute_values(":one", number(1))
            .send()
            .await
            .map_err(unavailable(self.table.call("UpdateItem")))?;
        Ok(())
    }

    pub(super) async fn list_in_directory(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.table
            .client
            .put_item()
            .table_name(&self.table.table)
            .set_item(Some(directory_key(id).attributes()))
            .send()
            .await
            .map_err(unavailable(self.table.call("PutItem")))?;
        Ok(())
    }

    /// The keys of all a tenant has but its own item.
    async fn keys_of(&self, id: &TenantId) -> Result<Vec<Key>, Unavailable> {
        let pages = self
            .table
            .client
            .query()
            .table_name(&self.table.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", string(partition(id)))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> =
            pages.try_collect().await.map_err(unavailable(self.table.call("Query")))?;
        let own = tenant_key(id);
        let keys = items.iter().filter_map(|item| {
            Some(Key { pk: text(item, "pk")?, sk: text(item, "sk")? }).filter(|key| *key != own)
        });
        Ok(keys.collect())
    }

    async fn delete_all(&self, keys: Vec<Key>) -> Result<(), Unavailable> {
        for chunk in keys.chunks(BATCH) {
            self.delete_chunk(chunk).await?;
        }
        Ok(())
    }

    async fn delete_chunk(&self, keys: &[Key]) -> Result<(), Unavailable> {
        let what = || self.table.call("BatchWriteItem");
        let deletion = |key: &Key| {
            let delete = DeleteRequest::builder().set_key(Some(key.attributes())).build();
            Ok(WriteRequest::builder().delete_request(delete.map_err(unavailable(what()))?).build())
        };
        let mut left = keys.iter().map(deletion).collect::<Result<Vec<_>, Unavailable>>()?;
        for tried in 0..TRIES {
            if tried > 0 {
                tokio::time::sleep(Duration::from_millis(25 << tried)).await;
            }
            let answer = self
                .table
                .client
                .batch_write_item()
                .request_items(&self.table.table, left)
                .send()
                .await
                .map_err(unavailable(what()))?;
            left = answer
                .unprocessed_items
                .unwrap_or_default()
                .remove(&self.table.table)
                .unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Unavailable::new(what(), format!("{} deletions stayed unprocessed", left.len())))
    }
}

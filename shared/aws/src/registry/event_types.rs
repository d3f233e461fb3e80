//! The event types that were added at run time: a tenant's in its partition, the platform's in one of
//! its own.

use aws_sdk_dynamodb::error::SdkError;
use hooklane_app::ports::{EventTypeStore, Unavailable};
use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner, Schema};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use serde::Deserialize;

use super::{EVENT_TYPE_PREFIX, Registry, RouteRegistry, event_type_key, owner_partition};
use crate::failure::{corrupt, unavailable};
use crate::table::{Item, from_item, number, string};

/// A type as stored: sample and schema as the text they were sent as.
#[derive(Deserialize)]
struct EventTypeItem {
    name: EventType,
    category: String,
    description: String,
    sample: String,
    schema: String,
    revision: u64,
}

impl EventTypeStore for Registry {
    async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.table.event_types(owner).await
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        self.table.event_type(owner, name).await
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        if let Owner::Tenant(tenant) = owner {
            // The directory first: a tenant that is listed without anything is harmless.
            self.list_in_directory(tenant).await?;
        }
        self.table.put_event_type(owner, name, definition, revision).await
    }

    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        self.table.delete_event_type(owner, name, revision).await
    }
}

impl RouteRegistry {
    pub(super) async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(owner_partition(owner)))
            .expression_attribute_values(":prefix", string(EVENT_TYPE_PREFIX))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> =
            items.try_collect().await.map_err(unavailable(self.call("Query")))?;
        items.into_iter().map(read).collect()
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(event_type_key(owner, name).attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.call("GetItem")))?;
        answer.item.map(read).transpose()
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(event_type_key(owner, name).attributes()))
            // `name` and `schema` are words of DynamoDB's own.
            .update_expression(
                "SET #name = :name, category = :category, description = :description, \
                 #sample = :sample, #schema = :schema ADD revision :one",
            )
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#sample", "sample")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":name", string(name))
            .expression_attribute_values(":category", string(&definition.category))
            .expression_attribute_values(":description", string(&definition.description))
            .expression_attribute_values(":sample", string(definition.sample.as_str()))
            .expression_attribute_values(":schema", string(definition.schema.text().as_str()))
            .expression_attribute_values(":one", number(1))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew);
        let update = match revision {
            None => update,
            Some(0) => update.condition_expression("attribute_not_exists(revision)"),
            Some(revision) => update
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        match update.send().await {
            Ok(answer) => {
                let revision = answer
                    .attributes
                    .and_then(|item| item.get("revision")?.as_n().ok()?.parse().ok());
                let revision =
                    revision.ok_or_else(|| corrupt("an event type", "it has no revision"))?;
                Ok(Some(revision))
            }
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(None)
            }
            Err(e) => Err(unavailable(self.call("UpdateItem"))(e)),
        }
    }

    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(event_type_key(owner, name).attributes()));
        let delete = match revision {
            None => delete.condition_expression("attribute_exists(pk)"),
            Some(revision) => delete
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(e) => Err(unavailable(self.call("DeleteItem"))(e)),
        }
    }
}

fn read(item: Item) -> Result<OwnType, Unavailable> {
    let item: EventTypeItem = from_item(item)?;
    let json = |what: &str, text: &str| {
        RawJson::parse(text).map_err(|e| corrupt(format!("the {what} of {}", item.name), e))
    };
    let definition = Definition {
        sample: json("sample", &item.sample)?,
        schema: Schema::from_stored(json("schema", &item.schema)?),
        category: item.category,
        description: item.description,
    };
    Ok(OwnType { name: item.name, definition, revision: item.revision })
}

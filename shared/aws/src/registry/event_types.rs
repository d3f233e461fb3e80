//! The event types that were added at run time. A tenant's types are in the tenant's partition, the
//! platform's in a partition of their own.

use aws_sdk_dynamodb::types::ReturnValue;
use futures::TryStreamExt as _;
use hooklane_app::ports::{EventTypeStore, Unavailable};
use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner, Schema};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use serde::Deserialize;

use super::{EVENT_TYPE_PREFIX, Registry, RouteRegistry, event_type_key, owner_partition};
use crate::failure::corrupt;
use crate::table::{Item, Write, from_item, number, string};

/// An event type as stored. Sample and schema are the texts as they were sent.
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
        self.routes.event_types(owner).await
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        self.table.get_item(&event_type_key(owner, name)).await?.map(read).transpose()
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        if let Owner::Tenant(tenant) = owner {
            // The directory first: a listed tenant that has nothing is harmless.
            self.list_in_directory(tenant).await?;
        }
        let update = definition_update(owner, name, definition);
        let update = match revision {
            None => update,
            Some(revision) => update.if_revision("revision", revision),
        };
        let written = self.table.write_returning(update, ReturnValue::UpdatedNew).await?;
        let revision = |item: Item| item.get("revision")?.as_n().ok()?.parse().ok();
        written
            .map(|item| {
                revision(item).ok_or_else(|| corrupt("an event type", "it has no revision"))
            })
            .transpose()
    }

    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let delete = Write::delete(&event_type_key(owner, name));
        let delete = match revision {
            None => delete.if_present(),
            Some(revision) => delete.if_revision("revision", revision),
        };
        self.table.write(delete).await
    }
}

fn definition_update(owner: &Owner, name: &EventType, definition: &Definition) -> Write {
    // `name`, `sample` and `schema` are reserved words of DynamoDB's expressions.
    let update = "SET #name = :name, category = :category, description = :description, \
                  #sample = :sample, #schema = :schema ADD revision :one";
    Write::update(&event_type_key(owner, name), update)
        .name("#name", "name")
        .name("#sample", "sample")
        .name("#schema", "schema")
        .value(":name", string(name))
        .value(":category", string(&definition.category))
        .value(":description", string(&definition.description))
        .value(":sample", string(definition.sample.as_str()))
        .value(":schema", string(definition.schema.text().as_str()))
        .value(":one", number(1))
}

impl RouteRegistry {
    pub(super) async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let query = self
            .table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(owner_partition(owner)))
            .expression_attribute_values(":prefix", string(EVENT_TYPE_PREFIX));
        let items: Vec<Item> = self.table.stream(query).try_collect().await?;
        items.into_iter().map(read).collect()
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

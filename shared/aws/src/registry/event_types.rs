//! The event types that were added at run time. A tenant's types are in the tenant's partition, the
//! platform's in a partition of their own.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use futures::TryStreamExt as _;
use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{Added, EventTypeStore, Refusal, Unavailable};
use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner, Schema};
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use serde::Deserialize;

use super::tenants::NOT_REMOVED;
use super::{
    EVENT_TYPE_PREFIX, PLATFORM, Registry, RouteRegistry, event_type_key, listed, owner_partition,
    tenant_key,
};
use crate::failure::corrupt;
use crate::table::{Item, Key, Write, from_item, number, string};

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

    async fn count_event_types(&self, owner: &Owner) -> Result<u64, Unavailable> {
        let mut count = 0;
        let mut start = None;
        loop {
            let query = self.routes.event_types_query(owner).projection_expression("sk");
            let page = self.table.page(query.set_exclusive_start_key(start)).await?;
            count += page.items.len() as u64;
            start = page.next;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        self.table.get_item(&event_type_key(owner, name)).await?.map(read).transpose()
    }

    async fn add_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        most: u64,
    ) -> Result<Added, Unavailable> {
        let added = decide_anew(MAX_TRIES, || async {
            // Before the count, so that a type that is added in between refuses the write.
            let seen: Additions = self.table.get(&additions_key(owner)).await?.unwrap_or_default();
            if let Some(tombstone) = seen.tombstone {
                return Ok(Some(Added::Refused(Refusal::Removed(tombstone))));
            }
            let used = self.count_event_types(owner).await?;
            let add = definition_update(owner, name, definition).if_absent();
            let mut writes = vec![add, addition(owner, seen.type_changes)];
            if let Owner::Tenant(tenant) = owner {
                writes.push(listed(tenant));
            }
            if used < most && self.table.transact(writes).await? {
                return Ok(Some(Added::Yes));
            }
            if self.table.get_item(&event_type_key(owner, name)).await?.is_some() {
                return Ok(Some(Added::Exists));
            }
            let over = Exceeded { quota: QuotaName::EventTypes, limit: most, used };
            Ok((used >= most).then_some(Added::Refused(Refusal::Over(over))))
        });
        added.await?.ok_or_else(|| always_overtaken("adding an event type"))
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
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

/// What is known of the types that an owner added: for a tenant in its item, for the platform in an item of
/// its own.
#[derive(Default, Deserialize)]
struct Additions {
    /// Counts the types that were added. Each addition names the count before it, so that of two at once one
    /// is decided anew.
    #[serde(default)]
    type_changes: u64,
    #[serde(default)]
    tombstone: Option<Tombstone>,
}

fn additions_key(owner: &Owner) -> Key {
    match owner {
        Owner::Tenant(tenant) => tenant_key(tenant),
        Owner::Platform => Key { pk: PLATFORM.to_owned(), sk: "TYPES".to_owned() },
    }
}

fn addition(owner: &Owner, seen: u64) -> Write {
    let add =
        Write::update(&additions_key(owner), "ADD type_changes :one").value(":one", number(1));
    match seen {
        0 => add.if_holds(&format!("attribute_not_exists(type_changes) AND {NOT_REMOVED}")),
        seen => add
            .if_holds(&format!("type_changes = :seen AND {NOT_REMOVED}"))
            .value(":seen", number(seen)),
    }
}

impl RouteRegistry {
    fn event_types_query(&self, owner: &Owner) -> QueryFluentBuilder {
        self.table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(owner_partition(owner)))
            .expression_attribute_values(":prefix", string(EVENT_TYPE_PREFIX))
    }

    pub(super) async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let query = self.event_types_query(owner);
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

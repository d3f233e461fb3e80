//! The registry: tenants, their webhooks, keys and event types, and the health of the webhooks. It is small,
//! and nothing in it expires.

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::Unavailable;
use hooklane_catalog::Owner;
use hooklane_domain::ids::{EventType, ExternalId, KeyId, TenantId, WebhookId};

use crate::clients::Aws;
use crate::secrets::Vault;
use crate::table::{Item, Key, Table, Write, number};

mod event_types;
mod external_ids;
mod health;
mod inboxes;
mod jobs;
mod keys;
mod routes;
mod tenants;
mod usage;
mod vitals;
mod watches;
mod webhook_item;
mod webhooks;

/// The part of the registry table that `fanout` and `ingest` read. It opens no secret.
#[derive(Debug, Clone)]
pub struct RouteRegistry {
    table: Table,
}

/// The whole registry table, with the vault that seals and opens its secrets.
pub struct Registry {
    table: Table,
    routes: RouteRegistry,
    vault: Vault,
}

impl RouteRegistry {
    #[must_use]
    pub fn new(config: &Aws, table: String) -> Self {
        Self { table: Table::new(config, table) }
    }
}

impl Registry {
    #[must_use]
    pub fn new(config: &Aws, table: String, vault: Vault) -> Self {
        let routes = RouteRegistry::new(config, table);
        Self { table: routes.table.clone(), routes, vault }
    }

    /// Makes `writes` and raises the version of the tenant's subscriptions in one transaction. Returns
    /// whether the conditions of the writes held.
    async fn change(&self, tenant: &TenantId, mut writes: Vec<Write>) -> Result<bool, Unavailable> {
        writes.push(raise_version(tenant));
        self.table.transact(writes).await
    }
}

/// Raises the version of a tenant's subscriptions, so that a function that caches them reads them again.
fn raise_version(tenant: &TenantId) -> Write {
    Write::update(&tenant_key(tenant), "ADD #version :one")
        .name("#version", VERSION)
        .value(":one", number(1))
}

/// The attribute that counts the changes of a tenant's subscriptions. It is a reserved word, so
/// expressions need a placeholder for it.
const VERSION: &str = "version";

const WEBHOOK_PREFIX: &str = "WH#";
const HEALTH_PREFIX: &str = "HE#";

fn partition(tenant: &TenantId) -> String {
    format!("T#{tenant}")
}

/// The partition that lists the tenants, one item each.
const DIRECTORY: &str = "TENANTS";

fn directory_key(tenant: &TenantId) -> Key {
    Key { pk: DIRECTORY.to_owned(), sk: tenant.to_string() }
}

/// Lists a tenant. Its entry may be there already, with attributes of a newer version, so it is not put.
/// An update must set something to make an item.
fn listed(tenant: &TenantId) -> Write {
    let list = Write::update(&directory_key(tenant), "SET listed = :yes");
    list.value(":yes", AttributeValue::Bool(true))
}

/// The number of writes of an item.
fn revision_of(item: &Item) -> Option<u64> {
    item.get("revision")?.as_n().ok()?.parse().ok()
}

const KEY_PREFIX: &str = "KEY#";

/// A key of a tenant. A tenant's keys are in order of creation, because their ids are ULIDs.
fn key_key(tenant: &TenantId, id: KeyId) -> Key {
    Key { pk: partition(tenant), sk: format!("{KEY_PREFIX}{id}") }
}

/// A tenant: its settings, its token generation and the version of its subscriptions.
fn tenant_key(tenant: &TenantId) -> Key {
    Key { pk: partition(tenant), sk: "TENANT".to_owned() }
}

/// A webhook's health. It has a partition of its own, because it is written far more often than the
/// webhook.
fn health_key(id: WebhookId) -> Key {
    Key { pk: format!("{HEALTH_PREFIX}{id}"), sk: "HEALTH".to_owned() }
}

/// A webhook's newest recovery.
fn recovery_key(id: WebhookId) -> Key {
    Key { pk: format!("{HEALTH_PREFIX}{id}"), sk: "RECOVERY".to_owned() }
}

/// Which recoveries of a tenant have a turn to read the ledger.
fn turns_key(tenant: &TenantId) -> Key {
    Key { pk: partition(tenant), sk: "TURNS".to_owned() }
}

/// A tenant's test inbox.
fn inbox_key(tenant: &TenantId) -> Key {
    Key { pk: partition(tenant), sk: "INBOX".to_owned() }
}

/// The partition of the watch list, in order of webhook ids.
const WATCHED: &str = "OPEN";

fn watch_key(id: WebhookId) -> Key {
    Key { pk: WATCHED.to_owned(), sk: id.to_string() }
}

fn brake_key() -> Key {
    Key { pk: "BRAKE".to_owned(), sk: "BRAKE".to_owned() }
}

const EVENT_TYPE_PREFIX: &str = "ET#";

/// The partition of the platform's own event types.
const PLATFORM: &str = "PLATFORM";

fn owner_partition(owner: &Owner) -> String {
    match owner {
        Owner::Platform => PLATFORM.to_owned(),
        Owner::Tenant(tenant) => partition(tenant),
    }
}

/// An event type that was added at run time. An owner's types are in order of their names.
fn event_type_key(owner: &Owner, name: &EventType) -> Key {
    Key { pk: owner_partition(owner), sk: format!("{EVENT_TYPE_PREFIX}{name}") }
}

/// A webhook. A tenant's webhooks are in order of creation, because their ids are ULIDs.
fn webhook_key(tenant: &TenantId, id: WebhookId) -> Key {
    Key { pk: partition(tenant), sk: format!("{WEBHOOK_PREFIX}{id}") }
}

/// The marker of an external id. Its webhook is written in the same transaction.
fn external_key(tenant: &TenantId, external: &ExternalId) -> Key {
    Key { pk: partition(tenant), sk: format!("XI#{external}") }
}

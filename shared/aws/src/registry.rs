//! The registry: tenants' settings and webhooks. Small, precious, never expires.

use hooklane_app::ports::Unavailable;
use hooklane_catalog::Owner;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};

use crate::secrets::Vault;
use crate::table::{Key, Table, Write, number};

mod event_types;
mod health;
mod jobs;
mod routes;
mod tenants;
mod watches;
mod webhook_item;
mod webhooks;

/// The registry table without the secrets in it: all that `fanout` may read.
#[derive(Debug, Clone)]
pub struct RouteRegistry {
    table: Table,
}

/// The registry table, secrets included.
pub struct Registry {
    table: Table,
    routes: RouteRegistry,
    vault: Vault,
}

impl RouteRegistry {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String) -> Self {
        Self { table: Table::new(config, table) }
    }
}

impl Registry {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String, vault: Vault) -> Self {
        let routes = RouteRegistry::new(config, table);
        Self { table: routes.table.clone(), routes, vault }
    }

    /// Makes `writes` and raises the version of the tenant's subscriptions, all or none; whether the
    /// writes' conditions held.
    async fn change(&self, tenant: &TenantId, mut writes: Vec<Write>) -> Result<bool, Unavailable> {
        writes.push(raise_version(tenant));
        self.table.transact(writes).await
    }
}

/// Raises the version of a tenant's subscriptions: whoever caches them reads them again.
fn raise_version(tenant: &TenantId) -> Write {
    Write::update(&tenant_key(tenant), "ADD #version :one")
        .name("#version", VERSION)
        .value(":one", number(1))
}

/// The attribute that counts the changes of a tenant's subscriptions; a reserved word of DynamoDB's
/// expressions.
const VERSION: &str = "version";

const WEBHOOK_PREFIX: &str = "WH#";

fn partition(tenant: &TenantId) -> String {
    format!("T#{tenant}")
}

/// The partition that lists the tenants.
const DIRECTORY: &str = "TENANTS";

fn directory_key(tenant: &TenantId) -> Key {
    Key { pk: DIRECTORY.to_owned(), sk: tenant.to_string() }
}

/// A tenant's settings and the version of its subscriptions.
fn tenant_key(tenant: &TenantId) -> Key {
    Key { pk: partition(tenant), sk: "TENANT".to_owned() }
}

/// A webhook's health: a partition of its own, because it is written far more often than the webhook.
fn health_key(id: WebhookId) -> Key {
    Key { pk: format!("HE#{id}"), sk: "HEALTH".to_owned() }
}

/// A webhook's newest recovery.
fn recovery_key(id: WebhookId) -> Key {
    Key { pk: format!("HE#{id}"), sk: "RECOVERY".to_owned() }
}

/// The partition that lists the webhooks that `upkeep` looks after, in order of their ids.
const WATCHED: &str = "OPEN";

fn watch_key(id: WebhookId) -> Key {
    Key { pk: WATCHED.to_owned(), sk: id.to_string() }
}

fn brake_key() -> Key {
    Key { pk: "BRAKE".to_owned(), sk: "BRAKE".to_owned() }
}

const EVENT_TYPE_PREFIX: &str = "ET#";

/// The partition of what is the platform's own.
const PLATFORM: &str = "PLATFORM";

fn owner_partition(owner: &Owner) -> String {
    match owner {
        Owner::Platform => PLATFORM.to_owned(),
        Owner::Tenant(tenant) => partition(tenant),
    }
}

/// An event type that was added at run time, beside its owner's others in order of names.
fn event_type_key(owner: &Owner, name: &EventType) -> Key {
    Key { pk: owner_partition(owner), sk: format!("{EVENT_TYPE_PREFIX}{name}") }
}

/// A webhook, beside its tenant's others in order of creation: its id is a ULID.
fn webhook_key(tenant: &TenantId, id: WebhookId) -> Key {
    Key { pk: partition(tenant), sk: format!("{WEBHOOK_PREFIX}{id}") }
}

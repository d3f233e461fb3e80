//! The registry: tenants' settings and webhooks. Small, precious, never expires.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use hooklane_app::ports::{Entropy as _, Unavailable};
use hooklane_catalog::Owner;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};

use crate::failure::unavailable;
use crate::secrets::Vault;
use crate::system::System;
use crate::table::{Key, number};

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
    client: Client,
    table: String,
}

/// The registry table, secrets included.
pub struct Registry {
    table: RouteRegistry,
    vault: Vault,
}

/// A transaction that met another one is tried again this often.
const TRIES: u32 = 8;

impl RouteRegistry {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String) -> Self {
        Self { client: Client::new(config), table }
    }

    fn call(&self, operation: &str) -> String {
        format!("DynamoDB {operation} on {}", self.table)
    }

    /// Writes `changes` and raises the version of the tenant's subscriptions, all or none. Whether
    /// the changes' conditions held.
    async fn change(
        &self,
        tenant: &TenantId,
        changes: &[TransactWriteItem],
    ) -> Result<bool, Unavailable> {
        let raise = Update::builder()
            .table_name(&self.table)
            .set_key(Some(tenant_key(tenant).attributes()))
            .update_expression("ADD #version :one")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(unavailable("building a transaction".to_owned()))?;
        let raise = TransactWriteItem::builder().update(raise).build();
        self.transact([changes, std::slice::from_ref(&raise)].concat()).await
    }

    /// Writes all of the changes or none. Whether their conditions held.
    async fn transact(&self, changes: Vec<TransactWriteItem>) -> Result<bool, Unavailable> {
        let mut tried = 0;
        loop {
            let sent =
                self.client.transact_write_items().set_transact_items(Some(changes.clone())).send();
            match sent.await {
                Ok(_) => return Ok(true),
                Err(SdkError::ServiceError(e)) if condition_failed(e.err()) => return Ok(false),
                Err(SdkError::ServiceError(e)) if cancelled(e.err()) && tried < TRIES => {
                    tried += 1;
                    let ceiling = f64::from(20u32 << tried);
                    let pause = ceiling * (0.5 + System.jitter() / 2.0);
                    tokio::time::sleep(Duration::from_millis(pause as u64)).await;
                }
                Err(e) => return Err(unavailable(self.call("TransactWriteItems"))(e)),
            }
        }
    }
}

impl Registry {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String, vault: Vault) -> Self {
        Self { table: RouteRegistry::new(config, table), vault }
    }
}

/// Whether a transaction was cancelled because a condition did not hold.
pub(crate) fn condition_failed(error: &TransactWriteItemsError) -> bool {
    reasons(error).any(|code| code == "ConditionalCheckFailed")
}

/// Whether a transaction was cancelled at all: another one was at the same items, or throttling.
fn cancelled(error: &TransactWriteItemsError) -> bool {
    error.is_transaction_canceled_exception()
}

fn reasons(error: &TransactWriteItemsError) -> impl Iterator<Item = &str> {
    let reasons = match error {
        TransactWriteItemsError::TransactionCanceledException(e) => e.cancellation_reasons(),
        _ => &[],
    };
    reasons.iter().filter_map(|reason| reason.code())
}

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

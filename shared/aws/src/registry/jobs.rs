//! What `upkeep` writes for others to read: the brake, and how far a recovery has come.

use aws_sdk_dynamodb::error::SdkError;
use hooklane_app::ports::{BrakeStore, RecoveryStore, Unavailable};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::recovery::Recovery;
use serde::de::DeserializeOwned;

use super::{Registry, brake_key, recovery_key};
use crate::failure::unavailable;
use crate::table::{Item, Key, from_item, number, to_item};

impl BrakeStore for Registry {
    async fn brake(&self) -> Result<Option<Brake>, Unavailable> {
        self.read(&brake_key()).await
    }

    async fn set_brake(&self, brake: Brake) -> Result<(), Unavailable> {
        self.put(to_item(&brake_key(), &brake)?, None).await.map(|_| ())
    }
}

impl RecoveryStore for Registry {
    async fn recovery(&self, webhook: WebhookId) -> Result<Option<Recovery>, Unavailable> {
        self.read(&recovery_key(webhook)).await
    }

    async fn save_recovery(&self, recovery: &Recovery) -> Result<bool, Unavailable> {
        let written = Recovery { revision: recovery.revision + 1, ..recovery.clone() };
        let item = to_item(&recovery_key(recovery.webhook), &written)?;
        self.put(item, Some(recovery.revision)).await
    }
}

impl Registry {
    async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Unavailable> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(self.table.call("GetItem")))?;
        answer.item.map(from_item).transpose()
    }

    /// Whether the item's revision was the one given (0: there was no item), if one was given.
    async fn put(&self, item: Item, revision: Option<u64>) -> Result<bool, Unavailable> {
        let put = self.table.client.put_item().table_name(&self.table.table).set_item(Some(item));
        let put = match revision {
            None => put,
            Some(0) => put.condition_expression("attribute_not_exists(pk)"),
            Some(revision) => put
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                Ok(false)
            }
            Err(e) => Err(unavailable(self.table.call("PutItem"))(e)),
        }
    }
}

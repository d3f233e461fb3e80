//! What `upkeep` writes for others to read: the brake and the progress of recoveries.

use hooklane_app::ports::{BrakeStore, RecoveryStore, Unavailable};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::recovery::Recovery;

use super::{Registry, brake_key, recovery_key};
use crate::table::{Write, to_item};

impl BrakeStore for Registry {
    async fn brake(&self) -> Result<Option<Brake>, Unavailable> {
        self.table.get(&brake_key()).await
    }

    async fn set_brake(&self, brake: Brake) -> Result<(), Unavailable> {
        self.table.put(to_item(&brake_key(), &brake)?).await
    }
}

impl RecoveryStore for Registry {
    async fn recovery(&self, webhook: WebhookId) -> Result<Option<Recovery>, Unavailable> {
        self.table.get(&recovery_key(webhook)).await
    }

    async fn save_recovery(&self, recovery: &Recovery) -> Result<bool, Unavailable> {
        let written = Recovery { revision: recovery.revision + 1, ..recovery.clone() };
        let item = to_item(&recovery_key(recovery.webhook), &written)?;
        self.table.write(Write::put_over(item, "revision", recovery.revision)).await
    }
}

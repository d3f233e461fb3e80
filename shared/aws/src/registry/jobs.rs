//! What `upkeep` writes for others to read: the brake and the progress of recoveries.

use std::collections::BTreeMap;

use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{BrakeStore, RecoveryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::recovery::{Recovery, Wanted};

use serde::{Deserialize, Serialize};

use super::{Registry, brake_key, recovery_key, turns_key};
use crate::table::{Rewrite, to_item};

impl BrakeStore for Registry {
    async fn brake(&self) -> Result<Option<Brake>, Unavailable> {
        self.table.get(&brake_key()).await
    }

    async fn set_brake(&self, brake: Brake) -> Result<(), Unavailable> {
        let item = to_item(&brake_key(), &brake)?;
        self.table.write(Rewrite::of::<Brake>(item).write()).await.map(drop)
    }
}

impl RecoveryStore for Registry {
    async fn recovery(&self, webhook: WebhookId) -> Result<Option<Recovery>, Unavailable> {
        self.table.get(&recovery_key(webhook)).await
    }

    async fn save_recovery(&self, recovery: &Recovery) -> Result<bool, Unavailable> {
        let written = Recovery { revision: recovery.revision + 1, ..recovery.clone() };
        let item = to_item(&recovery_key(recovery.webhook), &written)?;
        let rewrite = Rewrite::of::<Recovery>(item).map::<Wanted>("wanted");
        self.table.write(rewrite.over("revision", recovery.revision)).await
    }

    async fn take_turn(
        &self,
        recovery: &Recovery,
        (now, until): (Timestamp, Timestamp),
        most: u64,
    ) -> Result<bool, Unavailable> {
        let key = turns_key(&recovery.tenant);
        let taken = decide_anew(MAX_TRIES, || async {
            let mut turns: Turns = self.table.get(&key).await?.unwrap_or_default();
            let revision = turns.revision;
            turns.until.retain(|_, until| *until > now.as_millisecond());
            let has_one = turns.until.contains_key(&recovery.webhook);
            if !has_one && turns.until.len() as u64 >= most {
                return Ok(Some(false));
            }
            turns.until.insert(recovery.webhook, until.as_millisecond());
            turns.revision += 1;
            let put = Rewrite::of::<Turns>(to_item(&key, &turns)?).over("revision", revision);
            Ok(self.table.write(put).await?.then_some(true))
        });
        taken.await?.ok_or_else(|| always_overtaken("taking a turn"))
    }

    async fn end_turn(&self, recovery: &Recovery) -> Result<(), Unavailable> {
        let key = turns_key(&recovery.tenant);
        let ended = decide_anew(MAX_TRIES, || async {
            let Some(mut turns) = self.table.get::<Turns>(&key).await? else {
                return Ok(Some(()));
            };
            let revision = turns.revision;
            if turns.until.remove(&recovery.webhook).is_none() {
                return Ok(Some(()));
            }
            turns.revision += 1;
            let put = Rewrite::of::<Turns>(to_item(&key, &turns)?).over("revision", revision);
            Ok(self.table.write(put).await?.then_some(()))
        });
        ended.await?.ok_or_else(|| always_overtaken("ending a turn"))
    }
}

/// The webhooks of a tenant whose recovery has a turn to read the ledger.
#[derive(Default, Serialize, Deserialize)]
struct Turns {
    /// Until when, in milliseconds.
    until: BTreeMap<WebhookId, i64>,
    revision: u64,
}

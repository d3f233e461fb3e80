//! What the registry keeps of each webhook for its isolation from others: health, the entry on the watch
//! list and the recovery; and the brake.

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::recovery::Recovery;

use crate::ports::Watch;

#[derive(Debug, Default)]
pub(super) struct Isolation {
    pub(super) healths: BTreeMap<WebhookId, Health>,
    pub(super) watches: BTreeMap<WebhookId, Watch>,
    pub(super) recoveries: BTreeMap<WebhookId, Recovery>,
    /// The webhooks whose recovery has a turn, and until when.
    pub(super) turns: BTreeMap<WebhookId, (TenantId, Timestamp)>,
    pub(super) brake: Option<Brake>,
}

impl Isolation {
    pub(super) fn watch(
        &mut self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> &mut Watch {
        let new = || Watch::new(tenant.clone(), webhook, now);
        let watch = self.watches.entry(webhook).or_insert_with(new);
        watch.marked_at = now;
        watch.look.due_at = now;
        watch
    }
}

//! Stopping a recovery that others write at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::recovery::{Recovery, Wanted, WantedStatus};

use super::{RecoverError, STOP_TRIES, progress, stop};
use crate::conformance::samples::{at, tenant, webhook};
use crate::fakes::MemoryRegistry;
use crate::ports::{Clock, RecoveryStore as _, WebhookStore as _};

/// A clock at whose looks another one writes the recovery, so many times.
struct Overtaken<'a> {
    registry: &'a MemoryRegistry,
    webhook: WebhookId,
    left: AtomicUsize,
}

impl Overtaken<'_> {
    async fn write(&self) {
        let stored = self.registry.recovery(self.webhook).await.unwrap().unwrap();
        let sent = stored.sent + 1;
        assert!(self.registry.save_recovery(&Recovery { sent, ..stored }).await.unwrap());
    }
}

impl Clock for Overtaken<'_> {
    fn now(&self) -> Timestamp {
        let left =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if left.is_ok() {
            self.write().now_or_never().expect("the fake answers at once");
        }
        at(50)
    }
}

async fn running() -> (MemoryRegistry, TenantId, WebhookId) {
    let (registry, tenant) = (MemoryRegistry::default(), tenant("stopping", 7));
    let webhook = webhook(&tenant, 7, 0);
    assert!(registry.create(&webhook).await.unwrap());
    let wanted = Wanted { since: at(0), until: at(9), status: WantedStatus::Any };
    let recovery = Recovery::new(tenant.clone(), webhook.id, wanted, at(10));
    assert!(registry.save_recovery(&recovery).await.unwrap());
    (registry, tenant, webhook.id)
}

#[tokio::test]
async fn it_stops_what_another_one_wrote_meanwhile() {
    for times in [0, 1, STOP_TRIES - 1] {
        let (registry, tenant, webhook) = running().await;
        let clock = Overtaken { registry: &registry, webhook, left: times.into() };

        let stopped = stop(&registry, &clock, (&tenant, webhook)).await.unwrap().recovery;

        assert!(!stopped.is_running());
        assert_eq!(stopped.sent, times as u64, "what others wrote stays");
        let stored = progress(&registry, (&tenant, webhook)).await.unwrap().recovery;
        assert_eq!(stored, stopped, "as answered, with its revision");
    }
}

#[tokio::test]
async fn it_gives_up_and_says_so_if_others_write_it_each_time() {
    let (registry, tenant, webhook) = running().await;
    let clock = Overtaken { registry: &registry, webhook, left: STOP_TRIES.into() };

    let answer = stop(&registry, &clock, (&tenant, webhook)).await;

    assert!(matches!(answer, Err(RecoverError::Unavailable(_))), "{answer:?}");
    let stored = progress(&registry, (&tenant, webhook)).await.unwrap().recovery;
    assert!(stored.is_running(), "and it runs on");
}

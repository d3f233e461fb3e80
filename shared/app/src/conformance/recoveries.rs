use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::recovery::{Recovery, Stage, Wanted, WantedStatus};

use super::samples::{at, delivery, tenant};
use crate::ports::RecoveryStore;

/// A recovery is written only over the one it was decided from, and reads back at every stage.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn recoveries<S: RecoveryStore>(store: &S, salt: u128) {
    let (tenant, id) = (tenant("recoveries", salt), WebhookId::new(at(21), salt));
    assert_eq!(store.recovery(id).await.unwrap(), None);
    let wanted = Wanted { since: at(0), until: at(9), status: WantedStatus::Any };
    let new = Recovery::new(tenant.clone(), id, wanted, at(10));
    assert!(store.save_recovery(&new).await.unwrap());
    assert!(!store.save_recovery(&new).await.unwrap());
    let first = store.recovery(id).await.unwrap().unwrap();
    assert_eq!(first, Recovery { revision: 1, ..new });
    for stage in [
        Stage::Failed { after: Some(delivery(&tenant, id, 1).id) },
        Stage::Skipped { cursor: Some("here".to_owned()) },
        Stage::Done { at: at(11) },
    ] {
        let current = store.recovery(id).await.unwrap().unwrap();
        let next = current.advanced(2, at(11), Some(stage.clone()));
        assert!(store.save_recovery(&next).await.unwrap());
        assert_eq!(store.recovery(id).await.unwrap().unwrap().stage, stage);
    }
    assert_eq!(store.recovery(id).await.unwrap().unwrap().sent, 6);
}

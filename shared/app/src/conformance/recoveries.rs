use hooklane_domain::event_index::Place;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::recovery::index_walk::{Position, Recheck};
use hooklane_domain::isolation::recovery::{Recovery, Stage, Wanted, WantedStatus};
use hooklane_domain::isolation::slots::Paced;
use hooklane_domain::webhook::limits::RateLimit;

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
    let current = store.recovery(id).await.unwrap().unwrap();
    let position = |ms| Position { began_at: Some(at(ms)), after: Some(Place::before(at(ms - 1))) };
    let recheck = Recheck::of_walk((at(0), at(9)), at(20)).unwrap();
    let walking = Recovery {
        walk: Some(position(12)),
        rechecks: vec![recheck.clone(), Recheck { position: position(13), ..recheck }],
        unreadable: 3,
        paced: RateLimit::new(6, 60).ok().map(|limit| Paced { limit, next: Some(at(14)) }),
        ..current
    };
    assert!(store.save_recovery(&walking).await.unwrap());
    let revision = walking.revision + 1;
    assert_eq!(store.recovery(id).await.unwrap(), Some(Recovery { revision, ..walking }));
    turns_are_limited(store, &first).await;
}

/// Each webhook keeps its turn, no more than a tenant may have are given, and one that was not given back
/// ends by itself.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn turns_are_limited<S: RecoveryStore>(store: &S, first: &Recovery) {
    let other = |n: u128| Recovery { webhook: WebhookId::new(at(22), n), ..first.clone() };
    let (second, third) = (other(1), other(2));
    let take = async |recovery: &Recovery, now| {
        store.take_turn(recovery, (at(now), at(now + 1_000)), 2).await.unwrap()
    };
    assert!(take(first, 0).await);
    assert!(take(&second, 100).await);
    assert!(take(first, 200).await, "it has one already");
    assert!(!take(&third, 300).await);
    store.end_turn(&second).await.unwrap();
    store.end_turn(&second).await.unwrap();
    assert!(take(&third, 300).await);
    assert!(!take(&second, 1_199).await, "the first was taken until 1,200");
    assert!(take(&second, 1_200).await);
    assert!(!take(first, 1_299).await);
    assert!(take(first, 1_300).await, "the third was taken until 1,300");
    let tenant = tenant("recoveries-b", 7);
    assert!(take(&Recovery { tenant, ..other(3) }, 1_301).await, "another tenant's");
}

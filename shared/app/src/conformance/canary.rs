use futures::future::join_all;
use hooklane_domain::canary::{Canary, Schedule};

use super::samples::at;
use crate::ports::CanaryStore;

/// A canary that is sent at this time.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub(super) fn canary(ms: i64, random: u128) -> Canary {
    Schedule::of_minutes(1).unwrap().look(None, at(ms), random).next.unwrap()
}

/// One canary takes the place of another, of concurrent ones one, and each arrives once. There is one for all,
/// so its check runs alone.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn canaries<S: CanaryStore>(store: &S) {
    assert_eq!(store.canary().await.unwrap(), None);
    let first = canary(0, 1);
    assert!(!store.canary_arrived(&first.id, at(1)).await.unwrap(), "there is none");
    assert_eq!(store.canary().await.unwrap(), None, "an arrival makes none");
    assert!(store.replace_canary(None, &first).await.unwrap());
    assert_eq!(store.canary().await.unwrap(), Some(first.clone()));
    assert!(!store.replace_canary(None, &canary(5, 2)).await.unwrap(), "there is one");

    assert!(!store.canary_arrived(&canary(5, 2).id, at(6)).await.unwrap(), "another one");
    assert!(store.canary_arrived(&first.id, at(7)).await.unwrap());
    assert!(!store.canary_arrived(&first.id, at(8)).await.unwrap(), "once");
    let arrived = Canary { arrived_at: Some(at(7)), ..first.clone() };
    assert_eq!(store.canary().await.unwrap(), Some(arrived));

    for (round, before) in [(1, Some(true)), (2, Some(false)), (3, None)] {
        let newest = store.canary().await.unwrap().unwrap();
        let rivals: Vec<_> = (10..13).map(|n| Canary { before, ..canary(n, round) }).collect();
        let replaced = rivals.iter().map(|next| store.replace_canary(Some(&newest.id), next));
        let replaced: Vec<_> = join_all(replaced).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<_> = rivals.iter().zip(&replaced).filter(|(_, won)| **won).collect();
        assert_eq!(winners.len(), 1, "{replaced:?}");
        assert_eq!(store.canary().await.unwrap().as_ref(), Some(winners[0].0), "no arrival");
        assert!(!store.canary_arrived(&newest.id, at(99)).await.unwrap(), "it came too late");
    }
}

use hooklane_domain::access::quota::Window;

use super::samples::{at, tenant};
use crate::ports::QuotaStore;

/// Leases add up for each tenant and minute, also concurrent ones.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn quotas<S: QuotaStore>(store: &S, salt: u128) {
    let (ours, other) = (tenant("quota-a", salt), tenant("quota-b", salt));
    let (now, next) = (Window::at(at(0)), Window::at(at(60_000)));
    assert_eq!(store.lease(&ours, now, 30).await.unwrap(), 30);
    assert_eq!(store.lease(&ours, now, 5).await.unwrap(), 35);
    assert_eq!(store.lease(&ours, next, 5).await.unwrap(), 5);
    assert_eq!(store.lease(&other, now, 1).await.unwrap(), 1);
    let crowd = futures::future::join_all((0..8).map(|_| store.lease(&other, next, 10))).await;
    let mut totals: Vec<_> = crowd.into_iter().map(Result::unwrap).collect();
    totals.sort_unstable();
    assert_eq!(totals, [10, 20, 30, 40, 50, 60, 70, 80]);
}

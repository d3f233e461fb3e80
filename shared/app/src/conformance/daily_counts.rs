use futures::future::join_all;
use hooklane_domain::access::quotas::{Day, QuotaName};

use super::samples::{at, tenant};
use crate::ports::DailyCounts;

const DAY_MS: i64 = 86_400_000;

/// Counts stop at their limit, also with concurrent calls, and each tenant, quota and day has its own.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn daily_counts<S: DailyCounts>(store: &S, salt: u128) {
    let (ours, other) = (tenant("daily-a", salt), tenant("daily-b", salt));
    let (today, tomorrow) = (Day::at(at(0)), Day::at(at(DAY_MS)));
    let (tokens, recoveries) = (QuotaName::TokensPerDay, QuotaName::RecoveriesPerDay);
    assert_eq!(store.counted(&ours, tokens, today).await.unwrap(), 0);
    for expected in [Some(1), Some(2), None, None] {
        assert_eq!(store.count_one(&ours, tokens, today, 2).await.unwrap(), expected);
    }
    assert_eq!(store.counted(&ours, tokens, today).await.unwrap(), 2);
    assert_eq!(store.count_one(&ours, tokens, today, 3).await.unwrap(), Some(3), "it was raised");
    assert_eq!(store.count_one(&ours, tokens, tomorrow, 2).await.unwrap(), Some(1));
    assert_eq!(store.count_one(&ours, recoveries, today, 2).await.unwrap(), Some(1));
    assert_eq!(store.count_one(&other, tokens, today, 2).await.unwrap(), Some(1));

    let crowd = join_all((0..8).map(|_| store.count_one(&other, recoveries, today, 5))).await;
    let mut counted: Vec<_> = crowd.into_iter().filter_map(Result::unwrap).collect();
    counted.sort_unstable();
    assert_eq!(counted, [1, 2, 3, 4, 5]);
}

use hooklane_domain::isolation::deaths::Suspect;

use super::samples::at;
use crate::ports::Strikes;

/// Strikes add up for each suspect, also concurrent ones, until they are forgiven.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn strikes<S: Strikes>(store: &S, salt: u128) {
    let of = |name: &str| Suspect::message(&format!("{name}-{salt}"));
    let (ours, other) = (of("ours"), of("other"));
    assert_eq!(store.strikes(&ours).await.unwrap(), 0);
    assert_eq!(store.strike(&ours, at(0)).await.unwrap(), 1);
    assert_eq!(store.strike(&ours, at(60_000)).await.unwrap(), 2);
    assert_eq!(store.strikes(&ours).await.unwrap(), 2);
    assert_eq!(store.strikes(&other).await.unwrap(), 0, "each suspect has its own");
    store.forgive(&other).await.unwrap();
    let crowd = futures::future::join_all((0..4).map(|_| store.strike(&other, at(0)))).await;
    let mut counts: Vec<_> = crowd.into_iter().map(Result::unwrap).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 3, 4]);
    store.forgive(&ours).await.unwrap();
    assert_eq!(store.strikes(&ours).await.unwrap(), 0);
    assert_eq!(store.strikes(&other).await.unwrap(), 4);
    assert_eq!(store.strike(&ours, at(0)).await.unwrap(), 1, "it begins anew");
}

use super::samples::{at, tenant};
use crate::ports::{TestPlace, TestPlaces};

/// As many tests of a tenant as there are places, also if several begin at the same moment. A place is free
/// again once it is given back or its time is over.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn test_places<S: TestPlaces>(store: &S, salt: u128) {
    let (ours, other) = (tenant("places-a", salt), tenant("places-b", salt));
    let take = |tenant, now, until| store.take_test_place(tenant, 2, at(now), at(until));
    let crowd = futures::future::join_all((0..6).map(|_| take(&ours, 0, 30_000))).await;
    let mut places: Vec<TestPlace> = crowd.into_iter().filter_map(Result::unwrap).collect();
    places.sort_by_key(|place| place.number);
    let place = |number, until| TestPlace { number, until: at(until) };
    assert_eq!(places, [place(0, 30_000), place(1, 30_000)]);
    // Another tenant has its own.
    assert_eq!(take(&other, 0, 30_000).await.unwrap(), Some(place(0, 30_000)));

    store.give_back_test_place(&ours, places[1]).await.unwrap();
    let again = take(&ours, 1, 30_001).await.unwrap();
    assert_eq!(again, Some(place(1, 30_001)));
    assert_eq!(take(&ours, 2, 30_002).await.unwrap(), None);
    // Who comes late gives nothing back that is somebody else's.
    store.give_back_test_place(&ours, places[1]).await.unwrap();
    assert_eq!(take(&ours, 3, 30_003).await.unwrap(), None);

    // Both times are over at 30,001.
    assert_eq!(take(&ours, 30_000, 60_000).await.unwrap(), Some(place(0, 60_000)));
    assert_eq!(take(&ours, 30_000, 60_000).await.unwrap(), None);
    assert_eq!(take(&ours, 30_001, 60_001).await.unwrap(), Some(place(1, 60_001)));
    assert_eq!(store.take_test_place(&other, 0, at(0), at(1)).await.unwrap(), None);
}

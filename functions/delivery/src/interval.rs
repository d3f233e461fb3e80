//! How often an instance writes what it observes.

use std::time::Duration;

use hooklane_domain::Timestamp;

/// The minimum time between two writes of a webhook's failures, and between two marks on the watch list, by
/// one instance.
const WRITE_INTERVAL: Duration = Duration::from_secs(10);

/// Whether the interval that began at `since` is over. It also is if the clock went back.
pub(crate) fn is_over(since: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed >= WRITE_INTERVAL)
        || now < since
}

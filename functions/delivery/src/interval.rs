//! How often an instance writes what it sees.

use std::time::Duration;

use hooklane_domain::Timestamp;

/// An instance writes the failures of a webhook, and marks it on the watch list, at most this often.
pub const WRITE_INTERVAL: Duration = Duration::from_secs(10);

/// Whether the interval since then is over. A clock that went back ends it.
pub(crate) fn is_over(since: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed >= WRITE_INTERVAL)
        || now < since
}

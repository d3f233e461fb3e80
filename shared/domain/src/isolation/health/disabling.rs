//! When a webhook that keeps failing is disabled, and when that is announced.

use std::time::Duration;

use jiff::Timestamp;

use super::Health;
use crate::isolation::circuit::Thresholds;
use crate::time::later;

/// That a webhook will be disabled, unless an attempt succeeds before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabling {
    /// Since when all attempts fail, or the last change of the webhook if that was later.
    pub since: Timestamp,
    /// When the announcement is due.
    pub announced_at: Timestamp,
    /// The earliest time at which it is disabled: by the next failed attempt after it.
    pub disables_at: Timestamp,
}

impl Health {
    /// Whether all attempts failed for so long that the webhook is disabled. Failures before the last
    /// change of the webhook do not count, so a webhook that was switched on again gets the full time.
    #[must_use]
    pub fn is_hopeless(&self, changed_at: Timestamp, thresholds: &Thresholds) -> bool {
        self.has_failed_for(thresholds.disable_after, changed_at).is_some()
    }

    /// The announcement that is due: all attempts failed for so long that the webhook will be disabled in a
    /// day unless one succeeds. `None` if it was published for these failures.
    #[must_use]
    pub fn disabling(&self, changed_at: Timestamp, thresholds: &Thresholds) -> Option<Disabling> {
        let (all, notice) = (thresholds.disable_after, thresholds.notice());
        let since = self.has_failed_for(all.saturating_sub(notice), changed_at)?;
        let due = Disabling {
            since,
            announced_at: later(since, all.saturating_sub(notice)),
            disables_at: later(since, all),
        };
        (self.disabling_reported != Some(since)).then_some(due)
    }

    /// Since when all attempts failed, if that is at least `time`. Failures before the last change of the
    /// webhook do not count.
    fn has_failed_for(&self, time: Duration, changed_at: Timestamp) -> Option<Timestamp> {
        let streak = self.streak.filter(|_| !self.circuit.is_closed())?;
        let since = streak.since.max(changed_at);
        (streak.last >= later(since, time)).then_some(since)
    }
}

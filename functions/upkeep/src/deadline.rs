use hooklane_app::ports::Clock;
use hooklane_domain::Timestamp;
use hooklane_domain::time::later;

use crate::tuning::RUN_TIME;

/// When a run has to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Timestamp);

impl Deadline {
    pub(crate) fn of_run(began_at: Timestamp) -> Self {
        Self(later(began_at, RUN_TIME))
    }

    pub(crate) fn has_passed(self, clock: &impl Clock) -> bool {
        clock.now() >= self.0
    }
}

//! When a recovery may send: at once, or by the slots of the pace that its tenant asked for.

use hooklane_app::ports::{Clock as _, RecoveryStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::time::later;

use crate::deps::Deps;
use crate::ports::Ports;
use crate::tuning::PACED_AHEAD;

/// A recovery that is worked on.
pub(super) struct Pace<'a, P: Ports> {
    pub(super) deps: &'a Deps<P>,
    pub(super) recovery: &'a mut Recovery,
}

impl<P: Ports> Pace<'_, P> {
    /// When the next `count` deliveries are sent; fewer if the minute has no more slots. Slots are written
    /// as taken before they are used, so that neither a restart nor a second run sends faster. `None` if
    /// another run works on the recovery.
    pub(super) async fn slots(
        &mut self,
        count: usize,
    ) -> Result<Option<Vec<Timestamp>>, Unavailable> {
        let now = self.deps.system.now();
        let Some(paced) = self.recovery.paced else { return Ok(Some(vec![now; count])) };
        let (slots, after) = paced.take(count, now, later(now, PACED_AHEAD));
        if slots.is_empty() {
            return Ok(Some(slots));
        }
        let taken = Recovery { paced: Some(after), ..self.recovery.clone() };
        if !self.deps.registry.save_recovery(&taken).await? {
            return Ok(None);
        }
        *self.recovery = Recovery { revision: taken.revision + 1, ..taken };
        Ok(Some(slots))
    }

    pub(super) fn is_paced(&self) -> bool {
        self.recovery.paced.is_some()
    }
}

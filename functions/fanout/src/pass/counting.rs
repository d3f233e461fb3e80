//! What a pass measures.

use hooklane_domain::metrics::Metric;

use super::Pass;
use crate::ports::Ports;

impl<P: Ports> Pass<'_, P> {
    /// Counts the events of the records before `done` that are sent whole.
    pub(super) fn count_events(&mut self, done: usize) {
        for index in self.sent_whole.range(..done) {
            if let Some(waited) = self.waited.remove(index) {
                self.figures.add(Metric::EventsFannedOut, 1);
                self.figures.time(Metric::FanoutDelay, waited);
            }
        }
    }
}

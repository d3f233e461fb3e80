//! One run of the function.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_app::careful::forgive;
use hooklane_app::ports::{Clock as _, Strikes as _, Unavailable};
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::time::later;

use crate::brake;
use crate::canary;
use crate::care::Care;
use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::summary::Summary;
use crate::tuning::USAGE_ENDS;
use crate::usage::count_usage;
use crate::walk::walk;

/// The function, with what it remembers between runs.
pub struct Upkeep<P: Ports> {
    pub(crate) deps: Deps<P>,
    /// Where the last run was interrupted. The next one begins there, so that no webhook is always last.
    begin_after: Mutex<Option<WebhookId>>,
}

impl<P: Ports> Upkeep<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self { deps, begin_after: Mutex::default() }
    }

    /// Measures the brake, then walks over the watch list until nothing more can be done at once or the
    /// time of the run is over, and counts usage in what is left of it. The run is marked while it is under way, so that the next one knows whether
    /// it ended.
    pub async fn run(&self) -> Result<Summary, Unavailable> {
        let mark = Suspect::run();
        let care = match self.deps.ledger.strike(&mark, self.deps.system.now()).await {
            Ok(1) => Care::Usual,
            Ok(_) => {
                tracing::warn!("run.one_by_one");
                Care::OneByOne
            }
            Err(error) => {
                error.log("run.not_marked");
                Care::Usual
            }
        };
        let began_at = self.deps.system.now();
        let summary = self.marked_run(care).await;
        count_usage(&self.deps, later(began_at, USAGE_ENDS)).await;
        forgive(&self.deps.ledger, &mark).await;
        summary
    }

    async fn marked_run(&self, care: Care) -> Result<Summary, Unavailable> {
        let deadline = Deadline::of_run(self.deps.system.now());
        if let Err(error) = brake::measure(&self.deps).await {
            error.log("brake.not_measured");
        }
        // Before the walk, which may take all of the time.
        let canary = canary::look(&self.deps).await.unwrap_or_else(|error| {
            error.log("canary.not_looked_at");
            None
        });
        let mut summary = Summary { canary, ..Summary::default() };
        loop {
            let begin_after = self.begin_after().take();
            let walked = walk(&self.deps, begin_after, deadline, care).await?;
            *self.begin_after() = walked.interrupted_after;
            let round = walked.summary;
            summary += round;
            let more = round.unfinished > 0 && round.released + round.recovered > 0;
            if !more || deadline.has_passed(&self.deps.system) {
                break;
            }
        }
        summary.log(self.deps.measured.take());
        Ok(summary)
    }

    fn begin_after(&self) -> MutexGuard<'_, Option<WebhookId>> {
        self.begin_after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Calls that follow a POST. If one of them fails for good, the POST is made again, so they are repeated
//! for longer than others: as long as the time of the invocation allows.

use std::time::Duration;

use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{Clock as _, Entropy as _, Pause as _, Unavailable};
use hooklane_domain::ids::WebhookId;

use crate::context::Context;
use crate::ports::Ports;

/// The first pause. The pauses double, each with up to as much again of jitter, so that those that were
/// throttled together are not throttled together again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// The number of calls. The SDK repeats each of them.
const TRIES: u32 = 12;
/// The longest that one call takes: the limit of `hooklane_aws::clients`, and a second.
const ONE_CALL: Duration = Duration::from_secs(16);

/// What follows the POST of one delivery.
pub(crate) struct AfterPost<'a, P: Ports> {
    pub(crate) context: &'a Context<P>,
    pub(crate) webhook: WebhookId,
    pub(crate) deadline: Deadline,
}

impl<P: Ports> AfterPost<'_, P> {
    /// Makes a call until it succeeds, its error will not pass, or its time is over. A call whose answer
    /// was lost is repeated as well, so it must be one that may be made twice.
    pub(crate) async fn insist<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Unavailable>>,
    {
        let (system, congested) = (&*self.context.system, &self.context.congested);
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let error = match call().await {
                Ok(done) => {
                    congested.wrote(self.webhook, system.now());
                    return Ok(done);
                }
                Err(error) if error.is_unreadable() => return Err(error),
                Err(error) => error,
            };
            if error.is_throttled() {
                congested.throttled(self.webhook, system.now());
            }
            let with_jitter = pause.mul_f64(1.0 + system.jitter().clamp(0.0, 1.0));
            if !self.deadline.leaves(with_jitter + ONE_CALL, system) {
                return Err(error);
            }
            system.pause(with_jitter).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        call().await
    }
}

//! All ports of one process: the fakes, behind calls that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use hooklane_app::ports::{Clock, Entropy, Pause, Unavailable};
use hooklane_domain::Timestamp;
use jiff::SignedDuration;

use super::chance::Chance;
use super::environment::Environment;
use super::fault_rates::FaultRates;
use super::killable::yield_to_others;
use super::versions::Version;

/// A process of a function or of the API, with a clock of its own.
pub(crate) struct Process {
    pub(crate) function: &'static str,
    pub(crate) version: Version,
    pub(crate) invocation: AtomicUsize,
    skew_ms: AtomicI64,
}

impl Process {
    pub(crate) fn kill_rate(&self, rates: FaultRates) -> f64 {
        if self.function == "upkeep" { rates.upkeep_kills } else { rates.kills }
    }

    /// The most by which its clock is wrong. What settles figures relies on clocks that are nearly right.
    fn max_skew(&self) -> i64 {
        if self.function == "stats" { MAX_FIGURE_SKEW_MS } else { MAX_SKEW_MS }
    }

    /// The number of polls after which an invocation is killed. Mostly small, because many invocations are
    /// short, and sometimes large, because some are long.
    pub(crate) fn polls_until_killed(&self, chance: &Chance) -> usize {
        let doublings = if self.function == "upkeep" { 9 } else { 6 };
        chance.below(2 << chance.below(doublings))
    }
}

#[derive(Clone)]
pub(crate) struct Port {
    pub(crate) environment: Arc<Environment>,
    pub(crate) process: Arc<Process>,
}

/// What happens to a call.
enum CallResult {
    Answered,
    /// The call fails before it takes effect.
    Throttled,
    /// The call takes effect, but its caller gets an error and cannot know.
    AnswerLost,
}

/// ADR 72 lets two clocks be 30 seconds apart.
pub(crate) const MAX_FIGURE_SKEW_MS: i64 = 15_000;
/// The most by which a process's clock is wrong: two hours.
const MAX_SKEW_MS: i64 = 2 * 3600 * 1000;

impl Port {
    pub(crate) fn new(environment: &Arc<Environment>, function: &'static str) -> Self {
        let process = Process {
            function,
            version: environment.versions.of_new_process(&environment.chance),
            invocation: AtomicUsize::new(0),
            skew_ms: AtomicI64::new(0),
        };
        Self { environment: Arc::clone(environment), process: Arc::new(process) }
    }

    /// Whether the process is of the next version, and so understands and writes what that version does.
    pub(crate) fn is_next(&self) -> bool {
        self.process.version == Version::Next
    }

    pub(crate) fn invocation(&self) -> usize {
        self.process.invocation.load(Ordering::SeqCst)
    }

    /// Makes one call, which may fail as a call over a network can.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        operate: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        let chance = &self.environment.chance;
        yield_to_others(chance).await;
        // A look makes ten calls. Most must get to their end, or nothing is ever kept.
        let rate = if operation.starts_with("figures.") { 0.3 } else { 1.0 };
        let fails = chance.happens(rate * self.environment.rates().failed_calls);
        let result = match (fails, chance.happens(0.5)) {
            (false, _) => CallResult::Answered,
            (true, false) => CallResult::Throttled,
            (true, true) => CallResult::AnswerLost,
        };
        match result {
            CallResult::Answered => {
                let answer = operate.await;
                yield_to_others(chance).await;
                answer
            }
            CallResult::Throttled => {
                self.environment.journal.count(format!("throttled: {operation}"));
                Err(Unavailable::new(operation, "throttled"))
            }
            CallResult::AnswerLost => {
                operate.await?;
                yield_to_others(chance).await;
                self.environment.journal.count(format!("answer lost: {operation}"));
                Err(Unavailable::new(operation, "the answer was lost"))
            }
        }
    }
}

impl Clock for Port {
    /// The time with an error of up to two hours, which changes at random.
    fn now(&self) -> Timestamp {
        let environment = &self.environment;
        let jumps = environment.rates().clock_jumps;
        if jumps == 0.0 {
            self.process.skew_ms.store(0, Ordering::SeqCst);
        } else if environment.chance.happens(jumps) {
            let skew = match environment.chance.below(3) {
                0 => 0,
                1 => environment.chance.between(-5_000, 5_000),
                _ => environment.chance.between(-self.process.max_skew(), self.process.max_skew()),
            };
            self.process.skew_ms.store(skew, Ordering::SeqCst);
            environment.journal.count(format!("clock jumped: {}", self.process.function));
        }
        let skew = SignedDuration::from_millis(self.process.skew_ms.load(Ordering::SeqCst));
        environment.now().saturating_add(skew).unwrap()
    }
}

impl Pause for Port {
    async fn pause(&self, time: Duration) {
        self.environment.pause(time).await;
    }
}

impl Entropy for Port {
    fn random(&self) -> [u8; 32] {
        self.environment.chance.bytes()
    }
}

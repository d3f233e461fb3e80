//! Every port of the pipeline as one function's process has it: the fakes, behind calls that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use hooklane_app::ports::{Clock, Entropy, Unavailable};
use hooklane_domain::Timestamp;
use jiff::SignedDuration;

use super::chance::Chance;
use super::mortal::meanwhile;
use super::outside::Outside;
use super::weather::Weather;

/// One process of a function, with a clock of its own.
pub(crate) struct Process {
    pub(crate) function: &'static str,
    pub(crate) invocation: AtomicUsize,
    skew_ms: AtomicI64,
}

impl Process {
    pub(crate) fn mortality(&self, weather: Weather) -> f64 {
        if self.function == "upkeep" { weather.upkeep_kills } else { weather.kills }
    }

    /// Where one is killed, it is before so many of its await points: most often soon, as a run may be
    /// short, and sometimes late, as some runs are long.
    pub(crate) fn life(&self, chance: &Chance) -> usize {
        let doublings = if self.function == "upkeep" { 9 } else { 6 };
        chance.below(2 << chance.below(doublings))
    }
}

#[derive(Clone)]
pub(crate) struct Port {
    pub(crate) outside: Arc<Outside>,
    pub(crate) process: Arc<Process>,
}

/// What becomes of a call.
enum Fate {
    Done,
    /// It fails before anything is done: throttled.
    Refused,
    /// It is done, and the answer is lost: nobody knows.
    AnswerLost,
}

/// No clock is wrong by more than this.
const MAX_SKEW_MS: i64 = 2 * 3600 * 1000;

impl Port {
    pub(crate) fn of(outside: &Arc<Outside>, function: &'static str) -> Self {
        let process =
            Process { function, invocation: AtomicUsize::new(0), skew_ms: AtomicI64::new(0) };
        Self { outside: Arc::clone(outside), process: Arc::new(process) }
    }

    pub(crate) fn invocation(&self) -> usize {
        self.process.invocation.load(Ordering::SeqCst)
    }

    /// Makes one call, in which anything may happen that can happen to a call over a network.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        act: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        let chance = &self.outside.chance;
        meanwhile(chance).await;
        let fate = match (chance.happens(self.outside.weather().calls), chance.happens(0.5)) {
            (false, _) => Fate::Done,
            (true, false) => Fate::Refused,
            (true, true) => Fate::AnswerLost,
        };
        match fate {
            Fate::Done => {
                let answer = act.await;
                meanwhile(chance).await;
                answer
            }
            Fate::Refused => {
                self.outside.journal.count(format!("refused: {operation}"));
                Err(Unavailable::new(operation, "throttled"))
            }
            Fate::AnswerLost => {
                act.await?;
                meanwhile(chance).await;
                self.outside.journal.count(format!("answer lost: {operation}"));
                Err(Unavailable::new(operation, "the answer was lost"))
            }
        }
    }
}

impl Clock for Port {
    /// Jumps forwards and backwards, by hours, and back to what is right.
    fn now(&self) -> Timestamp {
        let outside = &self.outside;
        let jumps = outside.weather().jumps;
        if jumps == 0.0 {
            self.process.skew_ms.store(0, Ordering::SeqCst);
        } else if outside.chance.happens(jumps) {
            let skew = match outside.chance.below(3) {
                0 => 0,
                1 => outside.chance.between(-5_000, 5_000),
                _ => outside.chance.between(-MAX_SKEW_MS, MAX_SKEW_MS),
            };
            self.process.skew_ms.store(skew, Ordering::SeqCst);
            outside.journal.count(format!("clock jumped: {}", self.process.function));
        }
        let skew = SignedDuration::from_millis(self.process.skew_ms.load(Ordering::SeqCst));
        outside.now().saturating_add(skew).unwrap()
    }
}

impl Entropy for Port {
    fn random(&self) -> [u8; 32] {
        self.outside.chance.bytes()
    }
}

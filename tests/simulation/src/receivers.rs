//! What receivers answer. It depends on the seed, the time and the delivery only, so that it is the same
//! in every run that differs in something else.

use fastrand::Rng;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};

use crate::queue::WebhookNo;
use crate::scenario::{Failing, HOUR, Millis, Outage, Scenario};

/// A receiver that answers takes so long, evenly spread.
const ANSWERS: std::ops::Range<Millis> = 80..160;

#[derive(Debug)]
pub(crate) struct Receivers {
    seed: u64,
    failing_attempts: f64,
    /// When a receiver fails, in order of time …
    outages: Vec<Vec<(Millis, Millis)>>,
    /// … and how, but for the dead one, which does not answer.
    how: Outage,
    healthy: WebhookNo,
    /// An attempt without an answer takes so long.
    time_limit: Millis,
}

/// What came of an attempt, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) took: Millis,
}

impl Receivers {
    pub(crate) fn new(scenario: &Scenario, time_limit: Millis) -> Self {
        let mut rng = Rng::with_seed(scenario.seed ^ 0x5eed);
        let end = scenario.publishes_until + 2 * HOUR;
        let mut outages: Vec<_> =
            (0..scenario.healthy).map(|_| outages(&mut rng, scenario.failing, end)).collect();
        outages.extend(scenario.dead.map(|dead| vec![(dead.from, dead.until)]));
        let failing_attempts = match scenario.failing {
            Failing::Attempts(share) => share,
            Failing::Never | Failing::Outages { .. } => 0.0,
        };
        let how = match scenario.failing {
            Failing::Outages { how, .. } => how,
            Failing::Never | Failing::Attempts(_) => Outage::Silent,
        };
        let seed = scenario.seed;
        Self { seed, failing_attempts, outages, how, healthy: scenario.healthy, time_limit }
    }

    pub(crate) fn answer(
        &self,
        webhook: WebhookNo,
        delivery: u32,
        attempt: u32,
        now: Millis,
    ) -> Answer {
        let outages = &self.outages[usize::from(webhook)];
        let begun = outages.partition_point(|(from, _)| *from <= now);
        let is_out = outages[..begun].last().is_some_and(|(_, until)| now < *until);
        if is_out && (webhook == self.healthy || self.how == Outage::Silent) {
            let detail = String::new();
            let outcome = Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail });
            return Answer { outcome, took: self.time_limit };
        }
        let mut rng = Rng::with_seed(self.seed ^ u64::from(delivery) << 16 ^ u64::from(attempt));
        let fails = self.failing_attempts > 0.0 && rng.f64() < self.failing_attempts;
        let (status_text, headers, body) = Default::default();
        let status = match (is_out, fails) {
            (true, _) => 503,
            (false, true) => 500,
            (false, false) => 200,
        };
        let outcome = Outcome::Answered(Response { status, status_text, headers, body });
        Answer { outcome, took: rng.i64(ANSWERS) }
    }
}

/// Times without and with answers, one after the other, of exponential length.
fn outages(rng: &mut Rng, failing: Failing, end: Millis) -> Vec<(Millis, Millis)> {
    let Failing::Outages { share, mean, .. } = failing else { return Vec::new() };
    let healthy_mean = mean as f64 * (1.0 - share) / share;
    let mut outages = Vec::new();
    let mut at = exponential(rng, healthy_mean);
    while at < end {
        let until = at + exponential(rng, mean as f64);
        outages.push((at, until));
        at = until + exponential(rng, healthy_mean);
    }
    outages
}

/// At least a millisecond.
pub(crate) fn exponential(rng: &mut Rng, mean: f64) -> Millis {
    (-mean * (1.0 - rng.f64()).ln()).ceil().max(1.0) as Millis
}

//! What receivers answer. It depends on the seed, the time, the event and the number of requests with it
//! only, so that it is the same in every run that differs in something else.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};

use crate::assumptions::ANSWERS;
use crate::queue::WebhookNo;
use crate::scenario::{Failing, Outage, Scenario};
use crate::time::{HOUR, Millis};

#[derive(Debug)]
pub(crate) struct Receivers {
    seed: u64,
    failing_attempts: f64,
    /// When a receiver fails, in order of time …
    outages: Vec<Vec<(Millis, Millis)>>,
    /// … and how, but for the dead one, which does not answer.
    how: Outage,
    healthy: WebhookNo,
    /// The number of requests with an event that a receiver has not taken yet.
    refused: HashMap<u32, u32>,
}

/// What came of an attempt, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) took: Millis,
}

impl Receivers {
    pub(crate) fn new(scenario: &Scenario) -> Self {
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
        let (seed, healthy, refused) = (scenario.seed, scenario.healthy, HashMap::new());
        Self { seed, failing_attempts, outages, how, healthy, refused }
    }

    /// What comes of a request with an event that is given up after `limit`.
    pub(crate) fn answer(
        &mut self,
        webhook: WebhookNo,
        event: u32,
        now: Millis,
        limit: Duration,
    ) -> Answer {
        let request = self.refused.remove(&event).unwrap_or(0) + 1;
        let answer = self.answer_to(webhook, event, request, now, limit);
        if answer.outcome.status() != Some(200) {
            self.refused.insert(event, request);
        }
        answer
    }

    fn answer_to(
        &self,
        webhook: WebhookNo,
        event: u32,
        request: u32,
        now: Millis,
        limit: Duration,
    ) -> Answer {
        let outages = &self.outages[usize::from(webhook)];
        let begun = outages.partition_point(|(from, _)| *from <= now);
        let is_out = outages[..begun].last().is_some_and(|(_, until)| now < *until);
        if is_out && (webhook == self.healthy || self.how == Outage::Silent) {
            let detail = String::new();
            let outcome = Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail });
            return Answer { outcome, took: limit.as_millis() as Millis };
        }
        let mut rng = Rng::with_seed(self.seed ^ u64::from(event) << 16 ^ u64::from(request));
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

//! Which figures an attempt yields.

use jiff::Timestamp;

use super::{Figures, Metric};
use crate::delivery::attempt::Attempt;
use crate::delivery::retry::Next;
use crate::isolation::circuit::Circuit;

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
pub struct Attempted<'a> {
    pub attempt: &'a Attempt,
    pub next: Next,
    /// The circuit of its webhook, before the attempt.
    pub circuit: Circuit,
    /// When the event was accepted, if nothing has held the delivery since: it was not parked, put off or
    /// sent again. `None` otherwise.
    pub straight_since: Option<Timestamp>,
}

impl Attempted<'_> {
    /// Adds what the attempt says about how well deliveries work.
    ///
    /// Nothing if the circuit of the webhook is not closed: a receiver that has failed for minutes is its
    /// tenant's affair, and must not wake the operator each time it is probed. Nothing either if the
    /// attempt says nothing about a receiver: a filter or transform has no result, or the target may not
    /// be called. Such a webhook never opens its circuit, or could be made to fail at will.
    pub fn count(&self, figures: &mut Figures) {
        let outcome = &self.attempt.outcome;
        if !self.circuit.is_closed() || !outcome.concerns_receiver() || outcome.is_blocked() {
            return;
        }
        figures.yes(Metric::DeliverySucceeded, outcome.is_success());
        figures.add(Metric::ResponseTime, self.attempt.duration_ms.into());
        let is_first = self.attempt.number == 1;
        if is_first {
            figures.yes(Metric::Retried, matches!(self.next, Next::RetryAt(_)));
        }
        match self.next {
            Next::Delivered => figures.yes(Metric::Failed, false),
            Next::Exhausted | Next::Gone | Next::Broken => figures.yes(Metric::Failed, true),
            Next::RetryAt(_) => {}
        }
        if let Some(accepted_at) = self.straight_since.filter(|_| is_first) {
            let delay = self.attempt.at.duration_since(accepted_at);
            // A clock that lags shows no negative time.
            figures.time(Metric::FirstAttemptDelay, delay.try_into().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};

    fn at(text: &str) -> Timestamp {
        format!("2024-01-15T10:{text}Z").parse().unwrap()
    }

    fn answered(status: u16) -> Outcome {
        let (status_text, headers, body) = (String::new(), Vec::new(), String::new());
        Outcome::Answered(Response { status, status_text, headers, body })
    }

    fn error(kind: ErrorKind) -> Outcome {
        Outcome::Error(AttemptError { kind, detail: String::new() })
    }

    fn attempt(number: u32, began: &str, outcome: Outcome) -> Attempt {
        let (request_headers, remarks) = (Vec::new(), Vec::new());
        Attempt {
            number,
            at: at(began),
            duration_ms: 120,
            request_headers,
            outcome,
            remarks,
            measure: crate::delivery::attempt::Measure::default(),
        }
    }

    fn figures(number: u32, outcome: Outcome, next: Next, circuit: Circuit) -> String {
        let attempt = attempt(number, "00:02.5", outcome);
        let straight_since = Some(at("00:00"));
        let mut figures = Figures::default();
        Attempted { attempt: &attempt, next, circuit, straight_since }.count(&mut figures);
        figures.to_string()
    }

    const NOTHING: &str = "{}";

    #[test]
    fn what_each_attempt_counts_for() {
        let retry = Next::RetryAt(at("05:00"));
        let rows = [
            // A success at once.
            (
                1,
                answered(200),
                Next::Delivered,
                r#"{"DeliverySucceeded":[1],"ResponseTime":[120],"Retried":[0],"Failed":[0],"FirstAttemptDelay":[2500]}"#,
            ),
            // The first attempt fails, so the delivery needs a retry. It has not ended.
            (
                1,
                answered(500),
                retry,
                r#"{"DeliverySucceeded":[0],"ResponseTime":[120],"Retried":[1],"FirstAttemptDelay":[2500]}"#,
            ),
            (
                1,
                error(ErrorKind::Timeout),
                retry,
                r#"{"DeliverySucceeded":[0],"ResponseTime":[120],"Retried":[1],"FirstAttemptDelay":[2500]}"#,
            ),
            // A later attempt says nothing more about whether the delivery needs a retry.
            (2, answered(503), retry, r#"{"DeliverySucceeded":[0],"ResponseTime":[120]}"#),
            (
                2,
                answered(204),
                Next::Delivered,
                r#"{"DeliverySucceeded":[1],"ResponseTime":[120],"Failed":[0]}"#,
            ),
            (
                9,
                answered(500),
                Next::Exhausted,
                r#"{"DeliverySucceeded":[0],"ResponseTime":[120],"Failed":[1]}"#,
            ),
            // A policy without retries: the delivery fails without needing one.
            (
                1,
                answered(500),
                Next::Exhausted,
                r#"{"DeliverySucceeded":[0],"ResponseTime":[120],"Retried":[0],"Failed":[1],"FirstAttemptDelay":[2500]}"#,
            ),
            (
                2,
                answered(410),
                Next::Gone,
                r#"{"DeliverySucceeded":[0],"ResponseTime":[120],"Failed":[1]}"#,
            ),
            // What says nothing about a receiver.
            (1, error(ErrorKind::Transform), Next::Broken, NOTHING),
            (1, error(ErrorKind::Body), retry, NOTHING),
            (1, error(ErrorKind::Blocked), retry, NOTHING),
        ];
        for (number, outcome, next, expected) in rows {
            let shown = format!("{number} {outcome:?}");
            assert_eq!(figures(number, outcome, next, Circuit::Closed), expected, "{shown}");
        }
    }

    #[test]
    fn an_attempt_at_a_webhook_whose_circuit_is_not_closed_counts_for_nothing() {
        let (since, probes) = (at("00:00"), 3);
        let open = Circuit::Open { since, probe_at: at("01:00"), probes };
        let half_open = Circuit::HalfOpen { since, probes, until: at("02:00") };
        for circuit in [open, half_open] {
            for (status, next) in [(500, Next::Exhausted), (200, Next::Delivered)] {
                assert_eq!(figures(1, answered(status), next, circuit), NOTHING, "{circuit:?}");
            }
        }
    }

    #[test]
    fn the_delay_of_a_delivery_that_was_held_is_not_counted_and_none_is_negative() {
        let attempt = attempt(1, "00:02", answered(200));
        for (straight_since, expected) in [(None, &[][..]), (Some(at("00:03")), &[0])] {
            let (next, circuit) = (Next::Delivered, Circuit::Closed);
            let mut figures = Figures::default();
            Attempted { attempt: &attempt, next, circuit, straight_since }.count(&mut figures);
            assert_eq!(figures.of(Metric::FirstAttemptDelay), expected);
        }
    }
}

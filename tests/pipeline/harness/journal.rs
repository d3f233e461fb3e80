//! What really happened in a run. The pipeline does not see this record; all checks are based on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_upkeep::Summary;

/// A delivery as receivers and producers identify it.
pub(crate) type DeliveryKey = (WebhookId, EventId);

/// More attempts than any delivery gets here, manual retries included.
const MAX_POSTS: usize = 100;

#[derive(Default)]
pub(crate) struct Journal(Mutex<Entries>);

#[derive(Default)]
pub(crate) struct Entries {
    /// The number of the last entry. It orders entries independently of the functions' clocks.
    step: u64,
    /// What producers publish.
    pub(crate) published: BTreeMap<(TenantId, EventId), Published>,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) deliveries: BTreeMap<DeliveryKey, Record>,
    /// The deliveries that have had an item in the ledger.
    pub(crate) seen: BTreeSet<DeliveryId>,
    /// How often each webhook's circuit made each transition.
    pub(crate) circuits: BTreeMap<(WebhookId, &'static str), usize>,
    counts: BTreeMap<String, u64>,
}

pub(crate) struct Published {
    pub(crate) event_type: String,
    /// The data as JSON text.
    pub(crate) data: String,
    /// Whether Hooklane has accepted it.
    pub(crate) accepted: bool,
}

pub(crate) struct Invocation {
    pub(crate) began: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) killed: bool,
}

/// What happened to one delivery.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) posts: Vec<Post>,
    /// What its receiver answered, or did not, also to requests that it did not read.
    pub(crate) answers: Vec<Answered>,
    /// The latest of the answers that the ledger has, by its place.
    pub(crate) last: Option<usize>,
    body: Option<String>,
    /// The step since which the ledger has had it as ended.
    done_since: Option<u64>,
    /// The invocations in which a call to the ledger for this delivery failed.
    pub(crate) store_faults: BTreeSet<usize>,
    pub(crate) cancel_requested: bool,
    pub(crate) gone: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Post {
    pub(crate) invocation: usize,
    /// Whether the receiver answered 2xx.
    pub(crate) accepted: bool,
}

/// A request, as its receiver and the network saw it.
pub(crate) struct Answered {
    pub(crate) invocation: usize,
    /// The status of the answer, or what went wrong.
    pub(crate) with: &'static str,
    pub(crate) accepted: bool,
    pub(crate) took_ms: u64,
    /// Whether the ledger was told of it. An invocation that is killed tells nobody.
    pub(crate) is_recorded: bool,
}

impl Journal {
    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, what: impl Into<String>) {
        *self.entries().counts.entry(what.into()).or_default() += 1;
    }

    /// Counts what a run of `upkeep` reports.
    pub(crate) fn count_upkeep(&self, summary: Summary) {
        for (what, by) in [
            ("released", summary.released),
            ("swept", summary.swept),
            ("recovered", summary.recovered),
            ("reported", summary.reported),
        ] {
            *self.entries().counts.entry(format!("upkeep: {what}")).or_default() += by;
        }
    }

    /// Adds a new invocation and returns its number.
    pub(crate) fn begin(&self) -> usize {
        let mut entries = self.entries();
        let began = entries.next();
        entries.invocations.push(Invocation { began, ended: None, killed: false });
        entries.invocations.len() - 1
    }

    pub(crate) fn end(&self, invocation: usize, function: &str, killed: bool) {
        let mut entries = self.entries();
        let ended = entries.next();
        entries.invocations[invocation].ended = Some(ended);
        entries.invocations[invocation].killed = killed;
        let what = if killed { "killed" } else { "invoked" };
        *entries.counts.entry(format!("{what}: {function}")).or_default() += 1;
    }

    pub(crate) fn store_fault(&self, key: DeliveryKey, invocation: usize) {
        self.entries().deliveries.entry(key).or_default().store_faults.insert(invocation);
    }

    pub(crate) fn cancel_requested(&self, key: DeliveryKey) {
        self.entries().deliveries.entry(key).or_default().cancel_requested = true;
    }

    /// Counts the transition that a write of a webhook's health made.
    pub(crate) fn circuit_changed(&self, webhook: WebhookId, before: Circuit, after: Circuit) {
        let what = match (before, after) {
            (Circuit::Closed, Circuit::Open { .. }) => "opened",
            (Circuit::Open { .. } | Circuit::HalfOpen { .. }, Circuit::Closed) => "closed",
            (Circuit::Open { probes: before, .. }, Circuit::HalfOpen { probes: after, .. }) => {
                assert_eq!(before, after, "starting a probe does not count as a failed one");
                "probed"
            }
            (Circuit::HalfOpen { until: before, .. }, Circuit::HalfOpen { until: after, .. })
                if before != after =>
            {
                "probed again after a lost probe"
            }
            (Circuit::HalfOpen { probes: before, .. }, Circuit::Open { probes: after, .. })
                if before < after =>
            {
                "reopened after a failed probe"
            }
            (Circuit::HalfOpen { .. }, Circuit::Open { .. }) => "probed early on request",
            (Circuit::Open { probe_at: before, .. }, Circuit::Open { probe_at: after, .. })
                if before != after =>
            {
                "probed early on request"
            }
            (Circuit::Closed, Circuit::HalfOpen { .. }) => panic!("a closed circuit was probed"),
            _ => return,
        };
        *self.entries().circuits.entry((webhook, what)).or_default() += 1;
    }

    /// Notes a request that a receiver read, and checks it.
    pub(crate) fn posted(&self, key: DeliveryKey, body: &str, invocation: usize, accepted: bool) {
        let mut entries = self.entries();
        entries.next();
        let began = entries.invocations[invocation].began;
        let record = entries.deliveries.entry(key.clone()).or_default();
        assert!(
            record.done_since.is_none_or(|since| began < since),
            "{key:?} was posted by an invocation that began after the delivery had ended in the ledger"
        );
        match &record.body {
            Some(before) => assert_eq!(before, body, "the body of {key:?} changed"),
            None => record.body = Some(body.to_owned()),
        }
        record.posts.push(Post { invocation, accepted });
        assert!(record.posts.len() < MAX_POSTS, "{key:?} is sent without end");
    }

    /// Notes what became of a request.
    pub(crate) fn answered(&self, key: DeliveryKey, answered: Answered) {
        self.entries().deliveries.entry(key).or_default().answers.push(answered);
    }

    /// Notes a successful write of a delivery's item and checks it against the item before.
    pub(crate) fn written(
        &self,
        before: Option<&Delivery>,
        after: &Delivery,
        (function, invocation): (&'static str, usize),
    ) {
        if let Some(before) = before {
            check_change(before, after, function);
        }
        if let State::Parked { reason, .. } = after.state {
            self.count(format!("parked: {reason:?}"));
        }
        let mut entries = self.entries();
        let step = entries.next();
        entries.seen.insert(after.id.clone());
        let key = (after.id.webhook(), after.id.event().clone());
        let record = entries.deliveries.entry(key).or_default();
        record.done_since = after.is_done().then(|| record.done_since.unwrap_or(step));
        record.recorded(before, after, invocation);
    }
}

impl Record {
    /// Finds the request that a write tells of: it was made by the invocation that writes. Two messages of one
    /// delivery may be in its batch; then the duration tells their requests apart.
    fn recorded(&mut self, before: Option<&Delivery>, after: &Delivery, invocation: usize) {
        let attempts = before.map_or(0, |before| before.attempts);
        if after.attempts == attempts {
            return;
        }
        assert_eq!(after.attempts, attempts + 1, "a write tells of one attempt: {after:?}");
        let last = after.last.as_ref().expect("an attempt");
        let is_last = before.and_then(|before| before.last.as_ref()) != Some(last);
        let ours = |answer: &Answered| answer.invocation == invocation && !answer.is_recorded;
        let fits = |answer: &Answered| {
            ours(answer) && (!is_last || answer.took_ms == u64::from(last.duration_ms))
        };
        let found = self.answers.iter().position(fits);
        let found = found.unwrap_or_else(|| panic!("nobody got the attempt of {after:?}"));
        self.answers[found].is_recorded = true;
        if is_last {
            self.last = Some(found);
        }
    }
}

/// Checks what holds for every write of a delivery's item.
fn check_change(before: &Delivery, after: &Delivery, function: &'static str) {
    let change = || format!("{before:?} became {after:?} by {function}");
    assert_eq!(before.tenant, after.tenant, "{}", change());
    assert!(after.generation >= before.generation, "the generation went back: {}", change());
    assert!(after.attempts >= before.attempts, "the number of attempts went back: {}", change());
    assert!(
        after.failed_at.starts_with(&before.failed_at),
        "failed attempts are missing: {}",
        change()
    );
    match &before.state {
        State::Delivered { .. } => assert_eq!(before.state, after.state, "{}", change()),
        State::Failed { .. } | State::Cancelled { .. } => {
            let succeeded = matches!(after.state, State::Delivered { .. });
            // Manually, or by a recovery.
            let may_retry = matches!(function, "api" | "upkeep");
            let retried = may_retry && matches!(after.state, State::Waiting { .. });
            assert!(succeeded || retried || before.state == after.state, "{}", change());
        }
        State::Waiting { .. } | State::Parked { .. } => {}
    }
}

impl Entries {
    fn next(&mut self) -> u64 {
        self.step += 1;
        self.step
    }

    pub(crate) fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// Up to five deliveries that have begun and that have not ended in the ledger.
    pub(crate) fn unfinished(&self) -> Vec<&DeliveryKey> {
        let open = self.deliveries.iter().filter(|(_, record)| record.done_since.is_none());
        open.map(|(key, _)| key).take(5).collect()
    }

    pub(crate) fn all_accepted(&self) -> bool {
        self.published.values().all(|published| published.accepted)
    }
}

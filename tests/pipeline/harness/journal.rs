//! The ground truth of the checks: everything that happened, recorded from outside the pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_upkeep::Summary;

/// A delivery, as the outside names it.
pub(crate) type Key = (WebhookId, EventId);

/// No policy here allows so many attempts, however often somebody asks for more.
const MOST_POSTS: usize = 100;

#[derive(Default)]
pub(crate) struct Journal(Mutex<Book>);

#[derive(Default)]
pub(crate) struct Book {
    /// Counts what is written here: an order of everything, whatever the clocks say.
    step: u64,
    /// What producers published, with the data as text.
    pub(crate) published: BTreeMap<(TenantId, EventId), Published>,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) deliveries: BTreeMap<Key, Record>,
    /// Ids of deliveries that a tenant could have read in its log.
    pub(crate) seen: BTreeSet<DeliveryId>,
    /// What the circuit of each webhook did, and how often.
    pub(crate) circuits: BTreeMap<(WebhookId, &'static str), usize>,
    counts: BTreeMap<String, u64>,
}

pub(crate) struct Published {
    pub(crate) event_type: String,
    pub(crate) data: String,
    /// Hooklane answers for it.
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
    body: Option<String>,
    /// Since when the ledger has had it at its end.
    done_since: Option<u64>,
    /// Invocations in which a call of the ledger about it failed.
    pub(crate) store_faults: BTreeSet<usize>,
    pub(crate) cancel_asked: bool,
    pub(crate) gone: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Post {
    pub(crate) invocation: usize,
    /// The receiver answered 2xx.
    pub(crate) taken: bool,
}

impl Journal {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, what: impl Into<String>) {
        *self.book().counts.entry(what.into()).or_default() += 1;
    }

    /// What a run of `upkeep` did, of what it could tell.
    pub(crate) fn look(&self, summary: Summary) {
        for (what, by) in [
            ("released", summary.released),
            ("swept", summary.swept),
            ("recovered", summary.recovered),
            ("reported", summary.reported),
        ] {
            *self.book().counts.entry(format!("upkeep: {what}")).or_default() += by;
        }
    }

    /// A new invocation, and its number.
    pub(crate) fn begin(&self) -> usize {
        let mut book = self.book();
        let began = book.next();
        book.invocations.push(Invocation { began, ended: None, killed: false });
        book.invocations.len() - 1
    }

    pub(crate) fn end(&self, invocation: usize, function: &str, killed: bool) {
        let mut book = self.book();
        let ended = book.next();
        book.invocations[invocation].ended = Some(ended);
        book.invocations[invocation].killed = killed;
        let what = if killed { "killed" } else { "invoked" };
        *book.counts.entry(format!("{what}: {function}")).or_default() += 1;
    }

    pub(crate) fn store_fault(&self, key: Key, invocation: usize) {
        self.book().deliveries.entry(key).or_default().store_faults.insert(invocation);
    }

    pub(crate) fn cancel_asked(&self, key: Key) {
        self.book().deliveries.entry(key).or_default().cancel_asked = true;
    }

    /// A write of a webhook's health that was done: what it did to the circuit.
    pub(crate) fn circuit_moved(&self, webhook: WebhookId, before: Circuit, after: Circuit) {
        let what = match (before, after) {
            (Circuit::Closed, Circuit::Open { .. }) => "opened",
            (Circuit::Open { .. } | Circuit::HalfOpen { .. }, Circuit::Closed) => "closed",
            (Circuit::Open { probes: before, .. }, Circuit::HalfOpen { probes: after, .. }) => {
                assert_eq!(before, after, "a probe that began counts as one that failed");
                "probed"
            }
            (Circuit::HalfOpen { until: before, .. }, Circuit::HalfOpen { until: after, .. })
                if before != after =>
            {
                "probed anew, a probe was lost"
            }
            (Circuit::HalfOpen { probes: before, .. }, Circuit::Open { probes: after, .. })
                if before < after =>
            {
                "opened again, a probe failed"
            }
            (Circuit::HalfOpen { .. }, Circuit::Open { .. }) => "hurried",
            (Circuit::Open { probe_at: before, .. }, Circuit::Open { probe_at: after, .. })
                if before != after =>
            {
                "hurried"
            }
            (Circuit::Closed, Circuit::HalfOpen { .. }) => panic!("a probe of a closed circuit"),
            _ => return,
        };
        *self.book().circuits.entry((webhook, what)).or_default() += 1;
    }

    /// A request as a receiver reads it, checked at once.
    pub(crate) fn posted(&self, key: Key, body: &str, invocation: usize, taken: bool) {
        let mut book = self.book();
        book.next();
        let began = book.invocations[invocation].began;
        let record = book.deliveries.entry(key.clone()).or_default();
        assert!(
            record.done_since.is_none_or(|since| began < since),
            "{key:?} was posted by an invocation that began after the ledger had it at its end"
        );
        match &record.body {
            Some(before) => assert_eq!(before, body, "the body of {key:?} changed"),
            None => record.body = Some(body.to_owned()),
        }
        record.posts.push(Post { invocation, taken });
        assert!(record.posts.len() < MOST_POSTS, "{key:?} is sent again and again");
    }

    /// A write of the ledger that was done, with what it replaced.
    pub(crate) fn written(
        &self,
        before: Option<&Delivery>,
        after: &Delivery,
        function: &'static str,
    ) {
        if let Some(before) = before {
            check_change(before, after, function);
        }
        if let State::Parked { reason, .. } = after.state {
            self.count(format!("parked: {reason:?}"));
        }
        let mut book = self.book();
        let step = book.next();
        book.seen.insert(after.id.clone());
        let key = (after.id.webhook(), after.id.event().clone());
        let record = book.deliveries.entry(key).or_default();
        record.done_since = after.is_done().then(|| record.done_since.unwrap_or(step));
    }
}

/// What no write may ever do to a delivery.
fn check_change(before: &Delivery, after: &Delivery, function: &'static str) {
    let told = || format!("{before:?} became {after:?} by {function}");
    assert_eq!(before.tenant, after.tenant, "{}", told());
    assert!(after.generation >= before.generation, "an older generation won: {}", told());
    assert!(after.attempts >= before.attempts, "attempts were forgotten: {}", told());
    assert!(after.failed_at.starts_with(&before.failed_at), "failures were forgotten: {}", told());
    match &before.state {
        State::Delivered { .. } => assert_eq!(before.state, after.state, "{}", told()),
        State::Failed { .. } | State::Cancelled { .. } => {
            let arrived = matches!(after.state, State::Delivered { .. });
            // By hand, or by a recovery that was ordered.
            let asked = matches!(function, "api" | "upkeep");
            let retried = asked && matches!(after.state, State::Waiting { .. });
            assert!(arrived || retried || before.state == after.state, "{}", told());
        }
        State::Waiting { .. } | State::Parked { .. } => {}
    }
}

impl Book {
    fn next(&mut self) -> u64 {
        self.step += 1;
        self.step
    }

    pub(crate) fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// The first few of those that were begun and that the ledger does not have at their end.
    pub(crate) fn unfinished(&self) -> Vec<&Key> {
        let open = self.deliveries.iter().filter(|(_, record)| record.done_since.is_none());
        open.map(|(key, _)| key).take(5).collect()
    }

    pub(crate) fn all_accepted(&self) -> bool {
        self.published.values().all(|published| published.accepted)
    }
}

//! What must hold at the end of a run, and the figures of the run.

use std::collections::{BTreeMap, BTreeSet};

use hooklane_app::ports::{DeliveryStore as _, EventStore as _};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, State};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventType};
use hooklane_domain::isolation::notice::Notice;
use hooklane_domain::webhook::Webhook;

use super::journal::{Entries, Post, Record};
use super::pipeline::Pipeline;
use super::tenants::DEAD;

/// The figures of a run, by name.
pub(crate) type Figures = BTreeMap<String, u64>;

/// What must have happened at least once in every full run.
const FAULTS: [&str; 48] = [
    "answer lost: deliveries.save",
    "answer lost: index.keep",
    "answer lost: queues.send_later",
    "clock jumped: delivery",
    "deletion lost: message",
    "invoked twice: upkeep",
    "killed: api",
    "killed: delivery",
    "killed: fanout",
    "killed: ingest",
    "killed: stats",
    "killed: upkeep",
    "lane changed: message",
    "received: message of several deliveries",
    "looked at figures",
    "lost: message",
    "manual request: delivery cancelled",
    "manual request: delivery retried",
    "manual request: recovery ordered",
    "marked for figures",
    "noted, and not saved: delivery",
    "over the read units of a key",
    "over the write units of a key",
    "parked: Circuit",
    "parked: Inactive",
    "parked: Paused",
    "parked: RateLimit",
    "partial failure: queues.dispatch",
    "put back: a dead letter of fanout",
    "received twice: message",
    "receiver: answers with an error",
    "receiver: is busy",
    "receiver: is gone",
    "receiver: refuses",
    "receiver: resets",
    "receiver: sends garbage",
    "receiver: stalls",
    "refused for good: queues.dispatch",
    "replayed: stream batch",
    "saved long after its note: delivery",
    "swept: its message was lost",
    "throttled: deliveries.save",
    "throttled: figures.listed",
    "throttled: figures.notes",
    "throttled: index.keep",
    "transaction conflict: a transaction",
    "transaction conflict: a write",
    "upkeep: released",
];

impl Pipeline {
    /// Checks every accepted event against the ledger and the journal. Returns the figures of the run.
    pub(crate) async fn reconcile(&self) -> Figures {
        let mut figures = self.environment.journal.entries().counts().clone();
        let mut count = |what: &str, by: usize| {
            *figures.entry(what.to_owned()).or_default() += by as u64;
        };
        let expected = self.expected().await;
        for (event, webhook) in &expected {
            let id = DeliveryId::new(webhook.id, event.accepted_at, event.id.clone());
            let read =
                self.environment.ledger.read(std::slice::from_ref(&id)).await.unwrap().remove(0);
            let delivery = read.unwrap_or_else(|| panic!("{id} of {} is lost", event.id));
            let attempts = self.environment.ledger.attempts(&delivery).await.unwrap();
            let kept = delivery.failed_at.len() + usize::from(delivery.success.is_some());
            assert_eq!(attempts.len(), kept, "an attempt of {delivery:?} is missing");
            let entries = self.environment.journal.entries();
            let record = &entries.deliveries[&(webhook.id, event.id.clone())];
            check_end(&delivery, webhook, record);
            let accepted = record.posts.iter().filter(|post| post.accepted).count();
            count(&format!("= {}", delivery.status().as_str()), 1);
            count("= requests that receivers read", record.posts.len());
            count("= requests that receivers accepted", accepted);
            count("= attempts in the ledger", delivery.attempts as usize);
            if delivery.success.is_none() {
                for post in record.posts.iter().filter(|post| post.accepted) {
                    let cause = cause_of_missing_record(&entries, record, post, &id);
                    count(&format!("= accepted by the receiver, but not recorded: {cause}"), 1);
                }
            }
            let duplicates = duplicates(&entries, record, &id);
            assert_eq!(
                duplicates.len(),
                accepted.saturating_sub(1),
                "{id}: every duplicate has a cause"
            );
            for cause in duplicates {
                count(&format!("= duplicate: {cause}"), 1);
            }
        }
        for ((webhook, what), times) in &self.environment.journal.entries().circuits {
            let number = self.webhooks.iter().position(|w| w.id == *webhook).unwrap();
            count(&format!("= circuit of webhook {number} {what}"), *times);
        }
        self.check_no_surplus(expected.len()).await;
        count("= operational events on the platform's bus", self.check_bus());
        let (writes, reads) = self.check_lists().await;
        count("= chunks of the index written", writes);
        count("= reads of the index for all lists", reads);
        count("= events accepted", self.environment.journal.entries().published.len());
        count("= deliveries", expected.len());
        count("= strikes", self.environment.ledger.strikes_written());
        let virtual_time = self.environment.now().duration_since(self.began_at).as_hours();
        count("= hours of virtual time", usize::try_from(virtual_time).unwrap());
        figures
    }

    /// Every accepted event with each webhook that subscribes to it.
    async fn expected(&self) -> Vec<(Event, &Webhook)> {
        let keys: Vec<_> = self.environment.journal.entries().published.keys().cloned().collect();
        let mut expected = Vec::new();
        for (tenant, id) in keys {
            let event = self.environment.ledger.get(&tenant, &id).await.unwrap();
            let event = event.unwrap_or_else(|| panic!("the event {id} of {tenant} is lost"));
            let kind: &EventType = &event.content.event_type;
            let subscribers = self.webhooks.iter().filter(|webhook| webhook.tenant == tenant);
            let subscribers =
                subscribers.filter(|webhook| webhook.events.iter().any(|e| e.matches(kind)));
            expected.extend(subscribers.map(|webhook| (event.clone(), webhook)));
        }
        expected
    }

    /// Checks that every kind of fault happened. Otherwise the run would prove less than it claims.
    pub(crate) fn check_every_fault_happened(&self) {
        let counts = self.environment.journal.entries().counts().clone();
        for what in FAULTS {
            let count = counts.get(what).copied().unwrap_or(0);
            assert!(count > 0, "{what}: did not happen in this run");
        }
        // Figures are written seldom, so that one of the writes alone may be spared in a run.
        let lost: u64 = ["save_hour", "save_progress", "keep_answer"]
            .map(|write| counts.get(&format!("answer lost: figures.{write}")).copied().unwrap_or(0))
            .iter()
            .sum();
        assert!(lost > 0, "no answer to a write of figures was lost in this run");
        // Passing faults made suspects. None of them is a dead letter (`check_no_surplus`).
        assert!(self.environment.ledger.strikes_written() > 100, "too few suspects");
        self.check_circuits();
    }

    /// Checks that the circuit of the dead receiver opened, was probed and closed.
    fn check_circuits(&self) {
        let entries = self.environment.journal.entries();
        for what in ["opened", "probed", "closed"] {
            let times = entries.circuits.get(&(self.webhooks[DEAD].id, what)).copied().unwrap_or(0);
            assert!(times > 0, "the circuit of the dead receiver was never {what}");
        }
    }

    /// Checks that the platform's bus was told of every operational event, and of nothing else. Returns how
    /// many there are.
    fn check_bus(&self) -> usize {
        let events = self.environment.ledger.all_events();
        let expected: BTreeSet<_> =
            events.iter().filter_map(Notice::of).map(|n| n.detail).collect();
        let told = self.environment.bus.notices();
        let told: BTreeSet<_> = told.into_iter().map(|notice| notice.detail).collect();
        assert_eq!(told, expected, "what the platform's bus was told");
        expected.len()
    }

    async fn check_no_surplus(&self, expected: usize) {
        let queues = &self.environment.queues;
        assert_eq!(queues.refusals(), 0, "a call that SQS would refuse");
        assert_eq!(queues.all_dead_letters(), [], "a valid message was dead-lettered");
        let entries = self.environment.journal.entries();
        assert!(entries.all_accepted(), "a published event was not accepted");
        assert_eq!(entries.seen.len(), expected, "a delivery without a subscription");
        assert_eq!(entries.deliveries.len(), expected, "a request without a subscription");
    }
}

/// Checks that a delivery has ended, and that its end has a cause in the journal.
fn check_end(delivery: &Delivery, webhook: &Webhook, record: &Record) {
    let shown = || format!("{delivery:?}");
    let retries = webhook.retry_policy.as_ref().unwrap().max_retries();
    match &delivery.state {
        State::Delivered { .. } => {
            assert!(delivery.success.is_some(), "{}", shown());
            assert!(
                record.posts.iter().any(|post| post.accepted),
                "no receiver accepted {}",
                shown()
            );
        }
        State::Failed { reason: FailReason::Exhausted, .. } => {
            assert!(
                delivery.failed_at.len() > usize::from(retries),
                "failed before its policy was exhausted: {}",
                shown()
            );
        }
        State::Failed { reason: FailReason::Gone, .. } => assert!(record.gone, "{}", shown()),
        State::Cancelled { reason: CancelReason::Requested, .. } => {
            assert!(record.cancel_requested, "no request cancelled {}", shown());
        }
        State::Waiting { .. }
        | State::Parked { .. }
        | State::Failed { reason: FailReason::EventMissing | FailReason::Transform, .. }
        | State::Cancelled {
            reason: CancelReason::WebhookDeleted | CancelReason::Discarded, ..
        } => {
            panic!("not ended, or ended for no valid reason: {}", shown())
        }
    }
}

/// The cause of each POST of a delivery that a receiver had already accepted. Delivery is at least once:
/// only causes that no pipeline can avoid are allowed.
fn duplicates(entries: &Entries, record: &Record, id: &DeliveryId) -> Vec<&'static str> {
    let mut causes = Vec::new();
    for (number, later) in record.posts.iter().enumerate().filter(|(_, post)| post.accepted) {
        let mut cause = None;
        for earlier in record.posts[..number].iter().filter(|post| post.accepted) {
            cause = Some(cause_of_duplicate(entries, record, earlier, later, id));
        }
        causes.extend(cause);
    }
    causes
}

/// Why the ledger has no record of a request that the receiver accepted.
fn cause_of_missing_record(
    entries: &Entries,
    record: &Record,
    post: &Post,
    id: &DeliveryId,
) -> &'static str {
    if entries.invocations[post.invocation].killed {
        "killed before it was recorded"
    } else if record.store_faults.contains(&post.invocation) {
        "the ledger was unavailable"
    } else {
        panic!("{id} was accepted by the receiver, and the ledger lost it without a fault")
    }
}

/// Why `later` was sent although `earlier` had been accepted.
fn cause_of_duplicate(
    entries: &Entries,
    record: &Record,
    earlier: &Post,
    later: &Post,
    id: &DeliveryId,
) -> &'static str {
    let (first, second) =
        (&entries.invocations[earlier.invocation], &entries.invocations[later.invocation]);
    if first.ended.is_none_or(|ended| second.began < ended) {
        "two messages at once"
    } else if first.killed {
        "killed before it was recorded"
    } else if record.store_faults.contains(&earlier.invocation) {
        "the ledger was unavailable"
    } else {
        panic!("{id} was sent again without a fault")
    }
}

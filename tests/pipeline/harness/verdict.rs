//! What must be true when nothing moves any more, and the figures of a run.

use std::collections::BTreeMap;

use hooklane_app::ports::{DeliveryStore as _, EventStore as _};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, State};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventType};
use hooklane_domain::webhook::Webhook;

use super::journal::{Book, Post, Record};
use super::pipeline::Pipeline;
use super::tenants::DEAD;

/// The figures of a run, by name.
pub(crate) type Figures = BTreeMap<String, u64>;

/// What a whole run has to have been through.
const FAULTS: [&str; 32] = [
    "answer lost: deliveries.save",
    "answer lost: queues.send_later",
    "by hand: delivery cancelled",
    "by hand: delivery retried",
    "by hand: recovery ordered",
    "called twice: upkeep",
    "changed its lane: message",
    "clock jumped: delivery",
    "handed out twice: message",
    "killed: api",
    "killed: delivery",
    "killed: fanout",
    "killed: ingest",
    "killed: upkeep",
    "lost: message",
    "not deleted: message",
    "parked: Circuit",
    "parked: Inactive",
    "parked: Paused",
    "parked: RateLimit",
    "receiver: answers with an error",
    "receiver: is busy",
    "receiver: is gone",
    "receiver: refuses",
    "receiver: resets",
    "receiver: stalls",
    "receiver: talks nonsense",
    "refused: deliveries.save",
    "replayed: stream batch",
    "sent in part: queues.dispatch",
    "swept: its message was lost",
    "upkeep: released",
];

impl Pipeline {
    /// Checks that nothing was lost, and counts.
    pub(crate) async fn verdict(&self) -> Figures {
        let mut figures = self.outside.journal.book().counts().clone();
        let mut count = |what: &str, by: usize| {
            *figures.entry(what.to_owned()).or_default() += by as u64;
        };
        let expected = self.expected().await;
        for (event, webhook) in &expected {
            let id = DeliveryId::new(webhook.id, event.accepted_at, event.id.clone());
            let read = self.outside.ledger.read(std::slice::from_ref(&id)).await.unwrap().remove(0);
            let delivery = read.unwrap_or_else(|| panic!("{id} of {} is lost", event.id));
            let attempts = self.outside.ledger.attempts(&delivery).await.unwrap();
            let kept = delivery.failed_at.len() + usize::from(delivery.success.is_some());
            assert_eq!(attempts.len(), kept, "an attempt of {delivery:?} was not kept");
            let book = self.outside.journal.book();
            let record = &book.deliveries[&(webhook.id, event.id.clone())];
            check_end(&delivery, webhook, record);
            let taken = record.posts.iter().filter(|post| post.taken).count();
            count(&format!("= {}", delivery.status().as_str()), 1);
            count("= requests that receivers read", record.posts.len());
            count("= requests that receivers took", taken);
            count("= attempts in the ledger", delivery.attempts as usize);
            if delivery.success.is_none() {
                for post in record.posts.iter().filter(|post| post.taken) {
                    let cause = why_unknown(&book, record, post, &id);
                    count(&format!("= taken, and never known of: {cause}"), 1);
                }
            }
            let duplicates = duplicates(&book, record, &id);
            assert_eq!(duplicates.len(), taken.saturating_sub(1), "{id}: each one has its cause");
            for cause in duplicates {
                count(&format!("= duplicate: {cause}"), 1);
            }
        }
        for ((webhook, what), times) in &self.outside.journal.book().circuits {
            let number = self.webhooks.iter().position(|w| w.id == *webhook).unwrap();
            count(&format!("= circuit of webhook {number} {what}"), *times);
        }
        self.check_outside(expected.len()).await;
        count("= events accepted", self.outside.journal.book().published.len());
        count("= deliveries", expected.len());
        let virtual_time = self.outside.now().duration_since(self.began_at).as_hours();
        count("= hours of virtual time", usize::try_from(virtual_time).unwrap());
        figures
    }

    /// What was accepted, with each webhook that takes it.
    async fn expected(&self) -> Vec<(Event, &Webhook)> {
        let keys: Vec<_> = self.outside.journal.book().published.keys().cloned().collect();
        let mut expected = Vec::new();
        for (tenant, id) in keys {
            let event = self.outside.ledger.get(&tenant, &id).await.unwrap();
            let event = event.unwrap_or_else(|| panic!("the event {id} of {tenant} is lost"));
            let kind: &EventType = &event.content.event_type;
            let takers = self.webhooks.iter().filter(|webhook| webhook.tenant == tenant);
            let takers = takers.filter(|webhook| webhook.events.iter().any(|e| e.matches(kind)));
            expected.extend(takers.map(|webhook| (event.clone(), webhook)));
        }
        expected
    }

    /// A storm in which nothing happened would prove nothing.
    pub(crate) fn check_storm(&self) {
        let counts = self.outside.journal.book().counts().clone();
        for what in FAULTS {
            let count = counts.get(what).copied().unwrap_or(0);
            assert!(count > 0, "{what}: never in this run");
        }
        self.check_circuits();
    }

    /// The dead receiver was left alone, probed, and taken up again.
    fn check_circuits(&self) {
        let book = self.outside.journal.book();
        for what in ["opened", "probed", "closed"] {
            let times = book.circuits.get(&(self.webhooks[DEAD].id, what)).copied().unwrap_or(0);
            assert!(times > 0, "the circuit of the dead receiver was never {what}");
        }
    }

    async fn check_outside(&self, expected: usize) {
        let queues = &self.outside.queues;
        assert_eq!(queues.refusals(), 0, "something was asked that SQS does not do");
        assert_eq!(queues.all_dead_letters(), [], "something good was put away");
        let book = self.outside.journal.book();
        assert!(book.all_accepted(), "an event was published and not accepted");
        assert_eq!(book.seen.len(), expected, "a delivery that nobody asked for");
        assert_eq!(book.deliveries.len(), expected, "a request that nobody asked for");
    }
}

/// A delivery ends delivered, or as failed or cancelled for a reason that was given.
fn check_end(delivery: &Delivery, webhook: &Webhook, record: &Record) {
    let told = || format!("{delivery:?}");
    let retries = webhook.retry_policy.as_ref().unwrap().max_retries();
    match &delivery.state {
        State::Delivered { .. } => {
            assert!(delivery.success.is_some(), "{}", told());
            assert!(record.posts.iter().any(|post| post.taken), "nobody took {}", told());
        }
        State::Failed { reason: FailReason::Exhausted, .. } => {
            assert!(delivery.failed_at.len() > usize::from(retries), "gave up early: {}", told());
        }
        State::Failed { reason: FailReason::Gone, .. } => assert!(record.gone, "{}", told()),
        State::Cancelled { reason: CancelReason::Requested, .. } => {
            assert!(record.cancel_asked, "nobody cancelled {}", told());
        }
        State::Waiting { .. }
        | State::Parked { .. }
        | State::Failed { reason: FailReason::EventMissing | FailReason::Transform, .. }
        | State::Cancelled {
            reason: CancelReason::WebhookDeleted | CancelReason::Discarded, ..
        } => {
            panic!("left behind, or ended without reason: {}", told())
        }
    }
}

/// Why a receiver that had taken a delivery was sent it again, once for each time. Each has a reason
/// that no pipeline can do without: at least once is what is promised.
fn duplicates(book: &Book, record: &Record, id: &DeliveryId) -> Vec<&'static str> {
    let mut causes = Vec::new();
    for (number, later) in record.posts.iter().enumerate().filter(|(_, post)| post.taken) {
        let mut cause = None;
        for earlier in record.posts[..number].iter().filter(|post| post.taken) {
            cause = Some(why_again(book, record, earlier, later, id));
        }
        causes.extend(cause);
    }
    causes
}

/// Why the ledger never heard of a request that was taken, and ended the delivery without it.
fn why_unknown(book: &Book, record: &Record, post: &Post, id: &DeliveryId) -> &'static str {
    if book.invocations[post.invocation].killed {
        "killed before it was written down"
    } else if record.store_faults.contains(&post.invocation) {
        "the ledger was out of reach"
    } else {
        panic!("{id} was taken, and forgotten for no reason")
    }
}

/// Why what was taken with `earlier` was sent with `later`.
fn why_again(
    book: &Book,
    record: &Record,
    earlier: &Post,
    later: &Post,
    id: &DeliveryId,
) -> &'static str {
    let (first, second) =
        (&book.invocations[earlier.invocation], &book.invocations[later.invocation]);
    if first.ended.is_none_or(|ended| second.began < ended) {
        "two messages at once"
    } else if first.killed {
        "killed before it was written down"
    } else if record.store_faults.contains(&earlier.invocation) {
        "the ledger was out of reach"
    } else {
        panic!("{id} was sent again for no reason")
    }
}

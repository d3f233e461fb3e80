//! Messages that are not sent yet, by lane.

use std::collections::BTreeSet;

use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Route;

/// A lane's messages are sent once there are this many. That bounds memory, and fills the batches of the
/// queue across the events of a tenant.
const CAPACITY: usize = 500;

/// The messages of a batch on their way to the queues. The lanes stay apart, so that slow webhooks take
/// no instance from the first attempts of the others.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    fast: Contents,
    slow: Contents,
}

/// Messages, and for each the index of its record.
#[derive(Debug, Default)]
struct Contents {
    messages: Vec<Message>,
    records: Vec<usize>,
    alone: BTreeSet<WebhookId>,
}

/// Messages of one lane that are to be sent now.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) lane: Lane,
    pub(crate) messages: Vec<Message>,
    /// For each message the index of its record.
    pub(crate) records: Vec<usize>,
    /// The webhooks whose messages share none.
    pub(crate) alone: BTreeSet<WebhookId>,
}

impl Outbox {
    /// Adds a message for a webhook, of the record with this index. Returns the messages of its lane when there
    /// are enough of them.
    pub(crate) fn add(&mut self, route: &Route, message: Message, record: usize) -> Option<Parcel> {
        let lane = route.lane;
        let contents = match lane {
            Lane::Fast => &mut self.fast,
            Lane::Slow => &mut self.slow,
        };
        contents.messages.push(message);
        contents.records.push(record);
        // Expressions take processor time, of which an invocation has enough for ten deliveries with them.
        if route.evaluates() {
            contents.alone.insert(route.webhook);
        }
        (contents.messages.len() >= CAPACITY).then(|| std::mem::take(contents).parcel(lane))
    }

    /// What is not sent yet. It leaves the outbox empty.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = Parcel> + use<> {
        let Self { fast, slow } = std::mem::take(self);
        let parcels = [fast.parcel(Lane::Fast), slow.parcel(Lane::Slow)];
        parcels.into_iter().filter(|parcel| !parcel.messages.is_empty())
    }
}

impl Contents {
    fn parcel(self, lane: Lane) -> Parcel {
        Parcel { lane, messages: self.messages, records: self.records, alone: self.alone }
    }
}

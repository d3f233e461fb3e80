//! Messages that are not sent yet, by lane.

use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;

/// A lane's messages are sent once there are this many. That bounds memory, and fills the batches of the
/// queue across the events of a tenant.
const CAPACITY: usize = 500;

/// The messages of a batch on their way to the queues. The lanes stay apart, so that slow webhooks take
/// no instance from the first attempts of the others.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    fast: Vec<Message>,
    slow: Vec<Message>,
}

/// Messages of one lane that are to be sent now.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) lane: Lane,
    pub(crate) messages: Vec<Message>,
}

impl Outbox {
    /// Adds a message. Returns the messages of its lane when there are enough of them.
    pub(crate) fn add(&mut self, lane: Lane, message: Message) -> Option<Parcel> {
        let messages = match lane {
            Lane::Fast => &mut self.fast,
            Lane::Slow => &mut self.slow,
        };
        messages.push(message);
        (messages.len() >= CAPACITY).then(|| Parcel { lane, messages: std::mem::take(messages) })
    }

    /// What is left when a tenant's events are done. It leaves the outbox empty.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = Parcel> + use<> {
        let Self { fast, slow } = std::mem::take(self);
        let parcels = [(Lane::Fast, fast), (Lane::Slow, slow)];
        let parcels = parcels.map(|(lane, messages)| Parcel { lane, messages });
        parcels.into_iter().filter(|parcel| !parcel.messages.is_empty())
    }
}

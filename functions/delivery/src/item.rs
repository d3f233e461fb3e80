//! What a batch is about: each delivery of each message, before and after the work on it.

use std::borrow::Cow;

use hooklane_app::batch::Disposition;
use hooklane_app::ports::Unavailable;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::message::{Deliver, UnreadableMessage};

use crate::task::{Held, Job, Task};

/// A delivery that a message of a batch is for, as far as it is known before its stages. A message that cannot
/// be read is one as well.
pub(crate) struct Item<'a> {
    pub(crate) held: &'a Held<'a>,
    /// The message's place in the batch.
    pub(crate) place: usize,
    pub(crate) span: tracing::Span,
    pub(crate) work: Todo<'a>,
}

/// What is to be done with a delivery or message.
pub(crate) enum Todo<'a> {
    Deliver {
        job: Job<'a>,
        current: Box<Option<Delivery>>,
        suspicious: bool,
    },
    DeadLetter {
        body: Cow<'a, str>,
        reason: String,
    },
    /// Only a newer version can read the message.
    NewerMessage(String),
    /// A newer version wrote what the message is about.
    NewerItem(Deliver, Unavailable),
    /// Its delivery could not be read, or its webhook's writes are throttled, so it comes back soon.
    Nothing(Option<Deliver>),
}

impl Item<'_> {
    /// The delivery, if it goes on in a message of its own. A suspect does not: its strikes are those of this
    /// message.
    pub(crate) fn deliver(&self) -> Option<&Deliver> {
        match &self.work {
            Todo::Deliver { suspicious: true, .. } => None,
            Todo::Deliver { job, .. } => Some(&job.deliver),
            Todo::NewerItem(deliver, _) | Todo::Nothing(Some(deliver)) => Some(deliver),
            Todo::DeadLetter { .. } | Todo::NewerMessage(_) | Todo::Nothing(None) => None,
        }
    }

    /// The message that a dead letter about it has.
    pub(crate) fn body(&self) -> Cow<'_, str> {
        match &self.work {
            Todo::Deliver { job, .. } => job.body(),
            Todo::DeadLetter { body, .. } => Cow::Borrowed(&**body),
            _ => Cow::Borrowed(&*self.held.task.body),
        }
    }
}

/// The deliveries of a message after the work on them.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    all: usize,
    staying: usize,
    /// Those that stay and can go on in messages of their own.
    pub(crate) go_on: Vec<&'a Deliver>,
}

impl<'a> Parts<'a> {
    /// Adds a delivery of the message, and what became of it.
    pub(crate) fn add(&mut self, item: &'a Item<'_>, disposition: Disposition) {
        self.all += 1;
        if disposition != Disposition::Done {
            self.staying += 1;
            self.go_on.extend(item.deliver());
        }
    }

    /// Whether some have ended, and all that stay can go on without them.
    pub(crate) fn can_be_parted(&self) -> bool {
        self.staying < self.all && self.go_on.len() == self.staying
    }
}

/// What is to be done with a message that cannot be read.
pub(crate) fn unreadable<'a>(task: &'a Task, why: &UnreadableMessage) -> Todo<'a> {
    let reason = format!("the message {why}");
    match why {
        UnreadableMessage::Newer(_) => Todo::NewerMessage(reason),
        UnreadableMessage::Syntax(_) => {
            Todo::DeadLetter { body: Cow::Borrowed(&task.body), reason }
        }
    }
}

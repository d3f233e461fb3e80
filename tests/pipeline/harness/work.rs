//! What there is to do in one moment, and what came of it.

use hooklane_app::fakes::Received;
use hooklane_domain::ids::{DeliveryId, WebhookId};

use super::event_queue::QueuedEvent;
use super::port::Port;
use super::publications::Publication;
use super::stream::Slice;

pub(crate) enum Work {
    Publish { port: Port, publication: Publication },
    Ingest { instance: usize, messages: Vec<QueuedEvent> },
    FanOut { instance: usize, slice: Slice },
    Deliver { instance: usize, messages: Vec<Received> },
    ByHand { port: Port, wish: Wish },
    Upkeep { instance: usize },
}

/// What came of it.
pub(crate) enum Answer {
    Killed,
    Failed,
    /// The identifiers in `batchItemFailures`.
    Done(Vec<String>),
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Retry(DeliveryId),
    Cancel(DeliveryId),
    Pause(WebhookId),
    Resume(WebhookId),
    /// Recover everything that has failed since the start of the run.
    Recover(WebhookId),
}

impl Wish {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "delivery retried",
            Self::Cancel(_) => "delivery cancelled",
            Self::Pause(_) => "webhook paused",
            Self::Resume(_) => "webhook resumed",
            Self::Recover(_) => "recovery ordered",
        }
    }
}

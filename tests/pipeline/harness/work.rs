//! The work of one step: invocations of functions and of the API, and how they end.

use hooklane_app::fakes::Received;
use hooklane_domain::figures::report::Window;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::event_queue::QueuedEvent;
use super::port::Port;
use super::publications::Publication;
use super::stream::Slice;

pub(crate) enum Work {
    Publish { port: Port, publication: Publication },
    Ingest { instance: usize, messages: Vec<QueuedEvent> },
    FanOut { instance: usize, slice: Slice },
    Index { instance: usize, slice: Slice },
    Deliver { instance: usize, messages: Vec<Received> },
    Manual { port: Port, request: ManualRequest },
    Upkeep { instance: usize },
    Look { port: Port, look: Look },
}

/// Who is looked at.
#[derive(Debug, Clone)]
pub(crate) enum Look {
    Webhook(TenantId, WebhookId, Window),
    Tenant(TenantId, Window),
    /// `stats` is told to settle a webhook.
    Mark(TenantId, WebhookId),
}

/// How an invocation ended.
pub(crate) enum Answer {
    Killed,
    Failed,
    /// With the identifiers in `batchItemFailures`.
    Done(Vec<String>),
}

impl Answer {
    /// The identifiers that a batch function named, unless it failed as a whole.
    pub(crate) fn handed_back(&self) -> Option<&[String]> {
        match self {
            Self::Done(failed) => Some(failed),
            Self::Failed | Self::Killed => None,
        }
    }
}

/// A request that a tenant makes.
#[derive(Debug, Clone)]
pub(crate) enum ManualRequest {
    Retry(DeliveryId),
    Cancel(DeliveryId),
    Pause(WebhookId),
    Resume(WebhookId),
    /// All failed deliveries since the beginning of the run.
    Recover(WebhookId),
}

impl ManualRequest {
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

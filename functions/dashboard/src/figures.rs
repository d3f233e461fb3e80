//! What pages show in figures, and where it comes from. Only this module asks for figures.

use hooklane_api::Ports;
use hooklane_app::deliveries::statistics::{self, Sample};
use hooklane_app::ports::Unavailable;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::delivery::statistics::Failure;
use hooklane_domain::ids::WebhookId;

use crate::settings::Portal;
use crate::visitor::Visitor;

/// The figures of a webhook in a period.
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
    pub(crate) waiting: u64,
    /// Of all that were accepted and not cancelled: the share that is delivered.
    pub(crate) delivered_share: Option<f64>,
    /// Half of the answers, and 95 of 100, came within this many milliseconds.
    pub(crate) answer: Option<(u32, u32)>,
    /// Attempts beyond the first of each delivery.
    pub(crate) retries: u64,
    /// Why the last attempts failed, the most frequent first.
    pub(crate) failures: Vec<(Failure, u64)>,
    pub(crate) by_type: Vec<(String, u64, u64)>,
    /// There were more than are counted; these are the newest.
    pub(crate) is_cut: bool,
}

/// `None` if the tenant has no such webhook.
pub(crate) async fn of_webhook<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: WebhookId,
    period: Period,
) -> Result<Option<Figures>, Unavailable> {
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let (key, asked) = ((visitor.id(), webhook), (period, visitor.now));
    let sample = statistics::of_webhook(registry, ledger, key, asked).await?;
    Ok(sample.map(of_sample))
}

fn of_sample(sample: Sample) -> Figures {
    let Sample { figures, is_cut, .. } = sample;
    let of = |status: Status| {
        let found = figures.by_status.iter().find(|(one, _)| *one == status);
        found.map_or(0, |(_, count)| *count)
    };
    let (delivered, cancelled) = (of(Status::Delivered), of(Status::Cancelled));
    let counted = figures.total.saturating_sub(cancelled);
    Figures {
        accepted: figures.total,
        delivered,
        failed: of(Status::Failed),
        cancelled,
        waiting: of(Status::Pending) + of(Status::Retrying),
        delivered_share: share(delivered, counted),
        answer: figures.response.map(|response| (response.p50, response.p95)),
        retries: figures.retries,
        by_type: figures
            .by_type
            .iter()
            .map(|one| (one.event_type.to_string(), one.total, one.successful))
            .collect(),
        failures: figures.by_failure,
        is_cut,
    }
}

/// A share of a whole, if there is any.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

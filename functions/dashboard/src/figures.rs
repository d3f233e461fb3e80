//! What pages show in figures, and where it comes from. Only this module asks for figures.

use hooklane_api::Ports;
use hooklane_app::figures;
use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::ids::WebhookId;

use crate::chart::answers::Answers;
use crate::chart::{self, Amount};
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
    pub(crate) attempts: u64,
    /// Why attempts failed, the most frequent first.
    pub(crate) failures: Vec<(Failure, u64)>,
    pub(crate) by_type: Vec<OfType>,
    /// All that was counted.
    pub(crate) counted: Bucket,
    pub(crate) amounts: Vec<Amount>,
    pub(crate) answers: Vec<Answers>,
    /// When it was counted.
    pub(crate) as_of: Timestamp,
    /// The time that is counted, if that is not all of the period.
    pub(crate) cut_to: Option<(Timestamp, Timestamp)>,
}

/// The deliveries of an event type, or of all that are not told apart.
pub(crate) struct OfType {
    pub(crate) name: Option<String>,
    pub(crate) total: u64,
    pub(crate) delivered: u64,
    pub(crate) average_attempts: Option<f64>,
}

/// `None` if the tenant has no such webhook.
pub(crate) async fn of_webhook<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: WebhookId,
    period: Period,
) -> Result<Option<Figures>, Unavailable> {
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let (of, window) = ((visitor.id(), webhook), Window::Period(period));
    let asking = portal.deps.asking();
    let report = figures::of_webhook(registry, ledger, of, window, asking).await?;
    Ok(report.as_ref().map(of_report))
}

/// What a row of a list shows of a webhook's last 24 hours.
pub(crate) struct Day {
    /// Of all that were accepted and not cancelled: the share that is delivered.
    pub(crate) delivered_share: Option<f64>,
    pub(crate) amounts: Vec<Amount>,
    /// Not all of the day is counted.
    pub(crate) is_cut: bool,
}

/// The last 24 hours of the webhooks of a page, in their order. A list is shown without figures rather than not
/// at all, so each is absent if they cannot be read.
pub(crate) async fn of_list<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhooks: &[WebhookId],
) -> Vec<Option<Day>> {
    let (ledger, window) = (&portal.deps.ledger, Window::Period(Period::Day));
    let asking = portal.deps.asking();
    match figures::of_list(ledger, visitor.id(), webhooks, window, asking).await {
        Ok(reports) => reports.iter().map(|report| Some(day_of(report))).collect(),
        Err(error) => {
            error.log("portal.figures_left_out");
            webhooks.iter().map(|_| None).collect()
        }
    }
}

fn day_of(report: &Report) -> Day {
    Day {
        delivered_share: report.total().delivery_rate(),
        amounts: chart::amounts(report),
        is_cut: report.is_cut,
    }
}

fn of_report(report: &Report) -> Figures {
    let counted = report.total();
    let figures = counted.figures();
    let of = |status: Status| {
        let found = figures.by_status.iter().find(|(one, _)| *one == status);
        found.map_or(0, |(_, count)| *count)
    };
    let (delivered, cancelled) = (of(Status::Delivered), of(Status::Cancelled));
    Figures {
        accepted: figures.total,
        delivered,
        failed: of(Status::Failed),
        cancelled,
        waiting: of(Status::Pending) + of(Status::Retrying),
        delivered_share: figures.delivery_rate,
        answer: figures.response.map(|response| (response.p50, response.p95)),
        retries: figures.retries,
        attempts: figures.attempts,
        by_type: figures
            .by_type
            .iter()
            .map(|one| OfType {
                name: one.event_type.as_ref().map(ToString::to_string),
                total: one.total,
                delivered: one.successful,
                average_attempts: one.average_attempts,
            })
            .collect(),
        failures: figures.by_failure,
        counted,
        amounts: chart::amounts(report),
        answers: chart::answers::answers(report),
        as_of: report.as_of,
        cut_to: report.is_cut.then_some((report.since, report.until)),
    }
}

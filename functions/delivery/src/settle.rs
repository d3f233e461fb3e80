//! Last stage: writes the result of an attempt and arranges what happens next.

use hooklane_app::batch::Disposition;
use hooklane_app::conflict::decide_anew;
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{
    Clock as _, DeliveryStore as _, Entropy as _, FigureMarks as _, Unavailable,
};
use hooklane_app::publish::report;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::receipt::{Decision, decide};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Wait;
use hooklane_domain::delivery::{Delivery, Turn};
use hooklane_domain::figures::settled::is_marked;
use hooklane_domain::isolation::operational::{is_operational, of_exhaustion};
use hooklane_domain::metrics::Attempted;

use crate::after_post::AfterPost;
use crate::attempt::Made;
use crate::context::Context;
use crate::park::park_for_backlog;
use crate::ports::Ports;
use crate::task::Job;

/// The number of times that a merge is tried if other writers are faster. After that the message comes back.
const MERGE_TRIES: u32 = 5;

/// Writes the result of an attempt and arranges what happens next. The POST has been made. From here on only
/// an unavailable store, or the end of the process, can cause a second one.
pub(crate) async fn settle<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    deadline: Deadline,
    (delivery, made): (Delivery, Made),
) -> Result<Disposition, Unavailable> {
    let after_post = &AfterPost { context, webhook: job.webhook(), deadline };
    let disposition = write_down(after_post, job, &delivery, &made).await;
    // Also if the write failed: the attempt was made, and its result counts for the webhook's health.
    context.health.observe(&delivery, &made.attempt).await;
    disposition
}

async fn write_down<P: Ports>(
    after_post: &AfterPost<'_, P>,
    job: &Job<'_>,
    delivery: &Delivery,
    made: &Made,
) -> Result<Disposition, Unavailable> {
    let context = after_post.context;
    let next = next(context, delivery, made);
    let attempt = &made.attempt;
    measure(context, job, delivery, made, next);
    if next != Next::Delivered {
        log_failure(delivery, attempt, next);
    }
    // The delivery's item holds a prompt success, so that one write is enough.
    if next != Next::Delivered || !is_prompt(delivery.id.accepted_at(), attempt.at) {
        after_post.insist(|| context.ledger.keep_attempt(delivery, attempt)).await?;
    }
    if next == Next::Gone {
        context.webhooks.disable_gone(&made.webhook).await;
    }
    if next == Next::Exhausted && !is_operational(&delivery.event_type) {
        // Before the delivery's end is written. The event's id is derived from the delivery, so that a
        // second report is the same event.
        let event = of_exhaustion(delivery, attempt.number, attempt.at);
        let report = || report(&*context.ledger, &*context.system, event.clone());
        after_post.insist(report).await?;
    }
    if let Next::RetryAt(until) = next
        && context.parking.brake_holds(until).await
    {
        let after = delivery.clone().after(attempt, next, job.turn());
        let park = || park_for_backlog(context, after.clone(), until);
        return match after_post.insist(park).await? {
            Some(_) => Ok(Disposition::Done),
            None => merge(after_post, job, attempt, next).await,
        };
    }
    let (turn, disposition) = arrange(context, job, next).await;
    let after = job.noted(delivery.clone().after(attempt, next, turn));
    if after_post.insist(|| context.ledger.save(&after)).await?.written().is_none() {
        return merge(after_post, job, attempt, next).await;
    }
    if is_marked(&after) {
        mark(context, &after).await;
    }
    if disposition == Disposition::Stays
        && let Next::RetryAt(until) = next
    {
        context.messages.hide_until(job, until).await;
    }
    Ok(disposition)
}

/// Marks a webhook, so that `stats` settles its figures. Nothing depends on it: they are right without.
async fn mark<P: Ports>(context: &Context<P>, delivery: &Delivery) {
    let now = context.system.now();
    let marked = context.ledger.mark(&delivery.tenant, delivery.id.webhook(), now).await;
    if let Err(error) = marked {
        error.log("figures.not_marked");
    }
}

/// Counts the attempt.
fn measure<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: &Delivery,
    made: &Made,
    next: Next,
) {
    // The message is the one from `fanout`, and nothing was written about the delivery before.
    let is_straight = job.deliver.generation == 0 && delivery.revision == 0;
    let straight_since = is_straight.then(|| delivery.id.accepted_at());
    let attempted =
        Attempted { attempt: &made.attempt, next, circuit: made.circuit, straight_since };
    context.measured.record(|figures| attempted.count(figures));
}

/// What happens next, by the retry policy of the webhook, or else of its contract.
fn next<P: Ports>(context: &Context<P>, delivery: &Delivery, made: &Made) -> Next {
    let now = context.system.now();
    let verdict = made.attempt.outcome.verdict(made.gone_disables, now);
    let policy = made.webhook.retry_policy.as_ref().or(made.contract_retry.as_ref());
    let policy = policy.cloned().unwrap_or_default();
    policy.next(delivery.retries, verdict, now, context.system.jitter())
}

/// Decides which message acts after the wait: this one in its queue, or a new one in the retry queue.
async fn arrange<P: Ports>(context: &Context<P>, job: &Job<'_>, next: Next) -> (Turn, Disposition) {
    let Next::RetryAt(until) = next else { return (job.turn(), Disposition::Done) };
    match context.messages.plan(job, until) {
        Wait::Hide { .. } => (job.turn(), Disposition::Stays),
        Wait::Move { delay_seconds } => {
            match context.messages.send_successor(job, delay_seconds).await {
                Ok(turn) => (turn, Disposition::Done),
                // The message can also wait in the fast lane, although it takes up room there.
                Err(error) => {
                    error.log("delivery.move_failed");
                    (job.turn(), Disposition::Stays)
                }
            }
        }
    }
}

/// Adds the result of the attempt to the item, which another writer changed during the POST.
async fn merge<P: Ports>(
    after_post: &AfterPost<'_, P>,
    job: &Job<'_>,
    attempt: &Attempt,
    next: Next,
) -> Result<Disposition, Unavailable> {
    let context = after_post.context;
    let merged = decide_anew(MERGE_TRIES, || {
        after_post.insist(|| async {
            let current = job.current(&*context.ledger).await?;
            match current.clone().merged(attempt, next) {
                None => Ok(Some(current)),
                Some(merged) => Ok(context.ledger.save(&merged).await?.written()),
            }
        })
    });
    let Some(current) = merged.await? else {
        tracing::error!(delivery.id = %job.deliver.delivery, "delivery.merge_gave_up");
        return Ok(Disposition::Interrupted);
    };
    Ok(match decide(&current, &job.receipt(), context.system.now()) {
        Decision::Discard(_) | Decision::LookAgain => Disposition::Done,
        Decision::HideUntil(until, _) => context.messages.hide_until(job, until).await,
        Decision::SendAfresh | Decision::Attempt(_) => context.messages.come_back(job).await,
    })
}

/// Logs a failed attempt in one line. Never logs bodies, headers or secrets.
fn log_failure(delivery: &Delivery, attempt: &Attempt, next: Next) {
    let (status, error) = match &attempt.outcome {
        Outcome::Answered(response) => (Some(response.status), None),
        Outcome::Error(error) => (None, Some(error.kind.as_str())),
    };
    let next_attempt_at = match next {
        Next::RetryAt(at) => Some(at.to_string()),
        _ => None,
    };
    tracing::warn!(
        tenant = %delivery.tenant,
        webhook.id = %delivery.id.webhook(),
        event.id = %delivery.id.event(),
        event.type = %delivery.event_type,
        delivery.id = %delivery.id,
        attempt.number = attempt.number,
        attempt.duration_ms = attempt.duration_ms,
        attempt.status = status,
        attempt.error = error,
        delivery.next_attempt_at = next_attempt_at,
        "attempt.failed"
    );
}

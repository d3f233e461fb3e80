//! Last stage: what is next after an attempt, written down and arranged.

use hooklane_app::batch::Disposition;
use hooklane_app::conflict::decide_anew;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Entropy as _, Unavailable};
use hooklane_app::publish::report;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::receipt::{Decision, decide};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Wait;
use hooklane_domain::delivery::{Delivery, Turn};
use hooklane_domain::isolation::operational::{is_operational, of_exhaustion};

use crate::attempt::Made;
use crate::context::Context;
use crate::park::park_for_backlog;
use crate::ports::Ports;
use crate::task::Job;

/// The number of times that another writer is met before a message is left to come back.
const MERGE_TRIES: u32 = 5;

/// Writes what came of an attempt and arranges what is next. The POST has happened: from here on
/// nothing makes it a second time but a store that stays out of reach.
pub(crate) async fn settle<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: Delivery,
    made: Made,
) -> Result<Disposition, Unavailable> {
    let disposition = write_down(context, job, &delivery, &made).await;
    // Afterwards, whatever became of it: the attempt is not made again.
    context.health.observe(&delivery, &made.attempt).await;
    disposition
}

async fn write_down<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: &Delivery,
    made: &Made,
) -> Result<Disposition, Unavailable> {
    let next = next(context, delivery, made);
    let attempt = &made.attempt;
    if next != Next::Delivered {
        log_failure(delivery, attempt, next);
    }
    // A prompt success is in its delivery's item: one write is enough.
    if next != Next::Delivered || !is_prompt(delivery.id.accepted_at(), attempt.at) {
        context.ledger.keep_attempt(delivery, attempt).await?;
    }
    if next == Next::Gone {
        context.webhooks.disable_gone(&made.webhook).await;
    }
    if next == Next::Exhausted && !is_operational(&delivery.event_type) {
        // Before the delivery's end is written. The event's id follows from what it reports, so that a
        // second report is the same event.
        let event = of_exhaustion(delivery, attempt.number, attempt.at);
        report(&*context.ledger, &*context.system, event).await?;
    }
    if let Next::RetryAt(until) = next
        && context.parking.brake_holds(until).await
    {
        let after = delivery.clone().after(attempt, next, job.turn());
        return match park_for_backlog(context, after, until).await? {
            Some(_) => Ok(Disposition::Done),
            None => merge(context, job, attempt, next).await,
        };
    }
    let (turn, disposition) = arrange(context, job, next).await;
    let after = delivery.clone().after(attempt, next, turn);
    if context.ledger.save(&after).await?.written().is_none() {
        return merge(context, job, attempt, next).await;
    }
    if disposition == Disposition::Stays
        && let Next::RetryAt(until) = next
    {
        context.messages.hide_until(job, until).await;
    }
    Ok(disposition)
}

/// What the retry policy says: the webhook's own, or else its contract's.
fn next<P: Ports>(context: &Context<P>, delivery: &Delivery, made: &Made) -> Next {
    let now = context.system.now();
    let verdict = made.attempt.outcome.verdict(made.gone_disables, now);
    let policy = made.webhook.retry_policy.as_ref().or(made.contract_retry.as_ref());
    let policy = policy.cloned().unwrap_or_default();
    policy.next(delivery.retries, verdict, now, context.system.jitter())
}

/// Who acts after the wait: this message where it is, or a new one in the retry queue.
async fn arrange<P: Ports>(context: &Context<P>, job: &Job<'_>, next: Next) -> (Turn, Disposition) {
    let Next::RetryAt(until) = next else { return (job.turn(), Disposition::Done) };
    match context.messages.plan(job, until) {
        Wait::Hide { .. } => (job.turn(), Disposition::Stays),
        Wait::Move { delay_seconds } => {
            match context.messages.send_successor(job, delay_seconds).await {
                Ok(turn) => (turn, Disposition::Done),
                // The message can wait in the fast lane as well, although that fills it.
                Err(error) => {
                    error.log("delivery.move_failed");
                    (job.turn(), Disposition::Stays)
                }
            }
        }
    }
}

/// The item changed while the POST was made: what came of it is added to what is there now.
async fn merge<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    attempt: &Attempt,
    next: Next,
) -> Result<Disposition, Unavailable> {
    let merged = decide_anew(MERGE_TRIES, || async {
        let current = job.current(&*context.ledger).await?;
        match current.clone().merged(attempt, next) {
            None => Ok(Some(current)),
            Some(merged) => Ok(context.ledger.save(&merged).await?.written()),
        }
    });
    let Some(standing) = merged.await? else {
        tracing::error!(delivery.id = %job.deliver.delivery, "delivery.merge_gave_up");
        return Ok(Disposition::Stays);
    };
    Ok(match decide(&standing, &job.receipt(), context.system.now()) {
        Decision::Discard(_) | Decision::LookAgain => Disposition::Done,
        Decision::HideUntil(until, _) => context.messages.hide_until(job, until).await,
        Decision::SendAfresh | Decision::Attempt(_) => Disposition::Stays,
    })
}

/// The one wide line of a failed attempt. Never logged: bodies, headers, secrets.
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

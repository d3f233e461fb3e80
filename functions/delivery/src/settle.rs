//! After an attempt: what is next, written down and arranged.

use std::sync::Arc;

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{
    Clock as _, DeliveryStore as _, Entropy as _, Saved, Unavailable, WatchList as _,
    WebhookStore as _,
};
use hooklane_app::publish::report;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::receipt::{Decision, decide};
use hooklane_domain::delivery::retry::{Next, RetryPolicy};
use hooklane_domain::delivery::waiting::Wait;
use hooklane_domain::isolation::operational::{is_operational, of_exhaustion};
use hooklane_domain::webhook::{DisableReason, Webhook};

use crate::edge::Edge;
use crate::worker::{Job, Worker, log_error};

/// An attempt that was made, and what decides about the next one.
pub(crate) struct Made {
    pub(crate) attempt: Attempt,
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) gone_disables: bool,
    /// The policy of the webhook's contract, where there is that contract.
    pub(crate) contract_retry: Option<RetryPolicy>,
}

/// Somebody else's write is met this often before a message is left to come back.
const MERGE_TRIES: u32 = 5;

impl<E: Edge> Worker<E> {
    /// Writes what came of an attempt and arranges what is next. The POST has happened: from here on
    /// nothing makes it a second time but a store that stays out of reach.
    pub(crate) async fn settle(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
        made: Made,
    ) -> Result<Disposition, Unavailable> {
        let (attempt, of) = (made.attempt.clone(), delivery.clone());
        let success = attempt.outcome.is_success();
        let disposition = self.write_down(job, delivery, made).await;
        // Afterwards: whatever becomes of it, the attempt is not made again.
        self.observe(&of, &attempt, success).await;
        disposition
    }

    async fn write_down(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
        made: Made,
    ) -> Result<Disposition, Unavailable> {
        let now = self.system.now();
        let verdict = made.attempt.outcome.verdict(made.gone_disables, now);
        let policy = made.webhook.retry_policy.clone().or(made.contract_retry).unwrap_or_default();
        let next = policy.next(delivery.retries, verdict, now, self.system.jitter());
        if next != Next::Delivered {
            self.log_failure(&delivery, &made.attempt, next);
        }
        // A prompt success is found in its delivery: one write is enough.
        if next != Next::Delivered || !is_prompt(delivery.id.accepted_at(), made.attempt.at) {
            self.ledger.keep_attempt(&delivery, &made.attempt).await?;
        }
        if next == Next::Gone {
            self.disable(&made.webhook).await;
        }
        if next == Next::Exhausted && !is_operational(&delivery.event_type) {
            self.report_exhaustion(&delivery, &made.attempt).await?;
        }
        if let Next::RetryAt(until) = next
            && self.brake_holds(until).await
        {
            let after = delivery.after(&made.attempt, next, job.turn());
            return match self.park_for_backlog(&after, until).await? {
                Some(_) => Ok(Disposition::Done),
                None => self.merge(job, &made.attempt, next).await,
            };
        }
        let (turn, disposition) = self.arrange(job, next).await;
        let after = delivery.after(&made.attempt, next, turn);
        match self.save(&after).await? {
            Some(_) => {
                if disposition == Disposition::Stays
                    && let Next::RetryAt(until) = next
                {
                    self.hide_until(job, until).await;
                }
                Ok(disposition)
            }
            None => self.merge(job, &made.attempt, next).await,
        }
    }

    /// Who acts after the wait: this message where it is, or a new one in the retry queue.
    async fn arrange(
        &self,
        job: &Job<'_>,
        next: Next,
    ) -> (hooklane_domain::delivery::Turn, Disposition) {
        let Next::RetryAt(until) = next else {
            return (job.turn(), Disposition::Done);
        };
        match self.waiting.plan(job.task.lane, self.system.now(), until) {
            Wait::Hide { .. } => (job.turn(), Disposition::Stays),
            Wait::Move { delay_seconds } => match self.send_successor(job, delay_seconds).await {
                Ok(turn) => (turn, Disposition::Done),
                // It may wait in the fast lane too; that is what the fast lane would rather not do.
                Err(error) => {
                    log_error("delivery.move_failed", &error);
                    (job.turn(), Disposition::Stays)
                }
            },
        }
    }

    /// The item changed while the POST was made: what came of it is added to what is there now.
    async fn merge(
        &self,
        job: &Job<'_>,
        attempt: &Attempt,
        next: Next,
    ) -> Result<Disposition, Unavailable> {
        for _ in 0..MERGE_TRIES {
            let current = self.reread(job).await?;
            let standing = match current.clone().merged(attempt, next) {
                None => Some(current),
                Some(merged) => self.save(&merged).await?,
            };
            let Some(standing) = standing else { continue };
            return Ok(match decide(&standing, &job.receipt(), self.system.now()) {
                Decision::Discard(_) | Decision::LookAgain => Disposition::Done,
                Decision::HideUntil(until, _) => self.hide_until(job, until).await,
                Decision::SendAfresh | Decision::Attempt(_) => Disposition::Stays,
            });
        }
        tracing::error!(delivery.id = %job.deliver.delivery, "delivery.merge_gave_up");
        Ok(Disposition::Stays)
    }

    /// A delivery that needs no attempt any more. Whoever changed it meanwhile decides instead.
    pub(crate) async fn finish_without_attempt(
        &self,
        job: &Job<'_>,
        finished: Delivery,
    ) -> Result<Disposition, Unavailable> {
        match self.save(&finished).await? {
            Some(finished) => {
                tracing::info!(
                    delivery.id = %finished.id,
                    delivery.status = finished.status().as_str(),
                    "delivery.finished_without_attempt"
                );
                Ok(Disposition::Done)
            }
            None => Ok(self.hide_until(job, self.system.now()).await),
        }
    }

    /// Tells the tenant, before the delivery's end is written: its id says what it is about, so that a
    /// second time is none.
    async fn report_exhaustion(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        let event = of_exhaustion(delivery, attempt.number, attempt.at);
        report(&self.ledger, &self.system, event).await
    }

    /// Disables the webhook that was called, and not one that was changed since: its next 410 is its own.
    /// So is that of a webhook that could not be disabled.
    async fn disable(&self, webhook: &Webhook) {
        let now = self.system.now();
        let registry = self.webhooks.registry();
        // `upkeep` reports it: it is called first, so that it looks however this ends.
        if let Err(error) = registry.watch(&webhook.tenant, webhook.id, 0, now).await {
            log_error("webhook.not_watched", &error);
        }
        match registry.disable(webhook, DisableReason::Gone, now).await {
            Ok(true) => tracing::warn!(webhook.id = %webhook.id, "webhook.disabled"),
            Ok(false) => {}
            Err(error) => log_error("webhook.disable_failed", &error),
        }
        self.webhooks.forget(&webhook.tenant, webhook.id);
    }

    /// The delivery as written, or `None` where somebody else wrote it first.
    pub(crate) async fn save(&self, delivery: &Delivery) -> Result<Option<Delivery>, Unavailable> {
        Ok(match self.ledger.save(delivery).await? {
            Saved::Yes(written) => Some(*written),
            Saved::Conflict => None,
        })
    }

    /// The one wide line of a failed attempt. Never logged: bodies, headers, secrets.
    fn log_failure(&self, delivery: &Delivery, attempt: &Attempt, next: Next) {
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
}

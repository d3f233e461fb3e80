//! One attempt: the request as the webhook stands at this moment, and what came of it.

use std::borrow::Cow;
use std::sync::Arc;

use hooklane_app::ports::{Events as _, Surroundings as _, Unavailable};
use hooklane_aws::sqs_batch::Disposition;
use hooklane_domain::Timestamp;
use hooklane_domain::attempt::Attempt;
use hooklane_domain::contract::{Contract, Subject};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, ParkReason};
use hooklane_domain::event::Content;
use hooklane_domain::expression::{Failure, Input};
use hooklane_domain::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::webhook::Webhook;

use crate::edge::{Edge, Post as _};
use crate::settle::Made;
use crate::worker::{Job, Worker};

/// What a message leads to.
enum Found {
    Content(Content),
    /// Its event was deleted, or has expired.
    Missing,
    /// It carries a payload that cannot be read, and its event is gone.
    Unreadable(String),
}

impl<E: Edge> Worker<E> {
    /// Makes the attempt that `delivery` is due for, unless its webhook or event stands in the way.
    pub(crate) async fn attempt(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
    ) -> Result<Disposition, Unavailable> {
        let now = self.surroundings.now();
        let webhook = self.webhooks.get(&delivery.tenant, delivery.id.webhook(), now).await?;
        let Some(webhook) = webhook else {
            let cancelled = delivery.cancelled(now, CancelReason::WebhookDeleted);
            return self.finish_without_attempt(job, cancelled).await;
        };
        if !webhook.state.is_active() {
            return self.park(job, delivery.parked(now, ParkReason::Inactive)).await;
        }
        let content = match self.content(job).await? {
            Found::Content(content) => content,
            Found::Missing => {
                let failed = delivery.failed(now, FailReason::EventMissing);
                return self.finish_without_attempt(job, failed).await;
            }
            Found::Unreadable(reason) => return Ok(self.bury(job.task, &reason).await),
        };
        let made = self.make(&delivery, webhook, &content).await;
        self.settle(job, delivery, made).await
    }

    /// From the message; or from the ledger, which has it also where the message's is unreadable.
    async fn content(&self, job: &Job<'_>) -> Result<Found, Unavailable> {
        let unreadable = match job.deliver.payload.clone().map(hooklane_aws::payload::unpack) {
            Some(Ok(content)) => return Ok(Found::Content(content)),
            Some(Err(error)) => Some(error.chain()),
            None => None,
        };
        let event = self.ledger.get(&job.deliver.tenant, job.deliver.delivery.event()).await?;
        Ok(match (event, unreadable) {
            (Some(event), _) => Found::Content(event.content),
            (None, Some(reason)) => Found::Unreadable(reason),
            (None, None) => Found::Missing,
        })
    }

    async fn make(&self, delivery: &Delivery, webhook: Arc<Webhook>, content: &Content) -> Made {
        let at = self.surroundings.now();
        let number = delivery.next_number();
        let ready = self.contract(&webhook, at).and_then(|contract| {
            shaped(delivery, &webhook, content).map(|content| (contract, content))
        });
        let (contract, content) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                let outcome = Outcome::Error(error);
                let attempt =
                    Attempt { number, at, duration_ms: 0, request_headers: Vec::new(), outcome };
                return Made { attempt, webhook, gone_disables: false, contract_retry: None };
            }
        };
        let subject = Subject {
            content: &content,
            delivery: &delivery.id,
            webhook: &webhook,
            attempt: number,
            at,
        };
        let request = contract.request(subject);
        let request_headers = request.shown_headers.clone();
        let sent = self.sender.post(&webhook.url, request, contract.timeout_of(&webhook)).await;
        let duration_ms = u32::try_from(sent.took.as_millis()).unwrap_or(u32::MAX);
        let attempt = Attempt { number, at, duration_ms, request_headers, outcome: sent.outcome };
        let gone_disables = contract.gone_disables();
        let contract_retry = Some(Contract::retry(contract).clone());
        Made { attempt, webhook, gone_disables, contract_retry }
    }

    /// The webhook's contract, where this deployment has it and it can sign with the webhook's secrets.
    fn contract(&self, webhook: &Webhook, now: Timestamp) -> Result<&Contract, AttemptError> {
        let unwritable = |detail| AttemptError { kind: ErrorKind::Body, detail };
        let contract = self.contracts.get(&webhook.contract).ok_or_else(|| {
            unwritable(format!("the contract {} is not in this deployment", webhook.contract))
        })?;
        let mut secrets = std::iter::once(&webhook.secret).chain(webhook.retiring_at(now));
        let accepted = secrets.try_for_each(|secret| contract.accepts(secret));
        accepted.map_err(|e| unwritable(e.to_string()))?;
        Ok(contract)
    }
}

/// The event as the webhook gets it. Its filter was asked when the event was fanned out, and whoever
/// asked for this delivery by hand knows better: only one that fails stands in the way.
fn shaped<'c>(
    delivery: &Delivery,
    webhook: &Webhook,
    content: &'c Content,
) -> Result<Cow<'c, Content>, AttemptError> {
    if webhook.filter.is_none() && webhook.transform.is_none() {
        return Ok(Cow::Borrowed(content));
    }
    let id = &delivery.id;
    let input = Input::new(id.event(), &delivery.tenant, content, id.accepted_at());
    let broken = |what: &str, failure: &Failure| AttemptError {
        kind: ErrorKind::Transform,
        detail: format!("{what}: {failure}"),
    };
    if let Some(filter) = &webhook.filter {
        filter.passes(&input).map_err(|failure| broken("filter", &failure))?;
    }
    let Some(transform) = &webhook.transform else { return Ok(Cow::Borrowed(content)) };
    let data = transform.apply(&input).map_err(|failure| broken("transform", &failure))?;
    Ok(Cow::Owned(Content { data, ..content.clone() }))
}

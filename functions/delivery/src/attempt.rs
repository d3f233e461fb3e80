//! One attempt: the request as the webhook stands at this moment, and what came of it.

use std::sync::Arc;

use hooklane_app::ports::{Events as _, Surroundings as _, Unavailable};
use hooklane_aws::sqs_batch::Disposition;
use hooklane_domain::attempt::Attempt;
use hooklane_domain::contract::{Contract, Subject};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, ParkReason};
use hooklane_domain::event::Content;
use hooklane_domain::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::webhook::Webhook;
use hooklane_sender::Destination;

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
        let Some(contract) = self.contracts.get(&webhook.contract) else {
            let detail = format!("the contract {} is not in this deployment", webhook.contract);
            let outcome = Outcome::Error(AttemptError { kind: ErrorKind::Body, detail });
            let attempt =
                Attempt { number, at, duration_ms: 0, request_headers: Vec::new(), outcome };
            return Made { attempt, webhook, gone_disables: false, contract_retry: None };
        };
        let subject =
            Subject { content, delivery: &delivery.id, webhook: &webhook, attempt: number, at };
        let request = contract.request(subject);
        let request_headers = request.shown_headers.clone();
        let to = Destination { url: &webhook.url, only: webhook.target_cidrs.as_ref() };
        let sent = self.sender.post(to, request, contract.timeout()).await;
        let duration_ms = u32::try_from(sent.took.as_millis()).unwrap_or(u32::MAX);
        let attempt = Attempt { number, at, duration_ms, request_headers, outcome: sent.outcome };
        let gone_disables = contract.gone_disables();
        let contract_retry = Some(Contract::retry(contract).clone());
        Made { attempt, webhook, gone_disables, contract_retry }
    }
}

//! One attempt: the request as the webhook stands at this moment, and what came of it.

use std::sync::Arc;

use hooklane_app::attempt;
use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, EventStore as _, Unavailable};
use hooklane_contract::{Contract, Subject};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, ParkReason};
use hooklane_domain::event::Content;
use hooklane_domain::isolation::admission::{Admission, admit, changes_lane};
use hooklane_domain::webhook::Webhook;

use crate::edge::Edge;
use crate::parking::Slot;
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
        let now = self.system.now();
        let webhook = self.webhooks.get(&delivery.tenant, delivery.id.webhook(), now).await?;
        let Some(webhook) = webhook else {
            let cancelled = delivery.cancelled(now, CancelReason::WebhookDeleted);
            return self.finish_without_attempt(job, cancelled).await;
        };
        let health = self.health(webhook.id).await?;
        let paused = self.tenant_is_paused(&delivery.tenant).await?;
        let admission = admit(webhook.state, paused, health.circuit, now);
        if let Admission::Park(reason) = admission {
            return self.park(job, delivery.parked(now, reason)).await;
        }
        if admission == Admission::Attempt && changes_lane(job.task.lane, health.lane()) {
            self.announce_parking(&delivery, 0).await?;
            return self.send_afresh(job, delivery, now).await;
        }
        let content = match self.content(job).await? {
            Found::Content(content) => content,
            Found::Missing => {
                let failed = delivery.failed(now, FailReason::EventMissing);
                return self.finish_without_attempt(job, failed).await;
            }
            Found::Unreadable(reason) => return Ok(self.dead_letter(job.task, &reason).await),
        };
        let delivery = match self.contracts.rate_limit_of(&webhook) {
            Some(limit) => match self.slot(job, delivery, limit).await? {
                Slot::Here(delivery) => *delivery,
                Slot::DeferQueue(disposition) => return Ok(disposition),
            },
            None => delivery,
        };
        if admission == Admission::Probe && !self.may_probe(&delivery).await? {
            return self.park(job, delivery.parked(now, ParkReason::Circuit)).await;
        }
        let made = self.make(&delivery, webhook, &content).await;
        self.settle(job, delivery, made).await
    }

    /// From the message; or from the ledger, which has it also where the message's is unreadable.
    async fn content(&self, job: &Job<'_>) -> Result<Found, Unavailable> {
        let unreadable = match job.deliver.payload.clone().map(hooklane_app::payload::unpack) {
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
        let (number, at) = (delivery.next_number(), self.system.now());
        let subject =
            Subject { content, delivery: &delivery.id, webhook: &webhook, attempt: number, at };
        let (attempt, contract) = attempt::make(&self.sender, &self.contracts, subject).await;
        let gone_disables = contract.is_some_and(Contract::gone_disables);
        let contract_retry = contract.map(Contract::retry).cloned();
        Made { attempt, webhook, gone_disables, contract_retry }
    }
}

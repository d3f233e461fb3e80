//! Deliveries that wait in the ledger, without a message: parked.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, HealthStore as _, SlotStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Wait;
use hooklane_domain::delivery::{Delivery, ParkReason, State};
use hooklane_domain::isolation::admission::{Admission, admit};
use hooklane_domain::isolation::slots::MAX_QUEUED_WAIT;
use hooklane_domain::webhook::limits::RateLimit;

use crate::care::Room;
use crate::edge::Edge;
use crate::worker::{Job, Worker};

/// What becomes of a delivery under a rate limit.
pub(crate) enum Slot {
    /// Its attempt may be made now.
    Here(Box<Delivery>),
    /// It waits for its slot.
    DeferQueue(Disposition),
}

impl<E: Edge> Worker<E> {
    /// Puts a delivery aside: `parked` is what is to be written. Where too much is parked for its
    /// webhook, one of which nothing is written yet is counted as skipped instead.
    ///
    /// What it was parked for may end in this very moment, by somebody who looked for what was parked
    /// and did not find this one yet: so the state is read once more, afterwards.
    pub(crate) async fn park(
        &self,
        job: &Job<'_>,
        parked: Delivery,
    ) -> Result<Disposition, Unavailable> {
        let webhook = parked.id.webhook();
        let room = self.announce_parking(&parked, 1).await?;
        if room == Room::Full && parked.revision == 0 {
            self.withdraw_parking(webhook);
            self.webhooks.registry().skip(webhook).await?;
            tracing::warn!(delivery.id = %parked.id, "delivery.skipped");
            return Ok(Disposition::Done);
        }
        let Some(parked) = self.save(&parked).await? else {
            self.withdraw_parking(webhook);
            return Ok(self.hide_until(job, self.system.now()).await);
        };
        log_parked(&parked);
        self.look_again(job, parked).await
    }

    /// Sends a parked delivery on where nothing holds it after all. What is not due yet, and what its
    /// tenant wants to be discarded, is left to `upkeep`.
    pub(crate) async fn look_again(
        &self,
        job: &Job<'_>,
        parked: Delivery,
    ) -> Result<Disposition, Unavailable> {
        let now = self.system.now();
        let State::Parked { since, due, .. } = parked.state else { return Ok(Disposition::Done) };
        if due > now {
            return Ok(Disposition::Done);
        }
        let id = parked.id.webhook();
        let Some(webhook) = self.webhooks.fresh(&parked.tenant, id, now).await? else {
            return Ok(Disposition::Done);
        };
        let health = self.fresh_health(id).await?;
        let paused = self.tenant_is_paused_now(&parked.tenant).await?;
        let admission = admit(webhook.state, paused, health.circuit, now);
        if admission == Admission::Attempt && !health.discards(since) {
            let turn = self.send_successor(job, 0).await?;
            self.save(&parked.handed_to(turn, now)).await?;
        }
        Ok(Disposition::Done)
    }

    /// Parks what has just failed and would wait for long, where too many messages wait already.
    pub(crate) async fn park_for_backlog(
        &self,
        waiting: &Delivery,
        until: Timestamp,
    ) -> Result<Option<Delivery>, Unavailable> {
        self.announce_parking(waiting, 1).await?;
        let now = self.system.now();
        let parked = waiting.clone().parked_until(now, until, ParkReason::Backlog);
        let saved = self.save(&parked).await?;
        match &saved {
            Some(parked) => log_parked(parked),
            None => self.withdraw_parking(parked.id.webhook()),
        }
        Ok(saved)
    }

    /// The slot of an attempt under its webhook's rate limit. One that is not here yet is waited for,
    /// without an attempt being spent; one that is far away is waited for in the ledger.
    pub(crate) async fn slot(
        &self,
        job: &Job<'_>,
        delivery: Delivery,
        limit: RateLimit,
    ) -> Result<Slot, Unavailable> {
        let now = self.system.now();
        if delivery.slot.is_some_and(|slot| slot <= now) {
            return Ok(Slot::Here(Box::new(delivery)));
        }
        let slot = match delivery.slot {
            Some(slot) => slot,
            None => self.ledger.take_slot(delivery.id.webhook(), limit, now).await?,
        };
        if slot <= now {
            return Ok(Slot::Here(Box::new(delivery)));
        }
        let waiting = delivery.slotted(slot, job.turn());
        let until = waiting.slot.unwrap_or(slot);
        if until.duration_since(now).unsigned_abs() > MAX_QUEUED_WAIT {
            let parked = waiting.parked_until(now, until, ParkReason::RateLimit);
            return self.park(job, parked).await.map(Slot::DeferQueue);
        }
        self.announce_parking(&waiting, 0).await?;
        let disposition = match self.waiting.plan(job.task.lane, now, until) {
            Wait::Hide { .. } => {
                self.save(&waiting).await?;
                self.hide_until(job, until).await
            }
            Wait::Move { delay_seconds } => {
                let turn = self.send_successor(job, delay_seconds).await?;
                self.save(&waiting.slotted(until, turn)).await?;
                Disposition::Done
            }
        };
        Ok(Slot::DeferQueue(disposition))
    }
}

fn log_parked(parked: &Delivery) {
    let State::Parked { reason, .. } = parked.state else { return };
    tracing::info!(delivery.id = %parked.id, ?reason, "delivery.parked");
}

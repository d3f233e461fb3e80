//! Works on a recovery, a bounded step at a time; how far it has come is written after each.

use std::cell::OnceCell;

use hooklane_app::deliveries::{RequestError, retry};
use hooklane_app::ports::{Clock, DeliveryFilter, Entropy, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::expression::Input;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::operational::concerned;
use hooklane_domain::isolation::recovery::{Recovery, Stage};
use hooklane_domain::webhook::{Route, Webhook};

use crate::look::{Seen, Written};
use crate::{Deadline, LedgerPorts, QueuePorts, RegistryPorts, Upkeep};

const PAGE: usize = 100;
/// A look takes at most so many steps: others want their turn too.
const STEPS: usize = 200;

/// What a look did for a recovery.
pub(crate) struct Worked {
    pub(crate) sent: u64,
    pub(crate) running: bool,
}

/// What one step did, and where its stage goes on, if it does.
struct Step {
    sent: u64,
    goes_on: Option<Stage>,
}

impl<L, R, Q, S> Upkeep<L, R, Q, S>
where
    L: LedgerPorts,
    R: RegistryPorts,
    Q: QueuePorts,
    S: Clock + Entropy,
{
    pub(crate) async fn recover(
        &self,
        seen: &Seen<'_>,
        mut recovery: Recovery,
        deadline: Deadline,
    ) -> Result<Worked, Unavailable> {
        let mut sent = 0;
        for _ in 0..STEPS {
            if self.is_over(deadline) {
                break;
            }
            let step = match (&recovery.stage, &seen.webhook) {
                (Stage::Done { .. }, _) => break,
                // Nothing is left to be delivered to.
                (_, None) => Step { sent: 0, goes_on: None },
                (Stage::Failed { after }, Some(_)) => self.failed(&recovery, after.clone()).await?,
                (Stage::Skipped { cursor }, Some(webhook)) => {
                    self.skipped(&recovery, webhook, cursor.as_deref()).await?
                }
            };
            sent += step.sent;
            let next =
                recovery.clone().advanced(step.sent, self.now_in_milliseconds(), step.goes_on);
            if !self.registry.save_recovery(&next).await? {
                // Another run works on it, too.
                return Ok(Worked { sent, running: true });
            }
            recovery = Recovery { revision: next.revision + 1, ..next };
        }
        Ok(Worked { sent, running: recovery.is_running() })
    }

    /// A page of what failed, each retried as by hand.
    async fn failed(
        &self,
        recovery: &Recovery,
        after: Option<DeliveryId>,
    ) -> Result<Step, Unavailable> {
        let (tenant, wanted) = (&recovery.tenant, recovery.wanted);
        let after = after.or_else(|| just_after(recovery, wanted.until));
        let filter = DeliveryFilter {
            status: Some(Status::Failed),
            after,
            limit: PAGE,
            ..DeliveryFilter::default()
        };
        let page = self.ledger.list(tenant, recovery.webhook, &filter).await?;
        let mut sent = 0;
        for delivery in &page.deliveries {
            // Newest first: what follows is older still.
            if delivery.id.accepted_at() < wanted.since {
                return Ok(Step { sent, goes_on: None });
            }
            let clock = &self.system;
            match retry(&self.ledger, &self.queues, clock, tenant, &delivery.id).await {
                Ok(_) => sent += 1,
                Err(RequestError::Missing | RequestError::Ended(_)) => {}
                // It harms no other.
                Err(RequestError::Unavailable(error)) if error.is_corrupt() => {
                    let (id, error) = (&delivery.id, error.chain());
                    tracing::error!(delivery.id = %id, error, "delivery.unreadable");
                }
                Err(RequestError::Unavailable(error)) => return Err(error),
            }
        }
        let goes_on = page.next.map(|next| Stage::Failed { after: Some(next) });
        Ok(Step { sent, goes_on })
    }

    /// A page of events: those that the webhook takes and of which nothing is written are sent as
    /// `fanout` would.
    async fn skipped(
        &self,
        recovery: &Recovery,
        webhook: &Webhook,
        cursor: Option<&str>,
    ) -> Result<Step, Unavailable> {
        let page = self.ledger.walk(&recovery.tenant, recovery.wanted, cursor).await?;
        let route = Route {
            webhook: webhook.id,
            events: webhook.events.clone(),
            filter: webhook.filter.clone(),
            test_mode: webhook.test_mode,
            lane: Lane::Slow,
            created_at: webhook.created_at,
        };
        let takes = |event: &Event| {
            let content = &event.content;
            route.takes(&content.event_type, event.accepted_at, content.test)
                && concerned(content) != Some(webhook.id)
                && lets_through(&route, event)
        };
        let events: Vec<_> = page.events.into_iter().filter(takes).collect();
        let id = |event: &Event| DeliveryId::new(webhook.id, event.accepted_at, event.id.clone());
        let ids: Vec<_> = events.iter().map(id).collect();
        let written = self.written(&ids).await?;
        let missing = events
            .iter()
            .zip(ids)
            .zip(written)
            .filter(|(_, written)| matches!(written, Written::Not));
        let messages: Vec<_> = missing
            .map(|((event, delivery), _)| {
                Message::Deliver(Deliver {
                    tenant: event.tenant.clone(),
                    delivery,
                    event_type: event.content.event_type.clone(),
                    generation: 0,
                    payload: hooklane_app::payload::pack(&event.content),
                })
            })
            .collect();
        self.queues.dispatch(Lane::Slow, &messages).await?;
        let goes_on = page.next.map(|next| Stage::Skipped { cursor: Some(next) });
        Ok(Step { sent: messages.len() as u64, goes_on })
    }
}

/// As `fanout` looks at it: a filter that fails on the event lets it through.
fn lets_through(route: &Route, event: &Event) -> bool {
    let input = OnceCell::new();
    route.lets_through(|| input.get_or_init(|| Input::of_event(event)))
}

/// Where a list begins, newest first, that holds nothing accepted after `until`.
fn just_after(recovery: &Recovery, until: Timestamp) -> Option<DeliveryId> {
    let next = Timestamp::from_millisecond(until.as_millisecond() + 1).ok()?;
    // The first of all event ids, in the order of keys.
    Some(DeliveryId::new(recovery.webhook, next, "-".parse().ok()?))
}

//! Works on a recovery in bounded steps. Its progress is written after each step.

use hooklane_app::deliveries::{RequestError, retry};
use hooklane_app::evaluation;
use hooklane_app::payload;
use hooklane_app::ports::{
    Clock as _, DeliveryFilter, DeliveryStore as _, DispatchQueue as _, EventScan as _,
    RecoveryStore as _, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::operational::concerned;
use hooklane_domain::isolation::recovery::{Recovery, Stage};
use hooklane_domain::time::later;
use hooklane_domain::webhook::{Route, Webhook};
use tracing::Instrument as _;

use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::snapshot::Snapshot;
use crate::spans;
use crate::stored::{self, Stored};
use crate::tuning::{RECOVERY_PAGE, RECOVERY_STEPS, TURN_KEPT};

/// What a look did for a recovery.
pub(crate) struct Progress {
    pub(crate) sent: u64,
    pub(crate) running: bool,
}

/// What one step did, and where the next step of the same stage begins, if there is one.
struct Step {
    sent: u64,
    /// The events that are older than the webhook, among those that it subscribes to.
    older: u64,
    next: Option<Stage>,
}

/// Takes steps until the recovery is done, the look has taken enough of them, or the time is over.
pub(crate) async fn recover<P: Ports>(
    deps: &Deps<P>,
    snapshot: &Snapshot<'_>,
    mut recovery: Recovery,
    deadline: Deadline,
) -> Result<Progress, Unavailable> {
    let (mut sent, mut has_turn) = (0, false);
    for _ in 0..RECOVERY_STEPS {
        if deadline.has_passed(&deps.system) {
            break;
        }
        if recovery.scans() && snapshot.webhook.is_some() && !has_turn {
            if !take_turn(deps, &recovery).await? {
                return wait_for_turn(deps, recovery, sent).await;
            }
            has_turn = true;
        }
        let step = match (&recovery.stage, &snapshot.webhook) {
            (Stage::Done { .. }, _) => break,
            // The webhook was deleted: there is nobody left to deliver to.
            (_, None) => Step { sent: 0, older: 0, next: None },
            (Stage::Failed { after }, Some(_)) => {
                retry_failed(deps, &recovery, after.clone()).await?
            }
            (Stage::Skipped { cursor }, Some(webhook)) => {
                send_skipped(deps, &recovery, webhook, cursor.as_deref(), deadline).await?
            }
        };
        sent += step.sent;
        let passed = recovery.clone().passed_over(step.older);
        let advanced = passed.advanced(step.sent, deps.now_in_milliseconds(), step.next);
        if !deps.registry.save_recovery(&advanced).await? {
            // Another run works on it, too.
            return Ok(Progress { sent, running: true });
        }
        if recovery.scans() && !advanced.scans() {
            deps.registry.end_turn(&recovery).await?;
        }
        recovery = Recovery { revision: advanced.revision + 1, ..advanced };
    }
    Ok(Progress { sent, running: recovery.is_running() })
}

/// Whether the recovery may read the ledger now: a few of a tenant's recoveries may at the same time. A turn
/// lasts until some time after this look, so that the next look keeps it.
async fn take_turn<P: Ports>(deps: &Deps<P>, recovery: &Recovery) -> Result<bool, Unavailable> {
    let now = deps.system.now();
    let times = (now, later(now, TURN_KEPT));
    deps.registry.take_turn(recovery, times, recovery.scans_at_once).await
}

/// Leaves the recovery as it is, for the next run, and notes that it waits.
async fn wait_for_turn<P: Ports>(
    deps: &Deps<P>,
    recovery: Recovery,
    sent: u64,
) -> Result<Progress, Unavailable> {
    if !recovery.waiting {
        deps.registry.save_recovery(&Recovery { waiting: true, ..recovery }).await?;
    }
    Ok(Progress { sent, running: true })
}

/// Retries a page of failed deliveries, each as by a request of its tenant.
async fn retry_failed<P: Ports>(
    deps: &Deps<P>,
    recovery: &Recovery,
    after: Option<DeliveryId>,
) -> Result<Step, Unavailable> {
    let (tenant, wanted) = (&recovery.tenant, recovery.wanted);
    let after = after.or_else(|| just_after(recovery, wanted.until));
    let filter = DeliveryFilter {
        status: Some(Status::Failed),
        after,
        limit: RECOVERY_PAGE,
        ..DeliveryFilter::default()
    };
    let page = deps.ledger.list(tenant, recovery.webhook, &filter).await?;
    let mut sent = 0;
    for delivery in &page.deliveries {
        // Newest first, so all that follow are older still.
        if delivery.id.accepted_at() < wanted.since {
            return Ok(Step { sent, older: 0, next: None });
        }
        let (id, span) = (&delivery.id, spans::of_delivery(tenant, &delivery.id));
        let retried = retry(&deps.ledger, &deps.queues, &deps.system, tenant, id);
        match retried.instrument(span.clone()).await {
            Ok(_) => sent += 1,
            Err(RequestError::Missing | RequestError::Ended(_)) => {}
            // It does not affect the others.
            Err(RequestError::Unavailable(error)) if error.is_unreadable() => {
                span.in_scope(|| error.log("delivery.unreadable"));
            }
            Err(RequestError::Unavailable(error)) => return Err(error),
        }
    }
    let next = page.next.map(|next| Stage::Failed { after: Some(next) });
    Ok(Step { sent, older: 0, next })
}

/// Where a list that is newest first begins, if it is to hold nothing accepted after `until`.
fn just_after(recovery: &Recovery, until: Timestamp) -> Option<DeliveryId> {
    let next = Timestamp::from_millisecond(until.as_millisecond() + 1).ok()?;
    // The first of all event ids, in the order of keys.
    Some(DeliveryId::new(recovery.webhook, next, "-".parse().ok()?))
}

/// Reads a page of events, and sends those that the webhook takes and whose delivery has no item yet, as
/// `fanout` would.
async fn send_skipped<P: Ports>(
    deps: &Deps<P>,
    recovery: &Recovery,
    webhook: &Webhook,
    cursor: Option<&str>,
    deadline: Deadline,
) -> Result<Step, Unavailable> {
    let page = deps.ledger.walk(&recovery.tenant, recovery.wanted, cursor).await?;
    let route = route_of(webhook);
    let (mut events, mut cut, mut last, mut older) = (Vec::new(), None, None, 0);
    for event in page.events {
        if let Some(last) = &last
            && deadline.has_passed(&deps.system)
        {
            // The rest of the page is for the next look.
            cut = Some(deps.ledger.cursor_after(last));
            break;
        }
        last = Some((event.tenant.clone(), event.id.clone()));
        if route.created_at > event.accepted_at {
            let content = &event.content;
            older += u64::from(route.takes_type(&content.event_type, content.test));
        } else if takes(&route, &event).await {
            events.push(event);
        }
    }
    let id = |event: &Event| DeliveryId::new(webhook.id, event.accepted_at, event.id.clone());
    let ids: Vec<_> = events.iter().map(id).collect();
    let stored = stored::read(deps, &recovery.tenant, &ids).await?;
    let missing =
        events.iter().zip(ids).zip(stored).filter(|(_, stored)| matches!(stored, Stored::Missing));
    let messages: Vec<_> = missing
        .map(|((event, delivery), _)| {
            Message::Deliver(Deliver {
                tenant: event.tenant.clone(),
                delivery,
                event_type: event.content.event_type.clone(),
                generation: 0,
                payload: payload::pack(&event.content),
            })
        })
        .collect();
    for refused in deps.queues.dispatch(Lane::Slow, &messages).await? {
        // It would be refused each minute, and the recovery would never get past it.
        let Message::Deliver(deliver) = &messages[refused.index];
        let (delivery, reason) = (&deliver.delivery, refused.reason);
        tracing::error!(delivery.id = %delivery, reason, "message.refused");
    }
    let next = cut.or(page.next).map(|next| Stage::Skipped { cursor: Some(next) });
    Ok(Step { sent: messages.len() as u64, older, next })
}

/// The webhook as `fanout` sees it. What is recovered takes the slow lane, whatever the webhook's is.
fn route_of(webhook: &Webhook) -> Route {
    Route {
        webhook: webhook.id,
        events: webhook.events.clone(),
        filter: webhook.filter.clone(),
        test_mode: webhook.test_mode,
        lane: Lane::Slow,
        created_at: webhook.created_at,
    }
}

/// Whether `fanout` would send the event to the webhook.
async fn takes(route: &Route, event: &Event) -> bool {
    let content = &event.content;
    route.takes(&content.event_type, event.accepted_at, content.test)
        && concerned(content) != Some(route.webhook)
        && evaluation::decide(event, vec![route.filter.clone()]).await.passes == [true]
}

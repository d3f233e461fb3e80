//! Finds what was skipped, by the index of the tenant's events or by a scan of the ledger, and sends it as
//! `fanout` would.

use futures::future::try_join_all;
use hooklane_app::event_index::{Query, counted_here, indexed};
use hooklane_app::ports::{
    DeadLetters as _, DeferQueue as _, DispatchQueue as _, EventScan as _, EventStore, Unavailable,
};
use hooklane_app::{evaluation, payload};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::event_index::{Entry, Place, merge};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::operational::concerned;
use hooklane_domain::isolation::recovery::Stage;
use hooklane_domain::isolation::recovery::index_walk::Part;
use hooklane_domain::isolation::slots::seconds_until;
use hooklane_domain::webhook::{Route, Webhook};
use jiff::SignedDuration;

use super::pace::Pace;
use super::{Next, Step};
use crate::deadline::Deadline;
use crate::deps::Deps;
use crate::ports::Ports;
use crate::stored::{self, Stored};
use crate::tuning::{RECOVERY_GROUP, WALK_PAGE};

/// What became of a group of events.
enum Group {
    /// They were sent, as far as the webhook takes them: so many.
    Whole { sent: u64 },
    /// After the first ones the time or the slots were over. The last event that was dealt with, if any.
    Cut { sent: u64, last: Option<usize>, paced_out: bool },
}

/// Reads a part of the index, and sends what the webhook takes and what has no delivery yet. `None` if
/// another run works on the recovery.
pub(super) async fn walk<P: Ports>(
    pace: &mut Pace<'_, P>,
    webhook: &Webhook,
    part: Part,
    deadline: Deadline,
) -> Result<Option<Step>, Unavailable> {
    let deps = pace.deps;
    let tenant = pace.recovery.tenant.clone();
    // Times are whole milliseconds, and a range has no end of its own.
    let end = part.until.saturating_add(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX);
    let accepted = TimeRange::new(Some(part.since), Some(end));
    let query = Query {
        wanted: merge::Wanted { accepted, ..merge::Wanted::default() },
        after: part.after.clone(),
        limit: WALK_PAGE,
        written_since: part.written_since,
    };
    let read = indexed(&deps.ledger, &tenant, query).await?;
    let route = route_of(webhook);
    let entries = &read.page.entries;
    let takes = |e: &&Entry| route.takes(&e.event_type, e.accepted_at, e.test);
    let taken: Vec<_> = entries.iter().filter(takes).collect();
    let id = |e: &Entry| DeliveryId::new(webhook.id, e.accepted_at, e.id.clone());
    let ids: Vec<_> = taken.iter().map(|entry| id(entry)).collect();
    let stored = stored::read(deps, &tenant, &ids).await?;
    let missing: Vec<_> = taken
        .into_iter()
        .zip(stored)
        .filter(|(_, stored)| matches!(stored, Stored::Missing))
        .map(|(entry, _)| entry)
        .collect();
    let (mut sent, mut next, mut paced_out) = (0, read.page.next, false);
    for (number, group) in missing.chunks(RECOVERY_GROUP).enumerate() {
        let reads = group.iter().map(|entry| read_event(pace, &entry.id));
        let events = try_join_all(reads).await?;
        let first = number == 0;
        match send_group(pace, &route, events, (deadline, first)).await? {
            None => return Ok(None),
            Some(Group::Whole { sent: some }) => sent += some,
            Some(Group::Cut { sent: some, last, paced_out: out }) => {
                sent += some;
                paced_out = out;
                // The rest is for the next look. What comes before it in the index is done.
                let done = number * RECOVERY_GROUP + last.map_or(0, |last| last + 1);
                let before = done.checked_sub(1).map(|last| missing[last].place());
                next = before.or(part.after.clone()).or_else(|| Some(Place::before(end)));
                break;
            }
        }
    }
    let is_done = |entry: &Entry| next.as_ref().is_none_or(|next| entry.place() >= *next);
    let is_older = |entry: &&Entry| {
        is_done(entry)
            && route.created_at > entry.accepted_at
            && route.takes_type(&entry.event_type, entry.test)
    };
    let older = entries.iter().filter(is_older).count() as u64;
    let unreadable = counted_here(&read.unreadable, part.after.as_ref(), next.as_ref());
    Ok(Some(Step { sent, older, unreadable, next: Next::Walk(next), paced_out }))
}

/// An event of the index; `None` if it has expired or cannot be read, which does not affect the others.
async fn read_event<P: Ports>(
    pace: &Pace<'_, P>,
    id: &hooklane_domain::ids::EventId,
) -> Result<Option<Event>, Unavailable> {
    let tenant = &pace.recovery.tenant;
    match EventStore::get(&pace.deps.ledger, tenant, id).await {
        Err(error) if error.is_unreadable() => {
            let error = error.chain();
            tracing::error!(%tenant, event.id = %id, error, "event.left_out");
            Ok(None)
        }
        read => read,
    }
}

/// Reads a page of the ledger, and sends what the webhook takes and what has no delivery yet. `None` if
/// another run works on the recovery.
pub(super) async fn scan<P: Ports>(
    pace: &mut Pace<'_, P>,
    webhook: &Webhook,
    cursor: Option<&str>,
    deadline: Deadline,
) -> Result<Option<Step>, Unavailable> {
    let deps = pace.deps;
    let (tenant, wanted) = (pace.recovery.tenant.clone(), pace.recovery.wanted);
    let page = deps.ledger.walk(&tenant, wanted, cursor).await?;
    let route = route_of(webhook);
    let id = |e: &Event| DeliveryId::new(webhook.id, e.accepted_at, e.id.clone());
    let ids: Vec<_> = page.events.iter().map(id).collect();
    let stored = stored::read(deps, &tenant, &ids).await?;
    let keys: Vec<_> = page.events.iter().map(|e| (e.tenant.clone(), e.id.clone())).collect();
    let is_older = |event: &Event| {
        let content = &event.content;
        route.created_at > event.accepted_at && route.takes_type(&content.event_type, content.test)
    };
    let older: Vec<_> = page.events.iter().map(is_older).collect();
    let missing = page.events.into_iter().zip(stored);
    let missing: Vec<_> =
        missing.map(|(event, stored)| matches!(stored, Stored::Missing).then_some(event)).collect();
    let (mut sent, mut next, mut paced_out, mut done) = (0, page.next, false, missing.len());
    let mut rest = missing.into_iter();
    let mut begun = 0;
    while begun < done {
        let group: Vec<_> = rest.by_ref().take(RECOVERY_GROUP).collect();
        let count = group.len();
        match send_group(pace, &route, group, (deadline, begun == 0)).await? {
            None => return Ok(None),
            Some(Group::Whole { sent: some }) => sent += some,
            Some(Group::Cut { sent: some, last, paced_out: out }) => {
                sent += some;
                paced_out = out;
                done = begun + last.map_or(0, |last| last + 1);
                next = match done.checked_sub(1) {
                    Some(last) => Some(deps.ledger.cursor_after(&keys[last])),
                    None => cursor.map(ToOwned::to_owned),
                };
                let older = older[..done].iter().filter(|older| **older).count() as u64;
                let next = Next::Stage(Some(Stage::Skipped { cursor: next }));
                return Ok(Some(Step { sent, older, unreadable: 0, next, paced_out }));
            }
        }
        begun += count;
    }
    let older = older.iter().filter(|older| **older).count() as u64;
    let next = Next::Stage(next.map(|next| Stage::Skipped { cursor: Some(next) }));
    Ok(Some(Step { sent, older, unreadable: 0, next, paced_out }))
}

/// Sends those of a few events that the webhook takes, as far as time and slots go. `None` instead of an
/// event stands for one that is not to be sent. The first event of the first group is always evaluated, so
/// that each step gets further. `None` if another run works on the recovery.
async fn send_group<P: Ports>(
    pace: &mut Pace<'_, P>,
    route: &Route,
    events: Vec<Option<Event>>,
    (deadline, is_first): (Deadline, bool),
) -> Result<Option<Group>, Unavailable> {
    let deps = pace.deps;
    let (mut taken, mut evaluated, count) = (Vec::new(), 0, events.len());
    for event in events {
        if (evaluated > 0 || !is_first) && deadline.has_passed(&deps.system) {
            break;
        }
        if let Some(event) = event
            && takes(route, &event).await
        {
            taken.push((evaluated, message(route, event)));
        }
        evaluated += 1;
    }
    let Some(slots) = pace.slots(taken.len()).await? else { return Ok(None) };
    let now = hooklane_app::ports::Clock::now(&deps.system);
    let sent = slots.len();
    let left = taken.get(sent).map(|(place, _)| *place);
    taken.truncate(sent);
    if pace.is_paced() {
        for ((_, message), slot) in taken.iter().zip(&slots) {
            let sent = deps.queues.send_later(message, seconds_until(*slot, now)).await;
            match sent.as_ref().err().and_then(Unavailable::refusal) {
                Some(reason) => bury(deps, message, reason).await?,
                None => drop(sent?),
            }
        }
    } else {
        let messages: Vec<_> = taken.into_iter().map(|(_, message)| message).collect();
        for refused in deps.queues.dispatch(Lane::Slow, &messages).await? {
            bury(deps, &messages[refused.index], &refused.reason).await?;
        }
    }
    let (sent, done) = (sent as u64, left.unwrap_or(evaluated));
    Ok(Some(if done == count {
        Group::Whole { sent }
    } else {
        Group::Cut { sent, last: done.checked_sub(1), paced_out: left.is_some() }
    }))
}

/// Dead-letters a message that the queue refuses for good. It would be refused each minute, and the recovery
/// would never get past it.
async fn bury<P: Ports>(
    deps: &Deps<P>,
    message: &Message,
    reason: &str,
) -> Result<(), Unavailable> {
    let Message::Deliver(deliver) = message;
    tracing::error!(delivery.id = %deliver.delivery, reason, "message.refused");
    let webhook = deliver.delivery.webhook();
    let reason = format!("the message for the webhook {webhook} cannot be sent: {reason}");
    deps.dead_letters.put(&message.encode(), &reason).await?;
    deps.measured.dead_letter();
    Ok(())
}

/// The first message of a delivery, as `fanout` would send it.
fn message(route: &Route, event: Event) -> Message {
    Message::Deliver(Deliver {
        delivery: DeliveryId::new(route.webhook, event.accepted_at, event.id.clone()),
        event_type: event.content.event_type.clone(),
        generation: 0,
        payload: payload::pack(&event.content),
        tenant: event.tenant,
    })
}

/// The webhook as `fanout` sees it. What is recovered takes the slow lane, whatever the webhook's is.
fn route_of(webhook: &Webhook) -> Route {
    Route {
        webhook: webhook.id,
        events: webhook.events.clone(),
        filter: webhook.filter.clone(),
        transforms: webhook.transform.is_some(),
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

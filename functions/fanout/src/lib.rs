//! `fanout`: turns each new event into one message for each webhook that gets it. It writes to no
//! table.
//!
//! A fault that passes fails the whole batch, which then comes back: messages that were sent already
//! are sent again, and `delivery` finds out which of them is not needed. A record that can never be
//! processed goes to the dead-letter queue and counts as done, so that it blocks no shard.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use hooklane_app::ports::{DeadLetters, DispatchQueue, RouteStore, RouteTable, Unavailable};
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::expression::Input;
use hooklane_domain::ids::{DeliveryId, TenantId};
use hooklane_domain::isolation::operational::concerned;
use serde::Serialize;
use serde_json::value::RawValue;

mod record;
mod route_cache;
mod settings;

#[cfg(test)]
mod tests;

pub use record::Batch;
pub use settings::Settings;

use record::Record;
use route_cache::RouteCache;

/// What `fanout` works with.
#[derive(Debug)]
pub struct Fanout<R, Q, D> {
    routes: RouteCache<R>,
    queue: Q,
    dead_letters: D,
}

/// Every record is done: a batch fails as a whole or not at all.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub batch_item_failures: [(); 0],
}

/// What is to be sent, by lane: slow webhooks take no instance from the first attempts of the others.
struct Held([(Lane, Vec<Message>); 2]);

impl Default for Held {
    fn default() -> Self {
        Self([(Lane::Fast, Vec::new()), (Lane::Slow, Vec::new())])
    }
}

impl Held {
    fn of(&mut self, lane: Lane) -> &mut (Lane, Vec<Message>) {
        let [fast, slow] = &mut self.0;
        if lane == Lane::Fast { fast } else { slow }
    }
}

/// So many messages of a lane are held before they are sent: it bounds memory, and fills batches across events.
const HELD: usize = 500;

impl<R: RouteStore, Q: DispatchQueue, D: DeadLetters> Fanout<R, Q, D> {
    pub fn new(routes: R, queue: Q, dead_letters: D) -> Self {
        Self { routes: RouteCache::new(routes), queue, dead_letters }
    }

    /// A fault that passes fails the batch, which Lambda hands over again.
    pub async fn handle(&self, batch: Batch) -> Result<Answer, Unavailable> {
        let result = self.fan_out(batch).await;
        if let Err(error) = &result {
            tracing::error!(error = error.chain(), "batch.failed");
        }
        result
    }

    async fn fan_out(&self, batch: Batch) -> Result<Answer, Unavailable> {
        let mut tables: HashMap<TenantId, Arc<RouteTable>> = HashMap::new();
        let mut held = Held::default();
        // Put away at the end: a batch that comes back because it could not be sent leaves none behind.
        let mut letters: Vec<(&RawValue, String)> = Vec::new();
        let (mut events, mut sent) = (0usize, 0usize);
        for raw in &batch.records {
            let event = match record::read(raw) {
                Ok(Record::NewEvent(event)) => event,
                Ok(Record::Other) => continue,
                Err(reason) => {
                    letters.push((raw, reason.to_string()));
                    continue;
                }
            };
            events += 1;
            let table = match tables.get(&event.tenant) {
                Some(table) => Arc::clone(table),
                None => match self.routes.current(&event.tenant).await {
                    Ok(table) => {
                        tables.insert(event.tenant.clone(), Arc::clone(&table));
                        table
                    }
                    Err(error) => return Err(error),
                },
            };
            // Once it can be read, the letter fans the event out again; a delivery that is done stays done.
            if let Some(why) = table.unreadable.first() {
                letters.push((raw, format!("whether this webhook gets it is not known: {why}")));
            }
            for (lane, message) in messages(&event, &table) {
                let lane = held.of(lane);
                lane.1.push(message);
                if lane.1.len() >= HELD {
                    sent += self.send(lane).await?;
                }
            }
        }
        for lane in &mut held.0 {
            sent += self.send(lane).await?;
        }
        for (raw, reason) in letters {
            self.dead_letter(raw, &reason).await?;
        }
        tracing::info!(
            batch.records = batch.records.len(),
            batch.events = events,
            batch.deliveries = sent,
            "batch.done"
        );
        Ok(Answer::default())
    }

    async fn dead_letter(&self, raw: &RawValue, reason: &str) -> Result<(), Unavailable> {
        tracing::warn!(reason, "record.dead_lettered");
        self.dead_letters.put(raw.get(), reason).await
    }

    async fn send(&self, (lane, held): &mut (Lane, Vec<Message>)) -> Result<usize, Unavailable> {
        if held.is_empty() {
            return Ok(0);
        }
        self.queue.dispatch(*lane, held).await?;
        Ok(std::mem::take(held).len())
    }
}

/// The messages of one event: one for each webhook that takes it and whose filter lets it through, but
/// none to the webhook that an operational event is about.
fn messages<'a>(
    event: &'a Event,
    table: &'a RouteTable,
) -> impl Iterator<Item = (Lane, Message)> + 'a {
    let content = &event.content;
    let concerned = concerned(content);
    let input = OnceCell::new();
    let mut payload = None;
    table
        .routes
        .iter()
        .filter(move |route| {
            concerned != Some(route.webhook)
                && route.takes(&content.event_type, event.accepted_at, content.test)
        })
        .filter(move |route| route.lets_through(|| input.get_or_init(|| Input::of_event(event))))
        .map(move |route| {
            let payload = payload.get_or_insert_with(|| hooklane_app::payload::pack(content));
            let message = Message::Deliver(Deliver {
                tenant: event.tenant.clone(),
                delivery: DeliveryId::new(route.webhook, event.accepted_at, event.id.clone()),
                event_type: content.event_type.clone(),
                generation: 0,
                payload: payload.clone(),
            });
            (route.lane, message)
        })
}

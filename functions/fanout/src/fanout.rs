//! One batch of the stream, from its records to messages in the queues.

use std::collections::HashMap;
use std::sync::Arc;

use hooklane_app::ports::{DeadLetters as _, DispatchQueue as _, RouteTable, Unavailable};
use hooklane_domain::event::Event;
use hooklane_domain::ids::TenantId;
use serde::Serialize;
use serde_json::value::RawValue;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::deps::Deps;
use crate::messages;
use crate::outbox::{Outbox, Parcel};
use crate::ports::Ports;
use crate::record::{self, Batch, Record};
use crate::route_cache::RouteCache;

/// The function, with what it remembers between invocations.
pub struct Fanout<P: Ports> {
    pub(crate) routes: RouteCache<P::Routes>,
    pub(crate) queues: P::Queues,
    pub(crate) dead_letters: P::DeadLetters,
}

/// No record is ever named as failed: a batch fails as a whole or not at all.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub batch_item_failures: [(); 0],
}

/// A record for the dead-letter queue.
struct DeadRecord<'a> {
    raw: &'a RawValue,
    reason: String,
    span: Span,
}

impl<P: Ports> Fanout<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self {
            routes: RouteCache::new(deps.routes),
            queues: deps.queues,
            dead_letters: deps.dead_letters,
        }
    }

    /// An error fails the whole batch, and Lambda delivers it again.
    pub async fn handle(&self, batch: Batch) -> Result<Answer, Unavailable> {
        let mut tables = HashMap::new();
        let mut outbox = Outbox::default();
        // They are sent last, so that a batch that fails and comes back leaves no dead letter each time.
        let mut dead = Vec::new();
        let (mut events, mut sent, mut let_through) = (0, 0, 0);
        for raw in &batch.records {
            let span = record_span();
            let event = match record::read(raw) {
                Ok(Record::NewEvent(event)) => event,
                Ok(Record::Other) => continue,
                Err(reason) => {
                    dead.push(DeadRecord { raw, reason: reason.to_string(), span });
                    continue;
                }
            };
            span.record("event.id", event.id.as_str()).record("tenant", event.tenant.as_str());
            events += 1;
            let table = self.table(&event, &mut tables, &span).await?;
            let takers = messages::takers(&event, &table).await;
            let_through += takers.let_through;
            for (lane, message) in takers.messages() {
                if let Some(parcel) = outbox.add(lane, message) {
                    sent += self.send(parcel, &span).await?;
                }
            }
            // The readable webhooks get their messages now. Put back once the others can be read, the
            // record fans out again, and a delivery that has ended stays ended.
            if let Some(why) = table.unreadable.first() {
                let reason = format!("a webhook that may subscribe to it cannot be read: {why}");
                dead.push(DeadRecord { raw, reason, span });
            }
        }
        for parcel in outbox.rest() {
            sent += self.send(parcel, &Span::none()).await?;
        }
        for record in dead {
            self.dead_letter(record).await?;
        }
        let records = batch.records.len();
        tracing::info!(
            batch.records = records,
            batch.events = events,
            batch.deliveries = sent,
            batch.filters_let_through = let_through,
            "batch.done"
        );
        Ok(Answer::default())
    }

    /// Sends a parcel. `span` is of the record that filled it.
    async fn send(&self, parcel: Parcel, span: &Span) -> Result<usize, Unavailable> {
        let sent = self.queues.dispatch(parcel.lane, &parcel.messages).instrument(span.clone());
        sent.await.map_err(|error| batch_failed(error, span))?;
        Ok(parcel.messages.len())
    }

    /// The subscriptions of the event's tenant, which are read once for a batch.
    async fn table(
        &self,
        event: &Event,
        tables: &mut HashMap<TenantId, Arc<RouteTable>>,
        span: &Span,
    ) -> Result<Arc<RouteTable>, Unavailable> {
        if let Some(table) = tables.get(&event.tenant) {
            return Ok(Arc::clone(table));
        }
        let table = self.routes.current(&event.tenant).instrument(span.clone()).await;
        let table = table.map_err(|error| batch_failed(error, span))?;
        tables.insert(event.tenant.clone(), Arc::clone(&table));
        Ok(table)
    }

    async fn dead_letter(&self, record: DeadRecord<'_>) -> Result<(), Unavailable> {
        let DeadRecord { raw, reason, span } = record;
        span.in_scope(|| tracing::warn!(reason, "record.dead_lettered"));
        let put = self.dead_letters.put(raw.get(), &reason).instrument(span.clone());
        put.await.map_err(|error| batch_failed(error, &span))
    }
}

/// The span of one record, whatever the log level: its errors are logged with these ids.
fn record_span() -> Span {
    tracing::error_span!("record", event.id = Empty, tenant = Empty)
}

/// Logs the error that fails the batch, with the ids of the record where it arose.
fn batch_failed(error: Unavailable, span: &Span) -> Unavailable {
    span.in_scope(|| error.log("batch.failed"));
    error
}

//! One batch of the stream, from its records to messages in the queues.
//!
//! The events of a tenant are fanned out together, after the first record those of tenants with few events
//! first, so each is done in the time that the others leave. Messages of several tenants share a call of the
//! queue. But what waits is sent before a tenant's turn whose subscriptions have to be read, or have filters:
//! it might end the function, and takes nothing along that belongs to the tenants before it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hooklane_app::careful::{Panicked, unless_it_panics};
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{Clock as _, RouteTable, Strikes as _, Unavailable};
use hooklane_aws::stream::{self, Answer, Batch, Record};
use hooklane_domain::canary;
use hooklane_domain::expression::{Budget, MAX_BATCH_STEPS};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect, given_up};
use hooklane_domain::metrics::{Figures, Metric};
use tracing::{Instrument as _, Span};

use crate::fanout::Fanout;
use crate::messages;
use crate::outbox::Outbox;
use crate::pass::burying::DeadRecord;
use crate::pass::telling::Owed;
use crate::ports::Ports;
use crate::route_cache::{Routes, Versions};
use crate::spans::{self, batch_failed};
use crate::tenants::{Entry, Group, Groups};

mod burying;
mod counting;
mod sending;
mod telling;

/// An event is begun only if this much time is left, unless it is the first of its batch. With an event that
/// was begun before, half of the function's time stays unused, for a machine that is slower than usual.
const TO_BEGIN: Duration = Duration::from_secs(35);
/// An event that was begun goes on only while this much time is left, unless it is the first.
const TO_GO_ON: Duration = Duration::from_secs(8);

pub(crate) struct Pass<'a, P: Ports> {
    fanout: &'a Fanout<P>,
    batch: &'a Batch,
    deadline: Deadline,
    /// The strikes of the record, if it is alone in its batch and a suspect.
    struck: Option<u32>,
    outbox: Outbox,
    /// What the platform's bus is to be told.
    owed: Vec<Owed>,
    /// They are sent last, so that a batch that fails and comes back leaves no dead letter each time.
    dead: Vec<DeadRecord<'a>>,
    begun: usize,
    sent: usize,
    figures: Figures,
    /// How long the event of each record waited that was begun.
    waited: BTreeMap<usize, Duration>,
    /// The operational events that the platform's bus was told.
    told: usize,
    /// How many filters had no result any more, because the tenant's had used up their budget.
    let_through: usize,
    /// The index of the first record for which there was no time.
    left: Option<usize>,
    panicked: bool,
    /// A record panicked, or a tenant's records met a fault that passes, and the batch is to come back.
    failed: Option<Unavailable>,
    /// The indexes of the records of which every message was sent, or that need none.
    sent_whole: BTreeSet<usize>,
}

/// How a pass ended.
pub(crate) struct Passed {
    pub(crate) result: Result<Answer, Unavailable>,
    pub(crate) panicked: bool,
}

/// An event that is fanned out.
#[derive(Clone, Copy)]
struct Begun<'a> {
    entry: &'a Entry,
    span: &'a Span,
    /// What the tenant's filters may still use on it.
    budget: &'a Arc<Budget>,
}

impl<'a, P: Ports> Pass<'a, P> {
    pub(crate) fn new(
        fanout: &'a Fanout<P>,
        batch: &'a Batch,
        deadline: Deadline,
        struck: Option<u32>,
    ) -> Self {
        Self {
            fanout,
            batch,
            deadline,
            struck,
            outbox: Outbox::default(),
            owed: Vec::new(),
            dead: Vec::new(),
            begun: 0,
            sent: 0,
            figures: Figures::default(),
            waited: BTreeMap::new(),
            told: 0,
            let_through: 0,
            left: None,
            panicked: false,
            failed: None,
            sent_whole: BTreeSet::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Passed {
        let result = self.all().await;
        // A record whose dead letter is still to be put is not done.
        let dead: BTreeSet<_> = self.dead.iter().map(|dead| dead.index).collect();
        self.sent_whole.retain(|index| !dead.contains(index));
        let (unfinished, records) = (&self.fanout.unfinished, &self.batch.records);
        let sent = self.sent_whole.iter().map(|index| &*records[*index]);
        match result {
            Ok(_) => unfinished.forget(sent),
            Err(_) => {
                unfinished.note(sent);
                // These records are done, although the batch comes back.
                self.count_events(usize::MAX);
                if !self.figures.is_empty() {
                    tracing::info!(metrics = %self.figures, "batch.incomplete");
                }
            }
        }
        Passed { result, panicked: self.panicked }
    }

    async fn all(&mut self) -> Result<Answer, Unavailable> {
        let groups = self.groups().in_order();
        let tenants = groups.iter().map(|group| group.tenant.clone()).collect();
        let mut versions = self.fanout.routes.versions(tenants).await;
        for group in groups {
            match group.entries.first() {
                Some(first) if self.left.is_some() => self.leave(first),
                _ => {
                    // The records of other tenants are fanned out all the same.
                    if let Err(error) = self.group(group, &mut versions).await {
                        self.failed.get_or_insert(error);
                    }
                }
            }
        }
        self.send_rest().await;
        // After the messages of every tenant, which wait for nothing but their queues.
        self.tell().await;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let answer = self.answer()?;
        // What comes after the first record that is handed back is delivered again with it.
        let done = self.left.unwrap_or(usize::MAX);
        let dead = std::mem::take(&mut self.dead);
        let to_bury: BTreeSet<_> = dead.iter().map(|record| record.index).collect();
        self.sent_whole.retain(|index| !to_bury.contains(index));
        self.count_events(done);
        for record in dead {
            let index = record.index;
            if index < done {
                self.dead_letter(record).await?;
                self.sent_whole.insert(index);
            }
        }
        let records = self.batch.records.len();
        let mut figures = Figures::default().with(Metric::DeadLetters, 0);
        figures.extend(std::mem::take(&mut self.figures));
        tracing::info!(
            batch.records = records,
            batch.events = self.begun,
            batch.deliveries = self.sent,
            batch.filters_let_through = self.let_through,
            batch.told = self.told,
            batch.handed_back = self.left.map_or(0, |left| records - left),
            metrics = %figures,
            "batch.done"
        );
        Ok(answer)
    }

    /// Reads all records.
    fn groups(&mut self) -> Groups {
        let mut groups = Groups::default();
        for (index, raw) in self.batch.records.iter().enumerate() {
            if self.fanout.unfinished.has(raw) {
                self.sent_whole.insert(index);
                continue;
            }
            match stream::read(raw) {
                Ok(Record::NewEvent(event)) => groups.add(Entry { index, event }),
                Ok(Record::Mark { .. } | Record::Other) => {}
                Err(reason) => {
                    let (reason, span) = (reason.to_string(), spans::of_record(None));
                    self.dead.push(DeadRecord { index, raw, reason, span, suspect: None });
                }
            }
        }
        groups
    }

    async fn group(&mut self, group: Group, versions: &mut Versions) -> Result<(), Unavailable> {
        let Some(first) = group.entries.first() else { return Ok(()) };
        let span = spans::of_record(Some(&first.event));
        let now = self.fanout.system.now();
        let (cache, tenant) = (&self.fanout.routes, &group.tenant);
        let version = cache.version(tenant, versions).instrument(span.clone()).await;
        let version = version.map_err(|error| batch_failed(error, &span))?;
        if !cache.are_harmless(tenant, version, now) {
            self.send_rest().await;
        }
        let routes = cache.of(tenant, version, now).instrument(span.clone()).await;
        let mut routes = routes.map_err(|error| batch_failed(error, &span))?;
        if group.tenant.is_canary() {
            let table = RouteTable { routes: vec![canary::route()], ..RouteTable::default() };
            routes = Routes::Held(Arc::new(table));
        }
        let mut steps_left = MAX_BATCH_STEPS;
        for entry in group.entries {
            if self.begun > 0 && !self.deadline.leaves(TO_BEGIN, &self.fanout.system) {
                self.leave(&entry);
                break;
            }
            self.begun += 1;
            let waited = now.duration_since(entry.event.accepted_at);
            self.waited.insert(entry.index, waited.try_into().unwrap_or_default());
            let budget = Arc::new(Budget::of_event_within(steps_left));
            let span = spans::of_record(Some(&entry.event));
            let begun = Begun { entry: &entry, span: &span, budget: &budget };
            let done = unless_it_panics(pin!(self.event(begun, &routes))).await;
            steps_left = steps_left.saturating_sub(budget.spent().steps);
            match done {
                Ok(Ok(true)) => {
                    self.sent_whole.insert(entry.index);
                    self.owe(&entry);
                }
                Ok(Ok(false)) => {
                    self.leave(&entry);
                    break;
                }
                Ok(Err(error)) => return Err(error),
                Err(Panicked) => self.after_panic(begun).await?,
            }
        }
        Ok(())
    }

    /// Fans out one event. Returns whether there was time for all of it.
    async fn event(&mut self, begun: Begun<'_>, routes: &Routes) -> Result<bool, Unavailable> {
        match routes {
            Routes::Held(table) => self.send_to(begun, table).await,
            Routes::Large => {
                let mut after = None;
                loop {
                    let Begun { entry, span, .. } = begun;
                    let tenant = &entry.event.tenant;
                    let page = self.fanout.routes.page(tenant, after.as_deref());
                    let page = page.instrument(span.clone()).await;
                    let mut table = RouteTable::default();
                    after = table.add(page.map_err(|error| batch_failed(error, span))?);
                    let in_time = self.send_to(begun, &table).await?;
                    if !in_time || after.is_none() {
                        return Ok(in_time);
                    }
                }
            }
        }
    }

    async fn send_to(&mut self, begun: Begun<'_>, table: &RouteTable) -> Result<bool, Unavailable> {
        let Begun { entry, span, budget } = begun;
        let takers = messages::takers(budget, &entry.event, table).await;
        self.let_through += takers.let_through;
        for (route, message) in takers.messages() {
            if let Some(parcel) = self.outbox.add(route, message, entry.index) {
                self.send(parcel, span).await?;
                // The first event has all the time there is, so that its record does not come back forever.
                if self.begun > 1 && !self.deadline.leaves(TO_GO_ON, &self.fanout.system) {
                    return Ok(false);
                }
            }
        }
        // The readable webhooks get their messages now. Put back once the others can be read, the
        // record fans out again, and a delivery that has ended stays ended.
        if let Some(why) = table.unreadable.first()
            && self.dead.iter().all(|dead| dead.index != entry.index)
        {
            let reason = format!("a webhook that may subscribe to it cannot be read: {why}");
            self.bury(begun, reason, None);
        }
        Ok(true)
    }

    /// Notes a record that is not done. Those of its tenant that come after it are not done either.
    fn leave(&mut self, entry: &Entry) {
        self.left = Some(self.left.map_or(entry.index, |left| left.min(entry.index)));
    }

    /// The record gets a strike and comes back with the whole batch, which is right wherever a partial
    /// answer is ignored. With enough strikes it is dead-lettered.
    async fn after_panic(&mut self, begun: Begun<'_>) -> Result<(), Unavailable> {
        self.panicked = true;
        let Begun { entry, span, .. } = begun;
        let place = stream::place(&self.batch.records[entry.index]);
        let suspect = Suspect::record(&place.sequence_number.unwrap_or_default());
        let strikes = match self.struck {
            Some(strikes) => strikes,
            None => {
                let struck = self.fanout.strikes.strike(&suspect, self.fanout.system.now());
                struck.await.map_err(|error| batch_failed(error, span))?
            }
        };
        if strikes >= MAX_STRIKES {
            self.bury(begun, given_up(), Some(suspect));
        } else {
            let error = Unavailable::new("fanning out a record", "it panicked");
            self.failed = Some(batch_failed(error, span));
        }
        Ok(())
    }

    fn answer(&self) -> Result<Answer, Unavailable> {
        let Some(left) = self.left else { return Ok(Answer::default()) };
        Answer::from(&self.batch.records[left]).map_err(|e| batch_failed(e, &Span::none()))
    }
}

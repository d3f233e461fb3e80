//! Random changes of deliveries, counted by figures and by a model that knows nothing of them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{CancelReason, Delivery, Status};
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::settled::{Hour, Listed, Note, Progress, SettledHour};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use jiff::SignedDuration;

use super::world::{World, answered, minutes, turn};
use crate::fakes::MemoryLedger;
use crate::figures::{Asking, look, settle};
use crate::ports::{
    AnswerKey, ChunkPage, ChunkRange, CountedPage, CountedPlace, DeliveryStore as _, EventIndex,
    FigureSource, FigureStore, FiguresOf, Unavailable,
};

/// Numbers that a seed determines.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What the model knows of a delivery: what its receiver and its tenant saw.
#[derive(Debug, Clone)]
struct Row {
    accepted_at: Timestamp,
    kind: String,
    status: &'static str,
    answers: Vec<(String, u32)>,
}

/// What both count.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    by_status: BTreeMap<String, u64>,
    by_type: BTreeMap<String, u64>,
    failures: BTreeMap<String, u64>,
    attempts: u64,
    last_durations_ms: u64,
}

impl Count {
    fn of_rows<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut count = Self::default();
        for row in rows {
            *count.by_status.entry(row.status.to_owned()).or_default() += 1;
            *count.by_type.entry(row.kind.clone()).or_default() += 1;
            count.attempts += row.answers.len() as u64;
            for (answer, _) in row.answers.iter().filter(|(answer, _)| answer != "200") {
                *count.failures.entry(answer.clone()).or_default() += 1;
            }
            count.last_durations_ms += row.answers.last().map_or(0, |(_, ms)| u64::from(*ms));
        }
        count
    }

    fn of_report(report: &Report) -> Self {
        let total = report.total();
        let by_status = Status::ALL.map(|status| (status.as_str().to_owned(), total.with(status)));
        let types = total.types().map(|(name, counts)| (name.unwrap().to_string(), counts.total));
        let durations = total.average_duration().map_or(0.0, |average| {
            let attempted = total.attempts() as f64 / total.average_attempts().unwrap();
            average * attempted
        });
        Self {
            by_status: by_status.into_iter().filter(|(_, count)| *count > 0).collect(),
            by_type: types.collect(),
            failures: total
                .failures()
                .map(|(failure, count)| (failure.to_string(), count))
                .collect(),
            attempts: total.attempts(),
            last_durations_ms: durations.round() as u64,
        }
    }
}

/// The ledger as another instance sees it: its calls take their time, others come between, and some fail, before
/// or after they took effect.
struct Slow<'a> {
    ledger: &'a MemoryLedger,
    chance: Mutex<Chance>,
}

impl Slow<'_> {
    fn fail(&self) -> Result<(), Unavailable> {
        let fails = self.chance.lock().unwrap().one_in(40);
        if fails { Err(Unavailable::new("a call", "it fails now and then")) } else { Ok(()) }
    }

    async fn wait(&self) {
        let turns = self.chance.lock().unwrap().below(6);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
}

macro_rules! slowly {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)+) => { $(
        async fn $name(&self, $($arg: $kind),*) -> Result<$answer, Unavailable> {
            self.wait().await;
            self.fail()?;
            let answer = self.ledger.$name($($arg),*).await;
            self.wait().await;
            self.fail()?;
            answer
        }
    )+ };
}

use hooklane_domain::ids::TenantId;

impl FigureSource for Slow<'_> {
    slowly! {
        accepted(tenant: &TenantId, webhook: WebhookId, accepted: TimeRange, place: &CountedPlace) -> CountedPage;
        listed(tenant: &TenantId, webhook: WebhookId, list: Listed, accepted: TimeRange, place: &CountedPlace) -> CountedPage;
    }
}

impl FigureStore for Slow<'_> {
    slowly! {
        progress(of: &FiguresOf) -> Option<Progress>;
        hours(of: &FiguresOf, from: Hour, to: Hour) -> Vec<SettledHour>;
        notes(of: &FiguresOf, since: Timestamp) -> std::collections::BTreeSet<Note>;
        save_hour(of: &FiguresOf, hour: &SettledHour) -> bool;
        save_progress(of: &FiguresOf, progress: &Progress) -> bool;
        answers(keys: &[AnswerKey]) -> Vec<Option<Report>>;
        keep_answer(key: &AnswerKey, report: &Report) -> ();
    }
}

impl EventIndex for Slow<'_> {
    slowly! {
        chunks(tenant: &TenantId, range: &ChunkRange, limit: usize) -> ChunkPage;
    }
}

const RETENTION: SignedDuration = SignedDuration::from_hours(72);
const WEBHOOKS: u64 = 3;

struct Model {
    world: World,
    chance: Chance,
    rows: BTreeMap<DeliveryId, Row>,
    /// Saves that were announced and are not in the table yet, with the time at which they land.
    under_way: Vec<(Timestamp, Delivery, Timestamp, Row)>,
    /// How much passes between two changes, in milliseconds at most.
    pace: u64,
    conflicts: u64,
    /// Failed attempts that were added to what was delivered already.
    twins: u64,
    /// How many looks that met others succeeded, and how many did not.
    looks: BTreeMap<bool, u64>,
}

impl Model {
    fn new(seed: u64, pace: u64) -> Self {
        Self {
            world: World::new(),
            chance: Chance(seed),
            rows: BTreeMap::new(),
            under_way: Vec::new(),
            pace,
            conflicts: 0,
            twins: 0,
            looks: BTreeMap::new(),
        }
    }

    fn asking(&self) -> Asking {
        Asking { pages: 500, ..Asking::at(self.world.now(), RETENTION) }
    }

    fn webhook(&mut self) -> WebhookId {
        let n = self.chance.below(WEBHOOKS);
        self.world.webhook(n.into())
    }

    async fn step(&mut self) {
        let pause = self.chance.below(self.pace);
        let pause = if self.chance.one_in(300) { pause * 200 } else { pause };
        self.world.pass(SignedDuration::from_millis(i64::try_from(pause).unwrap()));
        self.land();
        self.expire();
        match self.chance.below(10) {
            0..=3 => self.accept().await,
            _ => self.change().await,
        }
    }

    /// An event is accepted, and somewhat later its delivery is saved for the first time.
    async fn accept(&mut self) {
        let event = format!("e{}", self.chance.next());
        let webhook = self.webhook();
        let mut delivery = self.world.fresh(webhook, &event);
        delivery.event_type = format!("order.t{}", self.chance.below(4)).parse().unwrap();
        let row = Row {
            accepted_at: delivery.id.accepted_at(),
            kind: delivery.event_type.to_string(),
            status: "pending",
            answers: Vec::new(),
        };
        // Most are attempted within seconds, some after a queue's backlog.
        let ms = if self.chance.one_in(10) { 400_000 } else { 25_000 };
        let began = self.chance.below(ms);
        self.world.pass(SignedDuration::from_millis(i64::try_from(began.min(self.pace)).unwrap()));
        if self.chance.one_in(8) {
            self.save(delivery, row);
        } else {
            self.attempt(delivery, row);
        }
    }

    /// Something happens to a delivery that is there.
    async fn change(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        // Mostly a new one.
        let all: Vec<_> = self.rows.keys().cloned().collect();
        let n = self.chance.below(all.len() as u64) as usize;
        let id = &all[n];
        let Some(current) =
            self.world.ledger.read(std::slice::from_ref(id)).await.unwrap().remove(0)
        else {
            return;
        };
        // In the last hours of its life what happens to it does not count.
        let age = self.world.now().duration_since(id.accepted_at());
        if age > RETENTION - SignedDuration::from_hours(5) {
            return;
        }
        let row = self.rows[id].clone();
        match current.status() {
            Status::Delivered if self.chance.one_in(3) => {
                // A twin's attempt has failed: it is added, and the delivery stays delivered.
                let (number, now) = (current.next_number(), self.world.now());
                let attempt = answered(number, now, 500, 7);
                let mut row = row;
                row.answers.push(("500".to_owned(), 7));
                let merged = current.merged(&attempt, Next::Exhausted).unwrap();
                self.twins += 1;
                self.save(merged, row);
            }
            Status::Delivered => {
                // A twin, or a message of before: its save meets another revision.
                let stale = Delivery { revision: current.revision - 1, ..current };
                self.save(stale, row);
            }
            Status::Pending | Status::Retrying if self.chance.one_in(5) => {
                let cancelled = current.cancelled(self.world.now(), CancelReason::Requested);
                self.save(cancelled, Row { status: "cancelled", ..row });
            }
            Status::Failed | Status::Cancelled => {
                let status = if row.answers.is_empty() { "pending" } else { "retrying" };
                let retried = current.retried(turn(), self.world.now());
                self.save(retried, Row { status, ..row });
            }
            _ => self.attempt(current, row),
        }
    }

    fn attempt(&mut self, delivery: Delivery, mut row: Row) {
        let duration_ms = u32::try_from(self.chance.below(9_000)).unwrap();
        let (number, now) = (delivery.next_number(), self.world.now());
        let (attempt, answer): (Attempt, String) = match self.chance.below(10) {
            0 => {
                let mut attempt = answered(number, now, 0, duration_ms);
                let detail = String::new();
                attempt.outcome = Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail });
                (attempt, Failure::Error(ErrorKind::Timeout).to_string())
            }
            1..=2 => (answered(number, now, 503, duration_ms), "503".to_owned()),
            _ => (answered(number, now, 200, duration_ms), "200".to_owned()),
        };
        row.answers.push((answer.clone(), duration_ms));
        let next = match answer.as_str() {
            "200" => Next::Delivered,
            _ if self.chance.one_in(3) => Next::Exhausted,
            _ => Next::RetryAt(now),
        };
        row.status = match next {
            Next::Delivered => "delivered",
            Next::Exhausted => "failed",
            _ => "retrying",
        };
        self.save(delivery.after(&attempt, next, turn()), row);
    }

    /// Announces a save. It lands at once, or within a minute: a call was repeated.
    fn save(&mut self, delivery: Delivery, row: Row) {
        // The writer's clock may be ahead of the reader's, or behind.
        let announced_at = self.world.ledger.announce(&delivery);
        let lands = if self.chance.one_in(4) { self.chance.below(60_000) } else { 0 };
        let lands_at = announced_at + SignedDuration::from_millis(i64::try_from(lands).unwrap());
        self.under_way.push((lands_at, delivery, announced_at, row));
        self.land();
    }

    fn land(&mut self) {
        let now = self.world.now();
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|(at, ..)| *at <= now);
        self.under_way = rest;
        for (_, delivery, announced_at, row) in due {
            let id = delivery.id.clone();
            if self.world.ledger.land(&delivery, announced_at).written().is_some() {
                self.rows.insert(id, row);
            } else {
                self.conflicts += 1;
            }
        }
    }

    /// The table deletes what has lived for long enough.
    fn expire(&mut self) {
        let before = self.world.now() - RETENTION;
        self.world.ledger.expire(before);
    }

    /// Looks, of several instances at once, while changes go on.
    async fn overtake(&mut self) {
        let (asking, tenant) = (self.asking(), self.world.tenant.clone());
        let ledger = std::sync::Arc::clone(&self.world.ledger);
        let slow = |seed| Slow { ledger: &ledger, chance: Mutex::new(Chance(seed | 1)) };
        let (a, b, c) =
            (slow(self.chance.next()), slow(self.chance.next()), slow(self.chance.next()));
        let webhook = self.webhook();
        let window = Window::span(asking.now - minutes(300), asking.now, Step::Hour).unwrap();
        let of = (&tenant, webhook);
        let later = Asking { now: asking.now + SignedDuration::from_secs(20), ..asking };
        let changes = async {
            for _ in 0..10 {
                self.step().await;
                tokio::task::yield_now().await;
            }
        };
        let (x, y, z, ()) = tokio::join!(
            look(&a, of, window, asking),
            look(&b, of, super::DAY, later),
            settle(&c, of, asking),
            changes
        );
        for succeeded in [x.is_ok(), y.is_ok(), z.is_ok()] {
            self.looks.entry(succeeded).and_modify(|count| *count += 1).or_insert(1);
        }
    }

    /// Everything has landed, and what was kept says what the model says.
    async fn check(&mut self, seed: u64) {
        self.world.pass(minutes(2));
        self.land();
        self.expire();
        let now = self.world.now();
        for n in 0..WEBHOOKS {
            let webhook = self.world.webhook(n.into());
            let of = (&self.world.tenant, webhook);
            for hours in [1, 24, 60, 100] {
                let from = now - SignedDuration::from_hours(hours);
                let window = Window::span(from, now + minutes(1), Step::Hour).unwrap();
                let report = look(&*self.world.ledger, of, window, self.asking()).await.unwrap();
                assert!(!report.is_cut);
                let rows = self
                    .rows
                    .iter()
                    .filter(|(id, row)| id.webhook() == webhook && row.accepted_at >= report.since);
                let expected = Count::of_rows(rows.map(|(_, row)| row));
                assert_eq!(Count::of_report(&report), expected, "seed {seed}, {hours} hours");
            }
        }
    }
}

#[tokio::test]
async fn ten_thousand_random_changes_are_counted_as_a_model_counts_them() {
    let mut expired = 0;
    // The last one lives for longer than its deliveries.
    for (seed, pace) in [(11, 2_000), (22, 20_000), (33, 90_000), (44, 300), (66, 300_000)] {
        let mut model = Model::new(seed, pace);
        let mut changes = 0;
        while changes < 2_500 {
            let batch = 1 + model.chance.below(60);
            for _ in 0..batch {
                model.step().await;
            }
            changes += batch;
            // Marks are lost, doubled, or come late.
            let webhook = model.webhook();
            let of = (&model.world.tenant.clone(), webhook);
            for _ in 0..model.chance.below(3) {
                settle(&*model.world.ledger, of, model.asking()).await.unwrap();
            }
            if model.chance.one_in(3) {
                model.overtake().await;
            }
            if model.chance.one_in(20) {
                model.check(seed).await;
            }
        }
        model.check(seed).await;
        assert!(model.twins > 50, "twins failed: {}", model.twins);
        assert!(model.looks[&true] > 20 && model.looks[&false] > 10, "{:?}", model.looks);
        assert!(model.conflicts > 50, "writers met: {}", model.conflicts);
        assert!(model.rows.values().filter(|row| row.answers.len() > 1).count() > 100);
        let kept =
            model.world.ledger.progress(&FiguresOf::Webhook(model.world.webhook(0))).await.unwrap();
        assert!(kept.is_some(), "seed {seed}: something was settled");
        // All of it can be counted again from nothing.
        model.world.ledger.forget_figures();
        model.check(seed).await;
        expired += model.rows.len() - model.world.ledger.all_deliveries().len();
    }
    assert!(expired > 100, "{expired} deliveries have expired");
}

#[tokio::test]
async fn a_webhook_at_a_thousand_a_second_is_counted_whole() {
    let mut model = Model::new(55, 1);
    let webhook = model.world.webhook(0);
    let tenant = model.world.tenant.clone();
    let (mut accepted, mut retrying) = (0_u64, Vec::new());
    for second in 0..200 {
        for n in 0..1_000 {
            accepted += 1;
            let event = format!("e{second}-{n}");
            if model.chance.one_in(500) {
                retrying.push(model.world.fail(webhook, &event).await);
            } else {
                model.world.deliver(webhook, &event).await;
            }
            if model.chance.one_in(5_000) {
                settle(&*model.world.ledger, (&tenant, webhook), model.asking()).await.unwrap();
            }
        }
        model.world.pass(SignedDuration::from_secs(1));
    }
    model.world.pass(minutes(1));
    let waiting = retrying.len() as u64;
    for delivery in retrying {
        model.world.succeed(delivery).await;
    }
    let asking = Asking::at(model.world.now(), RETENTION);
    // What has settled in the background is not read again, so that the pages of requests suffice.
    let mut report =
        look(&*model.world.ledger, (&tenant, webhook), super::DAY, asking).await.unwrap();
    for _ in 0..4 {
        report = look(&*model.world.ledger, (&tenant, webhook), super::DAY, asking).await.unwrap();
        assert!(report.total().accepted() <= accepted);
    }
    model.world.pass(minutes(3));
    for _ in 0..4 {
        let asking = Asking::at(model.world.now(), RETENTION);
        report = look(&*model.world.ledger, (&tenant, webhook), super::DAY, asking).await.unwrap();
    }
    assert!(!report.is_cut);
    let total = report.total();
    assert_eq!((total.accepted(), total.with(Status::Delivered)), (accepted, accepted));
    assert_eq!((total.retries(), total.failed_attempts()), (waiting, waiting));
}

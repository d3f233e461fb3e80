//! Events of a tenant, counted by figures and by a model, whatever the stream does with them.

use std::collections::BTreeMap;

use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::figures::report::{Report, Step, Window};
use hooklane_domain::figures::series::{By, Metric, lines};
use hooklane_domain::figures::settled::Note;
use hooklane_domain::ids::EventType;
use jiff::SignedDuration;

use super::model::Chance;
use super::world::{World, minutes};
use super::{DAY, FiguresOf, Minute};
use crate::fakes::MemoryRegistry;
use crate::figures::{Asking, look_at_events, of_tenant, settle_events};
use crate::ports::{EventIndexWriter as _, FigureStore as _};

const RETENTION: SignedDuration = SignedDuration::from_hours(72);

struct Events {
    world: World,
    chance: Chance,
    accepted: Vec<Entry>,
    /// What the stream has yet to deliver, with the time at which it does.
    under_way: Vec<(hooklane_domain::Timestamp, Vec<Entry>)>,
}

impl Events {
    fn new(seed: u64) -> Self {
        let (accepted, under_way) = (Vec::new(), Vec::new());
        Self { world: World::new(), chance: Chance(seed), accepted, under_way }
    }

    fn asking(&self) -> Asking {
        Asking { pages: 500, ..Asking::at(self.world.now(), RETENTION) }
    }

    /// Some events are accepted, and a batch of the stream gets them: mostly soon, sometimes after hours.
    async fn publish(&mut self) {
        let count = 1 + self.chance.below(30);
        let mut batch = Vec::new();
        for _ in 0..count {
            let ms = i64::try_from(self.chance.below(900)).unwrap();
            self.world.pass(SignedDuration::from_millis(ms));
            let event_type: EventType = format!("order.t{}", self.chance.below(4)).parse().unwrap();
            batch.push(Entry {
                accepted_at: self.world.now(),
                id: format!("e{}", self.accepted.len()).parse().unwrap(),
                event_type,
                test: self.chance.one_in(9),
                bytes: None,
                value: None,
            });
            self.accepted.extend(batch.last().cloned());
        }
        let lag = match self.chance.below(20) {
            0 => 3_600 * self.chance.below(20),
            1..4 => self.chance.below(600),
            _ => self.chance.below(20),
        };
        let at = self.world.now() + SignedDuration::from_secs(i64::try_from(lag).unwrap());
        if self.chance.one_in(5) {
            // It comes again, regrouped: with events of before.
            let from = self.accepted.len().saturating_sub(40 + batch.len());
            let later = at + SignedDuration::from_secs(500);
            self.under_way.push((later, self.accepted[from..].to_vec()));
        }
        if self.chance.one_in(6) {
            // A batch that failed is halved.
            let rest = batch.split_off(batch.len() / 2);
            self.under_way.push((at + minutes(2), rest));
        }
        self.under_way.push((at, batch));
        if self.chance.one_in(15) {
            self.world.pass(minutes(i64::try_from(self.chance.below(90)).unwrap()));
        }
        self.deliver().await;
    }

    async fn deliver(&mut self) {
        let now = self.world.now();
        let all = std::mem::take(&mut self.under_way);
        let (due, rest) = all.into_iter().partition::<Vec<_>, _>(|(at, _)| *at <= now);
        self.under_way = rest;
        for (_, batch) in due {
            for chunk in Chunk::of_events(batch) {
                self.world.ledger.keep(&self.world.tenant, &chunk, now).await.unwrap();
            }
        }
    }

    async fn check(&mut self) {
        while !self.under_way.is_empty() {
            self.world.pass(minutes(30));
            self.deliver().await;
        }
        let now = self.world.now();
        for (hours, step) in [(1, Step::Minute), (24, Step::Hour), (60, Step::Hour)] {
            let from = now - SignedDuration::from_hours(hours);
            let window = Window::span(from, now + minutes(1), step).unwrap();
            let look =
                look_at_events(&*self.world.ledger, &self.world.tenant, window, self.asking());
            let report = look.await.unwrap();
            assert!(!report.is_cut);
            let mut expected = BTreeMap::new();
            let since = report.since;
            for event in self.accepted.iter().filter(|event| event.accepted_at >= since) {
                let at = step.first(Minute::of(event.accepted_at));
                *expected.entry((event.event_type.to_string(), at)).or_default() += 1;
            }
            assert_eq!(by_type(&report), expected, "{hours} hours");
        }
    }
}

fn by_type(report: &Report) -> BTreeMap<(String, Minute), u64> {
    let (steps, lines) = lines(report, Metric::Events, Some(By::EventType));
    let mut counts = BTreeMap::new();
    for line in lines {
        for (at, value) in steps.iter().zip(line.values) {
            let count = value.unwrap() as u64;
            if count > 0 {
                counts.insert((line.name.clone().unwrap(), *at), count);
            }
        }
    }
    counts
}

#[tokio::test]
async fn events_are_counted_as_a_model_counts_them_whatever_the_stream_does() {
    for seed in [3, 5, 8] {
        let mut events = Events::new(seed);
        for turn in 0..400 {
            events.publish().await;
            if events.chance.one_in(4) {
                let (ledger, tenant) = (&*events.world.ledger, &events.world.tenant);
                settle_events(ledger, tenant, events.asking()).await.unwrap();
            }
            if events.chance.one_in(4) {
                let (ledger, tenant) = (&*events.world.ledger, &events.world.tenant);
                look_at_events(ledger, tenant, DAY, events.asking()).await.unwrap();
            }
            if turn % 100 == 99 {
                events.check().await;
            }
        }
        let of = FiguresOf::Tenant(events.world.tenant.clone());
        assert!(events.world.ledger.progress(&of).await.unwrap().is_some(), "some are settled");
        let notes = events.world.ledger.notes(&of, events.world.began).await.unwrap();
        assert!(notes.len() > 10 && notes.iter().all(|note| matches!(note, Note::Whole(_))));
        events.world.ledger.forget_figures();
        events.check().await;
    }
}

/// Nobody wanted these events.
#[tokio::test]
async fn a_tenants_figures_have_events_without_a_delivery() {
    let (world, registry) = (World::new(), MemoryRegistry::default());
    let entry = |id: &str| Entry {
        accepted_at: world.now(),
        id: id.parse().unwrap(),
        event_type: "order.created".parse().unwrap(),
        test: false,
        bytes: None,
        value: None,
    };
    let [chunk] = &Chunk::of_events(vec![entry("a"), entry("b")])[..] else { panic!("one") };
    world.ledger.keep(&world.tenant, chunk, world.now()).await.unwrap();
    let asked = || of_tenant(&registry, &*world.ledger, &world.tenant, DAY, world.asking());
    let report = asked().await.unwrap();
    assert_eq!((report.total().events(), report.total().accepted()), (2, 0));
    // Kept answer, progress, events; the webhooks are in another table.
    let calls = (world.ledger.figure_calls(), world.ledger.index_calls());
    assert_eq!(calls, ((3, 1), (1, 2)), "no events are older, so the older ones are a call too");
    let other = "globex".parse().unwrap();
    let report = of_tenant(&registry, &*world.ledger, &other, DAY, world.asking()).await.unwrap();
    assert_eq!(report.total().events(), 0, "another tenant's");
}

/// Ten thousand events a minute, and few pages: each look settles more, and the next one goes on.
#[tokio::test]
async fn a_look_at_very_many_events_goes_on_where_it_stopped() {
    let world = World::new();
    for minute in 0..120 {
        let batch: Vec<_> = (0..2_000)
            .map(|n| Entry {
                accepted_at: world.now() + SignedDuration::from_millis(n * 29),
                id: format!("e{minute}-{n}").parse().unwrap(),
                event_type: "order.created".parse().unwrap(),
                test: false,
                bytes: None,
                value: None,
            })
            .collect();
        world.pass(minutes(1));
        for chunk in Chunk::of_events(batch) {
            world.ledger.keep(&world.tenant, &chunk, world.now()).await.unwrap();
        }
    }
    world.pass(minutes(5));
    let few = Asking { pages: 4, ..world.asking() };
    let mut before = 0;
    for turn in 0.. {
        let report = look_at_events(&*world.ledger, &world.tenant, DAY, few).await.unwrap();
        let found = report.total().events();
        if !report.is_cut {
            assert_eq!(found, 240_000);
            assert!(turn > 0, "four pages were not enough");
            break;
        }
        assert!(found <= 240_000 && found >= before, "{found} after {before}");
        before = found;
        assert!(turn < 20, "it goes on");
    }
}

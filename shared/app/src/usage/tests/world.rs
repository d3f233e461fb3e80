//! What the tables hold after three days, and an account of it that was kept on its own.

use std::collections::BTreeMap;
use std::time::Duration;

use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::attempt_log::is_prompt;
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::delivery::{FailReason, State};
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::usage::Figures;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use super::super::*;
use crate::fakes::{FakeSystem, Faults, MemoryLedger, MemoryRegistry};
use crate::ports::{EventIndexWriter as _, WebhookStore as _};

pub(super) const PACE: Pace = Pace { every: Duration::from_hours(1), lag: Duration::from_secs(40) };
pub(super) const START: &str = "2026-10-30T00:00:00Z";
pub(super) const DAYS: u64 = 3;
pub(super) const DAY_MS: i64 = 86_400_000;

pub(super) fn at(ms: i64) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    Timestamp::from_millisecond(start.as_millisecond() + ms).unwrap()
}

/// Numbers that follow from a seed (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn ms(&mut self, bound: i64) -> i64 {
        i64::try_from(self.below(bound.unsigned_abs())).unwrap()
    }
}

/// What the tables hold, and an account of it that was kept on its own: a row for each thing that happened.
pub(super) struct World {
    pub(super) ledger: MemoryLedger,
    pub(super) registry: MemoryRegistry,
    pub(super) clock: FakeSystem,
    pub(super) faults: Faults,
    pub(super) account: BTreeMap<(TenantId, i64), Figures>,
}

pub(super) fn tenants() -> Vec<TenantId> {
    ["acme", "globex", "initech"].map(|name| name.parse().unwrap()).to_vec()
}

impl World {
    pub(super) fn new() -> Self {
        let faults = Faults::default();
        Self {
            ledger: MemoryLedger::with_faults(faults.clone()),
            registry: MemoryRegistry::default(),
            clock: FakeSystem::at(at(0)),
            faults,
            account: BTreeMap::new(),
        }
    }

    pub(super) fn happened(
        &mut self,
        tenant: &TenantId,
        ms: i64,
        change: impl FnOnce(&mut Figures),
    ) {
        change(self.account.entry((tenant.clone(), ms.div_euclid(DAY_MS))).or_default());
    }

    /// Three days of events and deliveries of a tenant: `count` events to each of some webhooks, of which one
    /// is deleted.
    pub(super) async fn fill(&mut self, tenant: &TenantId, count: u64, random: &mut Random) {
        let number = self.account.len() as u64 + 1;
        let webhooks: Vec<_> = (0..3)
            .map(|n| WebhookId::new(at(n), u128::from(number) * 10 + n.unsigned_abs() as u128))
            .collect();
        for id in &webhooks {
            assert!(self.registry.create(&webhook(tenant, *id)).await.unwrap());
        }
        let mut entries = Vec::new();
        for n in 0..count {
            let ms = random.ms(3 * DAY_MS);
            let (test, operational) = (random.one_in(9), random.one_in(9));
            let event_type = if operational { "webhook.failing" } else { "order.created" };
            let bytes = u32::try_from(random.below(5_000)).unwrap();
            let entry = Entry {
                accepted_at: at(ms),
                id: format!("e{n}").parse().unwrap(),
                event_type: event_type.parse().unwrap(),
                test,
                bytes: Some(bytes),
                value: None,
            };
            let counts = !test && !operational;
            if counts {
                self.happened(tenant, ms, |day| {
                    day.events += 1;
                    day.event_bytes += u64::from(bytes);
                });
            }
            for webhook in &webhooks {
                if !random.one_in(4) {
                    self.deliver(tenant, *webhook, (&entry, ms, counts), random).await;
                }
            }
            entries.push(entry);
        }
        self.index(tenant, entries, random).await;
        self.ledger.note_active(tenant, at(0)).await.unwrap();
        self.ledger.note_deleted(tenant, webhooks[1], at(0)).await.unwrap();
        assert!(self.registry.delete(tenant, webhooks[1], None).await.unwrap());
        // Noted, and not deleted: its request failed in between.
        self.ledger.note_deleted(tenant, webhooks[2], at(0)).await.unwrap();
    }

    /// A delivery with some attempts: it may be retried days later, and twins may make attempts at the same
    /// time, of which one ends it.
    async fn deliver(
        &mut self,
        tenant: &TenantId,
        webhook: WebhookId,
        (entry, accepted, counts): (&Entry, i64, bool),
        random: &mut Random,
    ) {
        let id = DeliveryId::new(webhook, entry.accepted_at, entry.id.clone());
        let event_type = entry.event_type.clone();
        let mut delivery = Delivery::unwritten(id, tenant.clone(), event_type);
        let mut ms = accepted + random.ms(12_000);
        let attempts = random.below(4);
        for number in 1..=u32::try_from(attempts).unwrap() {
            let succeeds = random.one_in(2);
            let bytes = u32::try_from(random.below(900)).unwrap();
            let measure = if entry.test { Measure::Test } else { Measure::Body(bytes) };
            let made = attempt(number, ms, succeeds, measure);
            let prompt = is_prompt(entry.accepted_at, made.at);
            if !(succeeds && prompt) {
                self.ledger.keep_attempt(&delivery, &made).await.unwrap();
                // The write whose answer was lost is made again.
                self.ledger.keep_attempt(&delivery, &made).await.unwrap();
            }
            if counts {
                self.happened(tenant, ms, |day| {
                    day.attempts += 1;
                    day.attempt_bytes += u64::from(bytes);
                    day.deliveries += u64::from(succeeds);
                });
            }
            if succeeds {
                delivery.success = Some(made);
                delivery.state = State::Delivered { at: at(ms) };
                if random.one_in(3) {
                    self.twin(&delivery, (ms + random.ms(60_000), number), counts).await;
                }
                break;
            }
            delivery.state = State::Failed { at: at(ms), reason: FailReason::Exhausted };
            let wait = if random.one_in(3) { DAY_MS } else { 600_000 };
            ms += random.ms(wait);
        }
        self.ledger.save(&delivery).await.unwrap();
    }

    /// A second POST of a delivery that another message had ended. If it was late it is in the log, and the
    /// delivery's item names the other one.
    async fn twin(&mut self, delivery: &Delivery, (ms, number): (i64, u32), counts: bool) {
        let of_delivery = delivery.success.as_ref().map(|success| success.at);
        let measure = delivery.success.as_ref().map(|success| success.measure).unwrap();
        let twin = attempt(number, ms, true, measure);
        if is_prompt(delivery.id.accepted_at(), twin.at) || of_delivery == Some(twin.at) {
            return;
        }
        self.ledger.keep_attempt(delivery, &twin).await.unwrap();
        let Measure::Body(bytes) = measure else { return };
        if counts {
            let tenant = delivery.tenant.clone();
            self.happened(&tenant, ms, |day| {
                day.attempts += 1;
                day.attempt_bytes += u64::from(bytes);
            });
        }
    }

    /// Writes the index as `stats` might: in batches of chance, some of them again, in halves, or grouped
    /// otherwise.
    async fn index(&self, tenant: &TenantId, mut entries: Vec<Entry>, random: &mut Random) {
        let mut batches = Vec::new();
        while !entries.is_empty() {
            let size = 1 + usize::try_from(random.below(40)).unwrap();
            let rest = entries.split_off(size.min(entries.len()));
            let batch = std::mem::replace(&mut entries, rest);
            if random.one_in(3) {
                batches.push(batch.clone());
                batches.push(batch[..batch.len() / 2].to_vec());
            }
            if random.one_in(3) {
                let stranger = batches.first().cloned().unwrap_or_default();
                batches.push(batch.iter().cloned().chain(stranger).collect());
            }
            batches.push(batch);
        }
        for chunk in batches.into_iter().flat_map(Chunk::of_events) {
            self.ledger.keep(tenant, &chunk, at(0)).await.unwrap();
        }
    }

    pub(super) async fn count(&self, kind: Kind, reads: u64) -> Result<Counted, Unavailable> {
        let budget = Budget { reads, until: Timestamp::MAX };
        count((&self.ledger, &self.registry), &self.clock, (kind, PACE), budget).await
    }

    /// What is stored of a tenant and a day since the start.
    pub(super) async fn stored(
        &self,
        tenant: &TenantId,
        day: i64,
    ) -> Option<hooklane_domain::usage::DayUsage> {
        let day = Day::of(at(day * DAY_MS));
        let months = self.ledger.usage_of(tenant, &[day.month()]).await.unwrap();
        months[0].days.get(&day.number()).copied()
    }

    pub(super) async fn agrees(&self, is_final: bool, name: &str) {
        for tenant in tenants() {
            for day in 0..i64::try_from(DAYS).unwrap() {
                let expected = self.account.get(&(tenant.clone(), day)).copied();
                let stored = self.stored(&tenant, day).await;
                assert_eq!(stored.map(|day| day.figures), expected, "{name}: {tenant}, day {day}");
                assert!(stored.is_none_or(|day| day.is_final == is_final), "{name}");
            }
        }
    }
}

pub(super) fn webhook(tenant: &TenantId, id: WebhookId) -> Webhook {
    Webhook::new(Essentials {
        id,
        tenant: tenant.clone(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: vec!["*".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at: at(0),
    })
}

pub(super) fn attempt(number: u32, ms: i64, succeeds: bool, measure: Measure) -> Attempt {
    let response = Response {
        status: if succeeds { 200 } else { 500 },
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    };
    Attempt {
        number,
        at: at(ms),
        duration_ms: 5,
        request_headers: Vec::new(),
        outcome: Outcome::Answered(response),
        remarks: Vec::new(),
        measure,
    }
}

pub(super) async fn filled(seed: u64, count: u64) -> World {
    let (mut world, mut random) = (World::new(), Random(seed));
    for tenant in tenants() {
        world.fill(&tenant, count, &mut random).await;
    }
    world
}

/// Counts in calls of chance that die, meet another run, or have little time, until all is counted.
pub(super) async fn count_through_faults(world: &World, kind: Kind, random: &mut Random) {
    let end = at(i64::try_from(DAYS).unwrap() * DAY_MS);
    for _ in 0..20_000 {
        if random.one_in(3) {
            world.faults.die_after(u32::try_from(random.below(40)).unwrap());
        }
        let reads = 1 + random.below(600);
        // Two runs at once: both read the same progress, and one is overtaken.
        let (first, second) =
            tokio::join!(world.count(kind, reads), world.count(kind, 1 + random.below(600)));
        world.faults.revive();
        drop((first, second));
        let counting = world.ledger.counting(kind).await.unwrap();
        if counting.is_some_and(|counting| counting.until >= end) {
            return;
        }
    }
    panic!("it does not end");
}

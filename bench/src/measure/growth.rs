//! How the cost of a delivery grows: with events, with webhooks of a tenant, with tenants, and with what is stored.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::case::{Case, Published, Receiving};
use super::line::line;
use super::publisher::webhook;
use super::round::Line;
use crate::aws::value::{Item, text};
use crate::world::{LEDGER, World};

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    Events,
    Webhooks,
    Tenants,
    Stored,
}

impl Axis {
    pub const ALL: [Self; 4] = [Self::Events, Self::Webhooks, Self::Tenants, Self::Stored];

    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Webhooks => "webhooks",
            Self::Tenants => "tenants",
            Self::Stored => "stored",
        }
    }

    const fn numbers(self) -> &'static [usize] {
        match self {
            Self::Events => &[1_000, 10_000, 100_000, 1_000_000],
            Self::Webhooks => &[1, 10, 100, 1_000],
            Self::Tenants => &[1, 10, 100, 1_000, 10_000],
            Self::Stored => &[1, 10_000, 100_000, 1_000_000],
        }
    }
}

/// Events that are measured at each place, where one makes one delivery.
const MEASURED: usize = 2_000;
const EVENTS_IN_ROUND: usize = 200;

/// Measures an axis up to `most`, and hands over each line as it is known.
pub async fn grow(
    folder: &Path,
    axis: Axis,
    most: usize,
    mut print: impl FnMut(&str),
) -> anyhow::Result<()> {
    let numbers = axis.numbers().iter().copied().filter(|n| *n <= most);
    match axis {
        Axis::Events => {
            let world = World::start(folder.to_path_buf()).await?;
            let mut growing = Growing::of(&world, 1, 1).await?;
            for n in numbers {
                while growing.events + MEASURED / 2 < n {
                    growing.unmeasured().await?;
                }
                growing.measure(axis, n, MEASURED / 2, &mut print).await?;
            }
        }
        Axis::Webhooks => {
            for n in numbers {
                let world = World::start(folder.to_path_buf()).await?;
                let mut growing = Growing::of(&world, 1, n).await?;
                growing.unmeasured().await?;
                growing.measure(axis, n, (MEASURED / n).max(10), &mut print).await?;
            }
        }
        Axis::Tenants => {
            for n in numbers {
                let world = World::start(folder.to_path_buf()).await?;
                let mut growing = Growing::of(&world, n, 1).await?;
                growing.unmeasured().await?;
                growing.measure(axis, n, MEASURED, &mut print).await?;
            }
        }
        Axis::Stored => {
            let world = World::start(folder.to_path_buf()).await?;
            let mut growing = Growing::of(&world, 1, 1).await?;
            growing.unmeasured().await?;
            let mut stored = 0;
            for n in numbers {
                growing.store(stored..n)?;
                stored = n;
                growing.measure(axis, n, MEASURED / 2, &mut print).await?;
            }
        }
    }
    Ok(())
}

/// A world with tenants, of which each publishes in turn.
struct Growing<'w> {
    world: &'w World,
    case: Case,
    tenants: Vec<String>,
    functions: Line,
    events: usize,
}

impl<'w> Growing<'w> {
    async fn of(world: &'w World, tenants: usize, webhooks: usize) -> anyhow::Result<Self> {
        let case = Case {
            webhooks,
            batch: 100,
            bytes: 500,
            receiving: Receiving::AtOnce,
            is_tls: false,
            published: Published::ByQueue,
            events_per_message: 1,
            deliveries: 0,
            is_quick: false,
        };
        let tenants: Vec<_> = (0..tenants).map(|n| format!("tenant-{n}")).collect();
        let url = case.url(&world.receiver);
        for tenant in &tenants {
            for _ in 0..webhooks {
                world.webhook(tenant, &webhook(&url)).await?;
            }
        }
        let functions = Line::start(world, &case).await?;
        Ok(Self { world, case, tenants, functions, events: 0 })
    }

    async fn round(
        &mut self,
        tallies: &mut std::collections::BTreeMap<crate::lambda::Name, super::line::Tally>,
    ) -> anyhow::Result<usize> {
        let events = (EVENTS_IN_ROUND / self.case.webhooks).max(1);
        let turns =
            (self.events..self.events + events).map(|n| &*self.tenants[n % self.tenants.len()]);
        let tenants: Vec<&str> = turns.collect();
        self.events += events;
        self.functions.round(self.world, &self.case, &tenants, tallies).await
    }

    async fn unmeasured(&mut self) -> anyhow::Result<()> {
        let mut tallies = self.functions.tallies();
        self.round(&mut tallies).await.map(drop)
    }

    async fn measure(
        &mut self,
        axis: Axis,
        n: usize,
        events: usize,
        print: &mut impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let mut tallies = self.functions.tallies();
        let (mut deliveries, until) = (0, self.events + events);
        while self.events < until {
            deliveries += self.round(&mut tallies).await?;
        }
        let named = || json!({"case": "growth", "axis": axis.text(), "n": n});
        for tally in tallies.values() {
            print(&line(named(), tally.members(deliveries)));
        }
        Ok(())
    }

    /// Stores copies of a delivery and its event, as older ones of the same webhook.
    fn store(&self, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
        let dynamodb = &self.world.aws.dynamodb;
        let is_delivery = |item: &Item| text(item, "sk").is_some_and(|sk| sk.starts_with("DL#"));
        let items = dynamodb.first_of(LEDGER, "WH#", is_delivery);
        let delivery = items.context("no delivery is stored")?;
        let event = dynamodb.first_of(LEDGER, "", |item| text(item, "sk") == Some("EVENT"));
        let event = event.context("no event is stored")?;
        for n in numbers {
            for (item, attribute, key) in [
                // Before all that is delivered now: their keys begin with the time of acceptance.
                (&delivery, "sk", format!("DL#0{n:012}#stored-{n}")),
                (&event, "pk", format!("EV#stored#stored-{n}")),
            ] {
                let mut copy = item.clone();
                copy.insert(attribute.to_owned(), json!({"S": key}));
                dynamodb.store(LEDGER, copy);
            }
        }
        Ok(())
    }
}

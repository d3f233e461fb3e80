//! The number of parked deliveries of each webhook, the calls that put the webhook on the watch list,
//! and the brake.

use std::sync::Arc;

use hooklane_app::cache::{Bounded, Recent};
use hooklane_app::ports::{BrakeStore, Clock, HealthStore, Unavailable, WatchList};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::Brake;

use crate::interval::is_over;

pub(crate) struct ParkingLot<R, C> {
    registry: Arc<R>,
    system: Arc<C>,
    max_parked: u64,
    calls: Bounded<WebhookId, Calls>,
    brake: Recent<(), Option<Brake>>,
}

/// What this instance told the watch list about a webhook.
#[derive(Debug, Clone, Default)]
struct Calls {
    /// When it last marked the webhook, and the number of parked deliveries that the list then had.
    marked: Option<(Timestamp, u64)>,
    /// Deliveries that it parked since, or is about to.
    parked: u32,
}

/// Whether there is room for one more parked delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    Full,
}

impl<R: WatchList, C: Clock> ParkingLot<R, C> {
    pub(crate) fn new(registry: Arc<R>, system: Arc<C>, max_parked: u64) -> Self {
        let (calls, brake) = (Bounded::default(), Recent::default());
        Self { registry, system, max_parked, calls, brake }
    }

    /// Marks the webhook on the watch list before one more of its deliveries is parked, so that `upkeep`
    /// finds the pointer however this ends. It is marked at most every ten seconds; `upkeep` respects a
    /// mark for far longer.
    pub(crate) async fn announce(&self, delivery: &Delivery) -> Result<Room, Unavailable> {
        self.mark(delivery, 1).await
    }

    /// Marks the webhook of a delivery that waits in a queue, so that `upkeep` looks for its message.
    pub(crate) async fn watch(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        self.mark(delivery, 0).await.map(drop)
    }

    async fn mark(&self, delivery: &Delivery, parking: u32) -> Result<Room, Unavailable> {
        let (now, webhook) = (self.system.now(), delivery.id.webhook());
        let (marked, parked) = self.calls.update(&webhook, Calls::default, |calls| {
            calls.parked += parking;
            (calls.marked.filter(|(at, _)| !is_over(*at, now)), calls.parked)
        });
        let known = match marked {
            Some((_, known)) => known + u64::from(parked),
            None => {
                let known = self.registry.watch(&delivery.tenant, webhook, parked, now).await?;
                self.calls.update(&webhook, Calls::default, |calls| {
                    calls.marked = Some((now, known));
                    calls.parked = calls.parked.saturating_sub(parked);
                });
                known
            }
        };
        Ok(if known > self.max_parked { Room::Full } else { Room::Free })
    }

    /// Takes back what was announced and then not parked.
    pub(crate) fn withdraw(&self, webhook: WebhookId) {
        self.calls.update(&webhook, Calls::default, |calls| {
            calls.parked = calls.parked.saturating_sub(1);
        });
    }
}

impl<R: HealthStore, C> ParkingLot<R, C> {
    /// Counts a delivery that is not parked because there is no room for it.
    pub(crate) async fn skip(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        self.registry.skip(delivery.id.webhook()).await?;
        tracing::warn!(delivery.id = %delivery.id, "delivery.skipped");
        Ok(())
    }
}

impl<R: BrakeStore, C: Clock> ParkingLot<R, C> {
    /// Whether the brake sends a wait until then to the ledger. A brake that cannot be read is off: waiting
    /// in the queue is right too.
    pub(crate) async fn brake_holds(&self, until: Timestamp) -> bool {
        let now = self.system.now();
        let brake = match self.brake.get(&(), now) {
            Some(brake) => brake,
            None => match self.registry.brake().await {
                Ok(brake) => {
                    self.brake.put((), brake, now);
                    brake
                }
                Err(error) => {
                    error.log("brake.not_read");
                    None
                }
            },
        };
        brake.is_some_and(|brake| brake.holds(now, until))
    }
}

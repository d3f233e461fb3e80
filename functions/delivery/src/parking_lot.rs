//! The number of parked deliveries of each webhook, its marks on the watch list, and the brake.

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
    marks: Bounded<WebhookId, Marks>,
    brake: Recent<(), Option<Brake>>,
}

/// What this instance has told the watch list about a webhook.
#[derive(Debug, Clone, Default)]
struct Marks {
    /// When it last marked the webhook, and the number of parked deliveries on the list at that time.
    last: Option<(Timestamp, u64)>,
    /// The number of deliveries that it has parked since, or is about to park.
    parked: u32,
}

/// Whether another delivery of the webhook may be parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    Full,
}

impl<R: WatchList, C: Clock> ParkingLot<R, C> {
    pub(crate) fn new(registry: Arc<R>, system: Arc<C>, max_parked: u64) -> Self {
        let (marks, brake) = (Bounded::default(), Recent::default());
        Self { registry, system, max_parked, marks, brake }
    }

    /// Marks the webhook on the watch list before one of its deliveries is parked, so that `upkeep` finds
    /// the pointer even if this invocation is killed. A webhook is marked at most every ten seconds; a mark
    /// lasts far longer.
    pub(crate) async fn announce(&self, delivery: &Delivery) -> Result<Room, Unavailable> {
        self.mark(delivery, 1).await
    }

    /// Marks the webhook of a delivery that waits in a queue, so that the sweep of `upkeep` covers it.
    pub(crate) async fn watch(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        self.mark(delivery, 0).await.map(drop)
    }

    async fn mark(&self, delivery: &Delivery, parking: u32) -> Result<Room, Unavailable> {
        let (now, webhook) = (self.system.now(), delivery.id.webhook());
        let (marked, parked) = self.marks.update(&webhook, Marks::default, |marks| {
            marks.parked += parking;
            (marks.last.filter(|(at, _)| !is_over(*at, now)), marks.parked)
        });
        let known = match marked {
            Some((_, known)) => known + u64::from(parked),
            None => {
                let known = self.registry.watch(&delivery.tenant, webhook, parked, now).await?;
                self.marks.update(&webhook, Marks::default, |marks| {
                    marks.last = Some((now, known));
                    marks.parked = marks.parked.saturating_sub(parked);
                });
                known
            }
        };
        Ok(if known > self.max_parked { Room::Full } else { Room::Free })
    }

    /// Undoes an `announce` for a delivery that was not parked.
    pub(crate) fn withdraw(&self, webhook: WebhookId) {
        self.marks.update(&webhook, Marks::default, |marks| {
            marks.parked = marks.parked.saturating_sub(1);
        });
    }
}

impl<R: HealthStore, C> ParkingLot<R, C> {
    /// Counts a delivery that is skipped because too many are parked.
    pub(crate) async fn skip(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        self.registry.skip(delivery.id.webhook()).await?;
        tracing::warn!(delivery.id = %delivery.id, "delivery.skipped");
        Ok(())
    }
}

impl<R: BrakeStore, C: Clock> ParkingLot<R, C> {
    /// Whether the brake parks a delivery that waits until `until`. A brake that cannot be read counts as
    /// off: the delivery can wait in the queue.
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

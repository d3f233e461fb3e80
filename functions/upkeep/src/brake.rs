//! Measures the retry queue and sets the brake.

use hooklane_app::ports::{BrakeStore as _, Clock as _, QueueDepth as _, Unavailable};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::metrics::Metric;

use crate::deps::Deps;
use crate::ports::Ports;

pub(crate) async fn measure<P: Ports>(deps: &Deps<P>) -> Result<(), Unavailable> {
    let before = deps.registry.brake().await?;
    let in_flight = deps.queues.in_flight().await?;
    let brake = Brake::measured(before, in_flight, deps.brake_limit, deps.system.now());
    deps.measured.record(|figures| {
        figures.add(Metric::InFlight, in_flight);
        figures.yes(Metric::BrakeOn, brake.on);
    });
    if brake.on {
        tracing::warn!(queue.in_flight = in_flight, "brake.on");
    }
    deps.registry.set_brake(brake).await
}

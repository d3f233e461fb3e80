//! Counts what tenants used, in the time that a run has left.

use hooklane_app::careful::{Panicked, unless_it_panics};
use hooklane_app::ports::Unavailable;
use hooklane_app::usage::{Budget, Counted, count};
use hooklane_domain::Timestamp;
use hooklane_domain::usage::counting::{Kind, Pace};

use crate::deps::Deps;
use crate::ports::Ports;
use crate::tuning::USAGE_READS;

/// Goes on with both counts until `until`, the final one first. Whatever fails is logged, and the next run goes
/// on: nothing that is due for a webhook waits for it.
pub(crate) async fn count_usage<P: Ports>(deps: &Deps<P>, until: Timestamp) {
    for kind in [Kind::Final, Kind::Provisional] {
        let counted = match unless_it_panics(go_on(deps, kind, until)).await {
            Ok(counted) => counted,
            Err(Panicked) => Err(Unavailable::new("counting usage", "it panicked")),
        };
        match counted {
            Ok(counted) => log(kind, counted),
            Err(error) => error.log("usage.failed"),
        }
    }
}

async fn go_on<P: Ports>(
    deps: &Deps<P>,
    kind: Kind,
    until: Timestamp,
) -> Result<Counted, Unavailable> {
    let pace = Pace { every: deps.usage_every, lag: deps.index_lag + ATTEMPTS_LAG };
    let budget = Budget { reads: USAGE_READS, until };
    count((&deps.usage, &deps.registry), &deps.system, (kind, pace), budget).await
}

/// Most attempts have been written by then: their usual time limit is 15 seconds.
const ATTEMPTS_LAG: std::time::Duration = std::time::Duration::from_secs(30);

fn log(kind: Kind, counted: Counted) {
    if counted.reads == 0 {
        return;
    }
    let until = counted.until.map(|until| until.to_string());
    tracing::info!(
        usage.count = kind.as_str(),
        usage.tenants = counted.tenants,
        usage.reads = counted.reads,
        usage.until = until,
        usage.overtaken = counted.overtaken,
        "usage.counted"
    );
}

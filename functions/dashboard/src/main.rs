//! Wires `dashboard`: settings, clients, run.

use std::sync::Arc;

use hooklane_api::{Deps, Edge, Production, Settings};
use hooklane_aws::cloudwatch::CloudWatch;
use hooklane_aws::settings::text_or_empty;
use hooklane_aws::startup::explain;
use hooklane_dashboard::{FrameAncestors, Portal, Watch, door};
use lambda_http::lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("dashboard");
    let (contracts, catalogs) =
        (hooklane_bundled_contracts::load(), hooklane_bundled_catalogs::load());
    let known = Settings::read().and_then(|settings| settings.known_in(&contracts, &catalogs));
    let settings = match known {
        Ok(settings) => settings,
        Err(error) => return explain("dashboard", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let frame = FrameAncestors::of(&text_or_empty("PORTAL_FRAME_ANCESTORS"));
    let aws = hooklane_aws::clients::load();
    let stack = text_or_empty("STACK_NAME");
    let watch = Watch::of(CloudWatch::new(&aws, stack, &settings.errand_queues()));
    let deps = Deps::<Production>::new(&settings, &aws, contracts, catalogs);
    let edge = &Edge::new(door(Arc::new(Portal { deps, frame, watch })));
    run(service_fn(async |event| edge.answer(event).await.map_err(Error::from)))
        .await
        .map_err(|e| anyhow::anyhow!(e))
}

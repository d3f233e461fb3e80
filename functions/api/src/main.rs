//! Wires `api`: settings, clients, run.

use std::sync::Arc;

use hooklane_api::{Deps, Edge, Production, Settings, router};
use hooklane_aws::startup::explain;
use lambda_http::lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("api");
    let (contracts, catalogs) =
        (hooklane_bundled_contracts::load(), hooklane_bundled_catalogs::load());
    let known = Settings::read().and_then(|settings| settings.known_in(&contracts, &catalogs));
    let settings = match known {
        Ok(settings) => settings,
        Err(error) => return explain("api", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load();
    let deps = Deps::<Production>::new(&settings, &aws, contracts, catalogs);
    let edge = &Edge::new(router(Arc::new(deps)));
    run(service_fn(async |event| edge.answer(event).await.map_err(Error::from)))
        .await
        .map_err(|e| anyhow::anyhow!(e))
}

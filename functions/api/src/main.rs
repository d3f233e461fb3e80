//! Wires `api`: settings, clients, run.

use std::sync::Arc;

use hooklane_api::{Deps, Production, Settings, router};
use hooklane_aws::startup::explain;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start();
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("api", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load().await;
    let deps = Deps::<Production>::new(&settings, &aws);
    lambda_http::run(router(Arc::new(deps))).await.map_err(|e| anyhow::anyhow!(e))
}

//! Wires `upkeep`: configuration, clients, adapters, run.

use hooklane_aws::startup::explain;
use hooklane_upkeep::{Deps, Production, Settings, Upkeep};
use lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("upkeep");
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("upkeep", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load();
    let upkeep = &Upkeep::new(Deps::<Production>::new(&settings, &aws));
    run(service_fn(move |_: LambdaEvent<Value>| {
        // On the heap, once for each invocation: inside the runtime's own layers its type would be too deep.
        Box::pin(async move { upkeep.run().await.map_err(lambda_runtime::Error::from) })
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

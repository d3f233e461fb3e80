//! Wires `delivery`: configuration, clients, adapters, run.

#![recursion_limit = "256"]

use anyhow::Context as _;
use aws_lambda_events::event::sqs::SqsEvent;
use hooklane_aws::startup::explain;
use hooklane_delivery::{Real, Settings, Worker};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start();
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("delivery", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load().await;
    let worker = &Worker::<Real>::new(&settings, &aws).context("delivery cannot start")?;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        hooklane_delivery::handle(worker, event.payload).await.map_err(lambda_runtime::Error::from)
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

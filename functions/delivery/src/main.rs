//! Starts `delivery`: reads the settings, creates the clients and adapters, and runs the handler.

use aws_lambda_events::event::sqs::SqsEvent;
use hooklane_app::deadline::Deadline;
use hooklane_aws::startup::explain;
use hooklane_delivery::{Deps, Pipeline, Production, Settings};
use lambda_runtime::{LambdaEvent, run, service_fn};

/// Events and deliveries are many small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("delivery");
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("delivery", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load();
    let deps = Deps::<Production>::new(&settings, &aws);
    let pipeline = &Pipeline::new(deps);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        // Boxed, because the future's type would be too deeply nested inside the runtime's own layers.
        Box::pin(async move {
            let deadline = Deadline::of_invocation(event.context.deadline);
            hooklane_delivery::handle(pipeline, event.payload, deadline)
                .await
                .map_err(lambda_runtime::Error::from)
        })
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

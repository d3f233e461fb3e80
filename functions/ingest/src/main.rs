//! Wires `ingest`: configuration, clients, adapters, run.

use aws_lambda_events::event::sqs::SqsEvent;
use hooklane_app::deadline::Deadline;
use hooklane_aws::startup::explain;
use hooklane_ingest::{Deps, Ingest, Production, Settings};
use lambda_runtime::{LambdaEvent, run, service_fn};

/// Events and deliveries are many small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("ingest");
    let catalogs = hooklane_bundled_catalogs::load();
    let settings = match Settings::read().and_then(|settings| settings.known_in(&catalogs)) {
        Ok(settings) => settings,
        Err(error) => return explain("ingest", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load();
    let ingest = &Ingest::new(Deps::<Production>::new(&settings, &aws, catalogs));
    run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        // On the heap, once for each invocation: inside the runtime's own layers its type would be too deep.
        Box::pin(async move {
            let deadline = Deadline::of_invocation(event.context.deadline);
            ingest.handle(event.payload, deadline).await.map_err(lambda_runtime::Error::from)
        })
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

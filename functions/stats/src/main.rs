//! Wires `stats`: configuration, clients, adapters, run.

use hooklane_app::deadline::Deadline;
use hooklane_aws::startup::explain;
use hooklane_stats::{Batch, Deps, Production, Settings, Stats};
use lambda_runtime::{LambdaEvent, run, service_fn};

/// Events and deliveries are many small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start("stats");
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("stats", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load();
    let stats = &Stats::new(Deps::<Production>::new(&settings, &aws));
    run(service_fn(move |event: LambdaEvent<Batch>| {
        // On the heap, once for each invocation: inside the runtime's own layers its type would be too deep.
        Box::pin(async move {
            let deadline = Deadline::of_invocation(event.context.deadline);
            stats.handle(event.payload, deadline).await.map_err(lambda_runtime::Error::from)
        })
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

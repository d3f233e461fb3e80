//! Wires `ingest`: configuration, clients, adapters, run.

use aws_lambda_events::event::sqs::SqsEvent;
use hooklane_app::catalog::EventCatalog;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::registry::RouteRegistry;
use hooklane_aws::startup::explain;
use hooklane_aws::system::System;
use hooklane_ingest::{Ingest, Settings};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start();
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("ingest", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load().await;
    let retention = Retention::days(settings.retention_days);
    let ingest = &Ingest {
        events: Ledger::new(&aws, settings.ledger_table, retention),
        registry: RouteRegistry::new(&aws, settings.registry_table),
        catalog: EventCatalog::new(hooklane_bundled_catalogs::load()),
        dead_letters: DeadLetterQueue::new(&aws, settings.dead_letter_queue, "events"),
        system: System,
    };
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        ingest.handle(event.payload).await.map_err(lambda_runtime::Error::from)
    }))
    .await
    .map_err(|e| anyhow::anyhow!(e))
}

//! Wires `api`: configuration, clients, adapters, run.

use std::sync::Arc;

use anyhow::Context as _;
use hooklane_api::{Api, Limiter, Pulse, Settings, router};
use hooklane_app::catalog::EventCatalog;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{RotatingKeys, Secret, Vault};
use hooklane_aws::startup::explain;
use hooklane_aws::system::System;
use hooklane_sender::Sender;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    hooklane_aws::telemetry::start();
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(error) => return explain("api", error).await.map_err(|e| anyhow::anyhow!(e)),
    };
    let aws = hooklane_aws::clients::load().await;
    let vault = Vault::new(Secret::new(&aws, settings.data_key_secret));
    let retention = Retention::days(settings.retention_days);
    let keys = |secret| RotatingKeys::new(Secret::new(&aws, secret));
    let api = Api {
        ledger: Ledger::new(&aws, settings.ledger_table, retention),
        registry: Registry::new(&aws, settings.registry_table, vault),
        queues: Queues::new(&aws, QueueUrls { delivery: None, retry: Some(settings.retry_queue) }),
        sender: Sender::new(settings.network.clone()).context("api cannot start")?,
        operator_keys: keys(settings.operator_key_secret),
        token_keys: keys(settings.token_key_secret),
        system: System,
        contracts: hooklane_bundled_contracts::load(),
        catalog: EventCatalog::new(hooklane_bundled_catalogs::load()),
        network: settings.network,
        rate_limit: settings.rate_limit,
        limiter: Limiter::default(),
        pulse: Pulse::default(),
    };
    lambda_http::run(router(Arc::new(api))).await.map_err(|e| anyhow::anyhow!(e))
}

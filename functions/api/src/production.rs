//! What is behind the ports of `api` in production: AWS and the network.

use std::sync::Arc;

use hooklane_app::cache::{Bounded, Recent};
use hooklane_app::catalog::EventCatalog;
use hooklane_app::ports::Unavailable;
use hooklane_aws::Aws;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::letters::{Errands, LetterQueues};
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{RotatingKeys, Secret, Vault};
use hooklane_aws::system::System;
use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_sender::Sender;
use jiff::SignedDuration;

use crate::backend::{Deps, Keys, Ports};
use crate::settings::Settings;

/// AWS and the network.
#[derive(Debug)]
pub struct Production;

impl Ports for Production {
    type Ledger = Ledger;
    type Registry = Registry;
    type Queues = Queues;
    type Letters = LetterQueues;
    type Errands = Errands;
    type Sender = Sender;
    type Keys = RotatingKeys;
    type System = System;
}

impl Deps<Production> {
    pub fn new(settings: &Settings, aws: &Aws, contracts: Contracts, catalogs: Catalogs) -> Self {
        let secret = |id: &String| Secret::new(aws, id.clone());
        let retention = Retention::days(settings.retention_days);
        let queues = QueueUrls { delivery: None, retry: Some(settings.retry_queue.clone()) };
        let vault = Vault::new(secret(&settings.data_key_secret));
        Self {
            ledger: Ledger::new(aws, settings.ledger_table.clone(), retention),
            registry: Registry::new(aws, settings.registry_table.clone(), vault),
            queues: Queues::new(aws, queues),
            letters: LetterQueues::new(aws, settings.dead_letter_queues.clone()),
            errands: Errands::new(aws, settings.errand_queues()),
            sender: Sender::new(settings.network.clone(), &settings.trusted_cas),
            operator_keys: RotatingKeys::new(secret(&settings.operator_key_secret)),
            token_keys: RotatingKeys::new(secret(&settings.token_key_secret)),
            system: System,
            contracts,
            catalog: EventCatalog::with_defaults(catalogs, settings.defaults.clone()),
            network: settings.network.clone(),
            sources: settings.sources.clone(),
            portal_origin: settings.portal_origin.clone(),
            rate_limit: settings.rate_limit,
            quotas: settings.quotas,
            retention: SignedDuration::from_hours(24 * i64::from(settings.retention_days)),
            leases: Bounded::default(),
            pulse: Recent::default(),
        }
    }
}

impl Keys for RotatingKeys {
    async fn known(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        Self::known(self, now).await
    }

    async fn newest(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        Self::newest(self, now).await
    }
}

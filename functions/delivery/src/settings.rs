//! The settings of `delivery`.

use hooklane_aws::queues::QueueUrls;
use hooklane_aws::settings::{self, InvalidSetting};
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_sender::TrustedCas;

/// The settings that `template.yaml` passes to `delivery` as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub data_key_secret: String,
    pub queues: QueueUrls,
    pub retry_queue: String,
    pub dead_letter_queue: String,
    /// The visibility timeout of both queues.
    pub queue_visibility_seconds: u32,
    pub retention_days: u16,
    pub network: NetworkRules,
    pub trusted_cas: TrustedCas,
    pub thresholds: Thresholds,
    /// Roughly how many deliveries of one webhook may be parked before new ones are skipped.
    pub max_parked: u64,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        let retry_queue = settings::text("RETRY_QUEUE_URL")?;
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            data_key_secret: settings::text("DATA_KEY_SECRET")?,
            queues: QueueUrls {
                delivery: Some(settings::text("DELIVERY_QUEUE_URL")?),
                retry: Some(retry_queue.clone()),
            },
            retry_queue,
            dead_letter_queue: settings::text("DELIVERY_DEAD_LETTER_QUEUE_URL")?,
            queue_visibility_seconds: settings::parse("QUEUE_VISIBILITY_SECONDS")?,
            retention_days: settings::parse("RETENTION_DAYS")?,
            network: settings::network_rules()?,
            trusted_cas: settings::parse_or_empty("TRUSTED_TARGET_CAS")?,
            thresholds: settings::thresholds()?,
            max_parked: settings::parse("MAX_PARKED")?,
        })
    }
}

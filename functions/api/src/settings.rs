use hooklane_aws::settings::{self, InvalidSetting};
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::webhook::network::NetworkRules;

/// The settings of `api`, which `template.yaml` provides as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub operator_key_secret: String,
    pub token_key_secret: String,
    pub data_key_secret: String,
    pub retry_queue: String,
    pub retention_days: u16,
    pub rate_limit: u32,
    pub quotas: Quotas,
    pub network: NetworkRules,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            operator_key_secret: settings::text("OPERATOR_KEY_SECRET")?,
            token_key_secret: settings::text("TOKEN_KEY_SECRET")?,
            data_key_secret: settings::text("DATA_KEY_SECRET")?,
            retry_queue: settings::text("RETRY_QUEUE_URL")?,
            rate_limit: settings::parse("API_RATE_LIMIT")?,
            quotas: settings::quotas()?,
            retention_days: settings::parse("RETENTION_DAYS")?,
            network: settings::network_rules()?,
        })
    }
}

use hooklane_aws::settings::{self, DEFAULT_CATALOG, InvalidSetting, one_of};
use hooklane_catalog::Catalogs;
use hooklane_domain::access::tenant::TenantDefaults;

/// The settings of `ingest`, which `template.yaml` passes as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub event_queue: String,
    pub dead_letter_queue: String,
    pub retention_days: u16,
    pub defaults: TenantDefaults,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            event_queue: settings::text("EVENT_QUEUE_URL")?,
            dead_letter_queue: settings::text("EVENT_DEAD_LETTER_QUEUE_URL")?,
            retention_days: settings::parse("RETENTION_DAYS")?,
            defaults: settings::tenant_defaults()?,
        })
    }

    /// These settings, if this build has the catalog that they name.
    pub fn known_in(self, catalogs: &Catalogs) -> Result<Self, InvalidSetting> {
        if let Some(catalog) = &self.defaults.catalog {
            one_of(DEFAULT_CATALOG, catalog, catalogs.names())?;
        }
        Ok(self)
    }
}

use hooklane_aws::settings::{self, InvalidSetting};

/// The settings of `stats`, which `template.yaml` passes as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub ledger_table: String,
    pub dead_letter_queue: String,
    pub retention_days: u16,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            ledger_table: settings::text("LEDGER_TABLE")?,
            dead_letter_queue: settings::text("STATS_DEAD_LETTER_QUEUE_URL")?,
            retention_days: settings::parse("RETENTION_DAYS")?,
        })
    }
}

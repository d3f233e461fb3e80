use std::time::Duration;

use hooklane_aws::settings::{self, InvalidSetting};
use hooklane_domain::canary::Schedule;
use hooklane_domain::isolation::circuit::Thresholds;

/// The stream and the write of a chunk take less, beside the time for which a batch is collected.
const STREAM_LAG: Duration = Duration::from_secs(5);

/// The settings of `upkeep`, which `template.yaml` passes as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub data_key_secret: String,
    pub retry_queue: String,
    pub event_queue: String,
    pub dead_letter_queue: String,
    pub retention_days: u16,
    pub thresholds: Thresholds,
    /// The brake goes on when the retry queue has more messages than this in flight.
    pub brake_limit: u64,
    /// How long the index of events usually takes to list an event.
    pub index_lag: Duration,
    /// How often a canary is sent; `None` for never.
    pub canary: Option<Schedule>,
    /// The length of the spans in which usage is counted provisionally.
    pub usage_every: Duration,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            data_key_secret: settings::text("DATA_KEY_SECRET")?,
            retry_queue: settings::text("RETRY_QUEUE_URL")?,
            event_queue: settings::text("EVENT_QUEUE_URL")?,
            dead_letter_queue: settings::text("UPKEEP_DEAD_LETTER_QUEUE_URL")?,
            retention_days: settings::parse("RETENTION_DAYS")?,
            thresholds: settings::thresholds()?,
            brake_limit: settings::parse("BRAKE_IN_FLIGHT")?,
            index_lag: Duration::from_secs(settings::parse::<u64>("EVENT_INDEX_SECONDS")?)
                + STREAM_LAG,
            canary: Schedule::of_minutes(settings::parse("CANARY_MINUTES")?),
            usage_every: Duration::from_secs(60 * settings::parse::<u64>("USAGE_MINUTES")?),
        })
    }
}

use hooklane_aws::settings::{self, InvalidSetting};
use hooklane_domain::delivery::message::bundle::EventsPerMessage;

/// The settings of `fanout`, which `template.yaml` passes as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub delivery_queue: String,
    pub retry_queue: String,
    pub dead_letter_queue: String,
    pub events_per_message: EventsPerMessage,
    /// The name of the platform's bus for operational events.
    pub operator_bus: Option<String>,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            delivery_queue: settings::text("DELIVERY_QUEUE_URL")?,
            retry_queue: settings::text("RETRY_QUEUE_URL")?,
            dead_letter_queue: settings::text("FANOUT_DEAD_LETTER_QUEUE_URL")?,
            events_per_message: settings::parse("EVENTS_PER_MESSAGE")?,
            operator_bus: Some(settings::text_or_empty("OPERATOR_BUS_NAME"))
                .filter(|name| !name.is_empty()),
        })
    }
}

use hooklane_domain::event::Content;
use hooklane_domain::json::RawJson;
use serde::Serialize;
use utoipa::ToSchema;

/// The event as its producer published it.
#[derive(Serialize, ToSchema)]
#[schema(as = EventContent)]
pub(crate) struct EventContentView {
    #[serde(rename = "type")]
    event_type: String,
    #[schema(value_type = serde_json::Value)]
    data: RawJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    metadata: Option<RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<bool>,
}

impl EventContentView {
    pub(crate) fn new(content: Content) -> Self {
        let Content { event_type, data, metadata, timestamp, version, test } = content;
        Self {
            event_type: event_type.to_string(),
            data,
            metadata,
            timestamp: timestamp.map(|at| at.to_string()),
            version,
            test: test.then_some(true),
        }
    }
}

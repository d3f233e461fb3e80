use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::parameters::{CancellableStatus, UndeliveredStatus};

/// `deliveries` or `filter` is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"filter": {"status": ["failed"], "event": "order.created"}, "dryRun": true}))]
pub(crate) struct ManyRetries {
    /// The ids of deliveries, each once.
    #[schema(max_items = 100)]
    deliveries: Option<Vec<String>>,
    filter: Option<RetriesFilter>,
    /// Whether to count only. It needs a filter.
    dry_run: Option<bool>,
    /// The `nextCursor` of the answer before, with the same filter.
    cursor: Option<String>,
}

/// Which deliveries to retry. All of it must hold.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RetriesFilter {
    #[schema(pattern = "^wh_[0-9A-HJKMNP-TV-Z]{26}$", example = "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    webhook: Option<String>,
    /// A webhook's external id, instead of `webhook`.
    #[schema(pattern = "^[A-Za-z0-9._~:-]{1,128}$", example = "crm-4711")]
    external_id: Option<String>,
    /// `failed` if omitted.
    #[schema(value_type = Option<Vec<UndeliveredStatus>>, inline, max_items = 5)]
    status: Option<Vec<String>>,
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "order.created"
    )]
    event: Option<String>,
    /// Only deliveries of events accepted at this time or later. Also accepted as a number, in Unix seconds.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Only deliveries of events accepted before this time.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// `deliveries` or `filter` is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"filter": {"status": ["retrying"], "event": "order.created"}, "dryRun": true}))]
pub(crate) struct ManyCancellations {
    /// The ids of deliveries, each once.
    #[schema(max_items = 100)]
    deliveries: Option<Vec<String>>,
    filter: Option<CancellationsFilter>,
    /// Whether to count only. It needs a filter.
    dry_run: Option<bool>,
    /// The `nextCursor` of the answer before, with the same filter.
    cursor: Option<String>,
}

/// Which deliveries to cancel. All of it must hold.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CancellationsFilter {
    #[schema(pattern = "^wh_[0-9A-HJKMNP-TV-Z]{26}$", example = "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    webhook: Option<String>,
    /// A webhook's external id, instead of `webhook`.
    #[schema(pattern = "^[A-Za-z0-9._~:-]{1,128}$", example = "crm-4711")]
    external_id: Option<String>,
    /// `pending` and `retrying` if omitted.
    #[schema(value_type = Option<Vec<CancellableStatus>>, inline, max_items = 5)]
    status: Option<Vec<String>>,
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "order.created"
    )]
    event: Option<String>,
    /// Only deliveries of events accepted at this time or later. Also accepted as a number, in Unix seconds.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Only deliveries of events accepted before this time.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// All fields are optional.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct NewProbe {
    /// The delivery to send; the one that waits longest if omitted.
    delivery_id: Option<String>,
}

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::parameters::LetterSource;

/// `id` or `reason` is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"source": "events", "reason": "type: is required", "dryRun": true}))]
pub(crate) struct LetterOrder {
    #[schema(value_type = LetterSource, inline)]
    source: String,
    /// The letter's id.
    #[schema(pattern = "^[A-Za-z0-9-]{1,100}$", example = "5fea7756-0ea4-451a-a703-a558b933e274")]
    id: Option<String>,
    /// All letters of the source whose reason contains this text.
    #[schema(min_length = 1, max_length = 1000, example = "type: is required")]
    reason: Option<String>,
    /// Whether to count only.
    dry_run: Option<bool>,
}

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All fields are optional; `null` is as if omitted.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": true, "answer": {"status": 200}}))]
pub(crate) struct InboxChange {
    /// Whether the inbox takes requests. The first time it is turned on it gets its URL.
    enabled: Option<bool>,
    answer: Option<InboxAnswerChange>,
}

/// What the inbox answers with. What is omitted stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InboxAnswerChange {
    /// From 200 to 299, or from 400 to 499.
    #[schema(minimum = 200, maximum = 499, example = 410)]
    status: Option<u16>,
    /// How long it waits before it answers.
    #[schema(minimum = 0, maximum = 2, example = 0)]
    delay_seconds: Option<u8>,
}

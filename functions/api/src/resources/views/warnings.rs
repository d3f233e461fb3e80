use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// Something that a request which was accepted does, and that its sender may not expect.
#[derive(Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningView {
    /// Stays the same; the detail may change.
    #[schema(example = "older_than_webhook")]
    pub(crate) code: &'static str,
    /// The path of the field that it is about.
    #[schema(value_type = String, example = "since")]
    pub(crate) field: Cow<'static, str>,
    #[schema(
        example = "Events that were accepted before the webhook was registered are not sent to it."
    )]
    pub(crate) detail: String,
}

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// Something that a request which was accepted does, and that its sender may not expect.
#[derive(Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningView {
    /// Stays the same; the detail may change.
    pub(crate) code: &'static str,
    /// The path of the field that it is about.
    #[schema(value_type = String, example = "retryPolicy")]
    pub(crate) field: Cow<'static, str>,
    pub(crate) detail: String,
}

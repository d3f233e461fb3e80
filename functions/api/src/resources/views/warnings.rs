use serde::Serialize;
use utoipa::ToSchema;

/// Something in a request that was accepted and does less than it seems to say.
#[derive(Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningView {
    /// Stays the same; the detail may change.
    pub(crate) code: &'static str,
    /// The field of the request.
    pub(crate) field: &'static str,
    pub(crate) detail: String,
}

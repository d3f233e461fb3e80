use serde::Serialize;
use utoipa::ToSchema;

/// A count of what one request could read.
#[derive(Serialize, ToSchema)]
#[schema(as = Count)]
pub(crate) struct CountView {
    count: u64,
    /// Whether there may be more: one request reads a limited number of items.
    capped: bool,
}

impl CountView {
    pub(crate) fn new(count: u64, capped: bool) -> Self {
        Self { count, capped }
    }
}

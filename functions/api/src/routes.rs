//! Every operation there is, by the room that answers it.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::operation::operations;
use crate::{Backend, deliveries, event_types, events, openapi, reference, webhooks};

pub(crate) fn all<B: Backend>() -> OpenApiRouter<Arc<B>> {
    let router = OpenApiRouter::with_openapi(openapi::frame());
    let router = operations!(router, B, webhooks: list, create, get, put, patch, delete);
    let router = operations!(router, B, event_types: available, list, get, put, delete);
    let router = operations!(router, B, deliveries: list, get, retry, cancel);
    let router = operations!(router, B, events: publish, publish_batch, get);
    operations!(router, B, reference: openapi)
}

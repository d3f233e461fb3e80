//! Every operation there is, by the room that answers it.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::operation::operations;
use crate::{
    Backend, deliveries, event_types, events, logs, openapi, pausing, recover, reference, secrets,
    statistics, status, tenants, testing, webhooks,
};

/// Those that need a bearer token.
pub(crate) fn guarded<B: Backend>() -> OpenApiRouter<Arc<B>> {
    let router = OpenApiRouter::with_openapi(openapi::frame());
    let router = operations!(router, B, webhooks: list, create, get, put, patch, delete);
    let router = operations!(router, B, pausing: pause, resume);
    let router = operations!(router, B, recover: start, progress);
    let router = operations!(router, B, secrets: show, rotate);
    let router = operations!(router, B, testing: test);
    let router = operations!(router, B, deliveries: list, get, retry, cancel, undelivered);
    let router = operations!(router, B, logs: list);
    let router = operations!(router, B, statistics: of_webhook, of_tenant, health);
    let router = operations!(router, B, event_types: available, list, get, put, delete);
    let router = operations!(router, B, events: publish, publish_batch, get);
    operations!(router, B, tenants: list, get, set, remove, create_token, revoke_tokens)
}

/// Those that need none.
pub(crate) fn open<B: Backend>() -> OpenApiRouter<Arc<B>> {
    let router = OpenApiRouter::new();
    let router = operations!(router, B, status: get);
    operations!(router, B, reference: openapi, docs)
}

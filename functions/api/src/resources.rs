//! All operations, grouped by resource.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::backend::{Deps, Ports};
use crate::description;

mod arrivals;
mod dead_letters;
mod deliveries;
mod event_types;
pub(crate) mod events;
mod inbox;
mod inspecting;
mod keys;
mod logs;
mod many;
mod operation;
mod operator;
mod pausing;
mod portal;
mod probe;
mod quotas;
mod recover;
pub(crate) mod reference;
mod schemas;
mod secrets;
mod source_ips;
mod statistics;
mod status;
mod tenants;
mod testing;
mod trials;
mod usage;
mod views;
mod webhooks;
mod words;

pub use logs::{file as attempts_file, file_name as attempts_file_name};
pub use views::shown_fields;

use operation::operations;

/// The operations that need a bearer token.
pub(crate) fn guarded<P: Ports>() -> OpenApiRouter<Arc<Deps<P>>> {
    let router = OpenApiRouter::with_openapi(description::frame());
    let router = operations!(router, "webhooks", webhooks: list, create, get, put, patch, delete);
    let router = operations!(router, "webhooks", pausing: pause, resume);
    let router = operations!(router, "webhooks", recover: start, stop, progress);
    let router = operations!(router, "webhooks", probe: probe);
    let router = operations!(router, "secrets", secrets: show, rotate);
    let router = operations!(router, "webhooks", testing: test, test_change, test_new);
    let router = operations!(router, "webhooks", trials: preview, preview_new, experiment);
    let router =
        operations!(router, "deliveries", deliveries: list, get, retry, cancel, undelivered);
    let router = operations!(router, "deliveries", many: retry, cancel);
    let router = operations!(router, "deliveries", inspecting: request, check);
    let router = operations!(router, "deliveries", logs: list);
    let router = operations!(router, "statistics", statistics: of_webhook, of_tenant, webhook_series, tenant_series, health);
    let router = operations!(router, "event types", event_types: available, described, list, get, put, delete);
    let router = operations!(router, "events", events: list, publish, publish_batch, get);
    let router = operations!(router, "keys", keys: list, create, get, patch, rotate, delete);
    let router = operations!(router, "tenants", quotas: get);
    let router = operations!(router, "tenants", usage: get);
    let router = operations!(router, "inbox", inbox: get, patch, rotate, list, get_request, clear);
    let router = operations!(router, "dead letters", dead_letters: list, redrive, delete);
    let router = operations!(router, "operator", operator: find, create_link);
    let router = operations!(router, "tenants", portal: create_link);
    operations!(router, "tenants", tenants: list, get, set, remove, create_token, revoke_tokens)
}

/// The operations that need no token.
pub(crate) fn open<P: Ports>() -> OpenApiRouter<Arc<Deps<P>>> {
    let router = OpenApiRouter::new();
    let router = operations!(router, "inbox", arrivals: receive);
    let router = operations!(router, "reference", status: get);
    let router = operations!(router, "reference", source_ips: get);
    operations!(router, "reference", reference: openapi, docs)
}

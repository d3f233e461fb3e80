//! All operations, grouped by resource.

use std::sync::Arc;

use crate::backend::{Deps, Ports};
use crate::operation::{Operations, operations};

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

/// The operations that need a bearer token.
pub(crate) fn guarded<P: Ports>() -> Operations<Arc<Deps<P>>> {
    let known = Operations::new();
    let known = operations!(known, "webhooks", webhooks: list, create, get, put, patch, delete);
    let known = operations!(known, "webhooks", pausing: pause, resume);
    let known = operations!(known, "webhooks", recover: start, stop, progress);
    let known = operations!(known, "webhooks", probe: probe);
    let known = operations!(known, "secrets", secrets: show, rotate);
    let known = operations!(known, "webhooks", testing: test, test_change, test_new);
    let known = operations!(known, "webhooks", trials: preview, preview_new, experiment);
    let known = operations!(known, "deliveries", deliveries: list, get, retry, cancel, undelivered);
    let known = operations!(known, "deliveries", many: retry, cancel);
    let known = operations!(known, "deliveries", inspecting: request, check);
    let known = operations!(known, "deliveries", logs: list);
    let known = operations!(known, "statistics", statistics: of_webhook, of_tenant, webhook_series, tenant_series, health);
    let known = operations!(known, "event types", event_types: available, described, list, get, put, delete);
    let known = operations!(known, "events", events: list, publish, publish_batch, get);
    let known = operations!(known, "keys", keys: list, create, get, patch, rotate, delete);
    let known = operations!(known, "tenants", quotas: get);
    let known = operations!(known, "tenants", usage: get);
    let known = operations!(known, "inbox", inbox: get, patch, rotate, list, get_request, clear);
    let known = operations!(known, "dead letters", dead_letters: list, redrive, delete);
    let known = operations!(known, "operator", operator: find, create_link);
    let known = operations!(known, "tenants", portal: create_link);
    operations!(known, "tenants", tenants: list, get, set, remove, create_token, revoke_tokens)
}

/// The operations that need no token.
pub(crate) fn open<P: Ports>() -> Operations<Arc<Deps<P>>> {
    let known = Operations::new();
    let known = operations!(known, "inbox", arrivals: receive);
    let known = operations!(known, "reference", status: get);
    let known = operations!(known, "reference", source_ips: get);
    operations!(known, "reference", reference: openapi, docs)
}

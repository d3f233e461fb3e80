//! The routes, and what stands around all of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures::FutureExt as _;
use hooklane_api::{Ports, open_span};
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderName, HeaderValue};

use crate::oops::Oops;
use crate::pages::{
    catalog, deliveries, delivery, edit, entering, exports, inbox, new, recover, share, studio,
    webhook, webhooks,
};
use crate::settings::Portal;
use crate::{assets, frame, link, logo, operator};

/// The largest form: two bodies of requests to compare, percent-encoded.
const MAX_FORM: usize = 1024 * 1024;

/// The portal, under `/portal/{tenant}`, and the operator's pages, under `/operator`. No tenant can have the id
/// `.assets`.
pub fn door<P: Ports>(portal: Arc<Portal<P>>) -> Router {
    let of_tenant = Router::new()
        .route("/", get(entering::home::<P>))
        .route("/enter", get(entering::enter::<P>))
        .route("/leave", post(entering::leave::<P>))
        .route("/theme.css", get(frame::theme::<P>))
        .route("/logo/{hash}", get(logo::get::<P>))
        .route("/webhooks", get(webhooks::list::<P>).post(new::create::<P>))
        .route("/new", get(new::show::<P>))
        .route("/new/{act}", get(new::again).post(new::trial::<P>))
        .route("/webhooks/rows", get(webhooks::rows_now::<P>))
        .route("/webhooks/{webhook}", get(webhook::show::<P>))
        .route("/webhooks/{webhook}/edit", get(edit::show::<P>).post(edit::save::<P>))
        .route("/webhooks/{webhook}/edit/{act}", get(edit::again).post(edit::trial::<P>))
        .route("/webhooks/{webhook}/studio", get(studio::of_webhook::<P>))
        .route("/webhooks/{webhook}/recover", get(recover::show::<P>).post(recover::start::<P>))
        .route("/webhooks/{webhook}/recover/stop", post(recover::stop::<P>))
        .route("/webhooks/{webhook}/log.json", get(exports::log::<P>))
        .route("/webhooks/{webhook}/{act}", get(webhook::ask::<P>).post(webhook::act::<P>))
        .route("/deliveries", get(deliveries::list::<P>).post(deliveries::act::<P>))
        .route("/deliveries.csv", get(exports::csv::<P>))
        .route("/deliveries.json", get(exports::json::<P>))
        .route("/deliveries/rows", get(deliveries::rows_now::<P>))
        .route("/deliveries/{delivery}", get(delivery::show::<P>))
        .route("/deliveries/{delivery}/now", get(delivery::now::<P>))
        .route("/deliveries/{delivery}/{act}", post(delivery::act::<P>))
        .route("/shared", get(share::show::<P>))
        .route("/inbox", get(inbox::show::<P>))
        .route("/inbox/{act}", post(inbox::act::<P>))
        .route("/types", get(catalog::list::<P>))
        .route("/types/openapi.json", get(catalog::described::<P>));
    let policy = from_fn_with_state(Arc::clone(&portal), protect::<P>);
    Router::new()
        .nest("/portal/{tenant}", of_tenant)
        .nest(link::OPERATOR, operator::routes())
        .route("/portal/.assets/{name}", get(assets::get))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn(end_one_request))
        .layer(policy)
        .layer(from_fn(open_span))
        .with_state(portal)
}

async fn nothing() -> Oops {
    Oops::NoPage
}

/// Answers with a page if the request panics. Nothing that requests share is left half changed.
async fn end_one_request(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Oops::Broken.into_response(),
    }
}

/// Headers that keep pages from being misused.
async fn protect<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    request: Request,
    next: Next,
) -> Response {
    // The operator's pages are in nobody's frame.
    let ancestors = match request.uri().path().starts_with(link::OPERATOR) {
        true => "'none'",
        false => portal.frame.listed(),
    };
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        // A logo has a policy of its own.
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    let always: [(HeaderName, &str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

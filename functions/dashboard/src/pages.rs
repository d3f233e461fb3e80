//! The pages. Each module reads what its page is asked for, calls use cases, and fills a template.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use crate::oops::Oops;

pub(crate) mod catalog;
pub(crate) mod deliveries;
pub(crate) mod delivery;
pub(crate) mod edit;
mod editor;
pub(crate) mod entering;
pub(crate) mod exports;
pub(crate) mod inbox;
pub(crate) mod new;
pub(crate) mod recover;
pub(crate) mod share;
mod spread;
pub(crate) mod studio;
pub(crate) mod webhook;
pub(crate) mod webhooks;

pub(crate) fn page(template: &impl Template) -> Result<Response, Oops> {
    Ok(Html(template.render()?).into_response())
}

/// After a form, so that loading the page again does not send it again.
fn see(address: &str) -> Response {
    Redirect::to(address).into_response()
}

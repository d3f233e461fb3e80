//! The operator's pages, under `/operator`: across all tenants, for whoever holds an operator key.
//!
//! `guest` finds out whether a browser is the operator's. `viewing` leads from here to the pages of a tenant, which are
//! the same that its own people see.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use hooklane_api::Ports;

use crate::settings::Portal;

mod entering;
mod finding;
mod frame;
mod guest;
mod letters;
mod overview;
mod tenants;
mod viewing;

pub(crate) fn routes<P: Ports>() -> Router<Arc<Portal<P>>> {
    Router::new()
        .route("/", get(entering::home))
        .route("/sign-in", get(entering::form).post(entering::sign_in::<P>))
        .route("/enter", get(entering::enter::<P>))
        .route("/leave", post(entering::leave::<P>))
        .route("/overview", get(overview::show::<P>))
        .route("/overview/now", get(overview::now::<P>))
        .route("/tenants", get(tenants::list::<P>))
        .route("/tenants/{tenant}", get(tenants::show::<P>))
        .route("/letters", get(letters::list::<P>))
        .route("/letters/{act}", post(letters::act::<P>))
        .route("/find", get(finding::show::<P>))
        .route("/view", post(viewing::view::<P>))
}

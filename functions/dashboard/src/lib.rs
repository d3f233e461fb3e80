//! `dashboard`: the portal, in which a tenant's people see and manage their webhooks.
//!
//! `door` puts the routes and what stands around them together. `visitor` finds out whose browser asks, `form`
//! who sent a form. Each module of `pages` answers for one page: it reads its query, calls use cases of
//! `hooklane-app` and fills a template. `operator` has the pages of the operator. `words` says states and reasons in
//! sentences, `written` writes numbers, times and the texts of others. The ports, the settings and the door are
//! `api`'s: both do the same things.

mod assets;
mod chart;
mod curl;
mod door;
mod figures;
mod form;
mod frame;
mod json;
mod link;
mod live;
mod logo;
mod oops;
mod operator;
mod pages;
mod query;
mod settings;
mod sign_in;
mod visitor;
mod watch;
mod words;
mod written;

#[cfg(test)]
mod tests;

pub use door::door;
pub use settings::{FrameAncestors, Portal};
pub use watch::Watch;

//! The form for the operator key, which also stands where a session of the operator's is missing.

use askama::Template;
use axum::response::Html;

use crate::assets;

#[derive(Template)]
#[template(path = "operator/sign_in.html")]
struct Page {
    css: &'static str,
    mistake: Option<&'static str>,
}

/// The form, with what was wrong with the key before.
pub(crate) fn form(mistake: Option<&'static str>) -> askama::Result<Html<String>> {
    Page { css: &assets::CSS.name, mistake }.render().map(Html)
}

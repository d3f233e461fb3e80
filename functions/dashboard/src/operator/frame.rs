//! What surrounds each of the operator's pages.

use hooklane_domain::access::portal::{FormToken, Mode};

use super::guest::Operator;
use crate::assets;
use crate::written::plain;

/// The part of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Overview,
    Tenants,
    Letters,
    Find,
}

/// What the template of every page needs.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) room: Room,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    pub(crate) mode: String,
    pub(crate) zone: String,
    pub(crate) form: String,
    /// What is searched for on this page.
    pub(crate) sought: String,
    /// What was done before this page.
    pub(crate) done: Option<String>,
}

impl Frame {
    pub(crate) fn new(operator: &Operator, room: Room, title: &str) -> Self {
        let mode = operator.mode.as_deref().and_then(|mode| mode.parse::<Mode>().ok());
        let form = operator.pass.form.as_ref().map(FormToken::as_str).unwrap_or_default();
        Self {
            title: format!("{} \u{b7} Hooklane operator", plain(title)),
            room,
            css: &assets::CSS.name,
            js: &assets::JS.name,
            mode: mode.unwrap_or_default().as_str().to_owned(),
            zone: operator.writer.zone_and_day(),
            form: form.to_owned(),
            sought: String::new(),
            done: None,
        }
    }
}

//! What surrounds every page: brand, navigation, foot.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_api::Ports;
use hooklane_domain::access::portal::{Accent, Font, FormToken, Mode};
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::CONTENT_TYPE;

use crate::logo::Picture;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::plain;
use crate::{assets, link, logo};

/// The part of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Webhooks,
    Deliveries,
    Types,
    Inbox,
    /// Somebody without a session looks at one delivery.
    Shared,
}

/// What the template of every page needs.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) place: Place,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    pub(crate) brand: String,
    pub(crate) tenant: TenantId,
    pub(crate) mode: String,
    /// The kind of font, if it is not the system's.
    pub(crate) font: Option<&'static str>,
    /// What is shown in place of the brand.
    pub(crate) logo: Vec<Picture>,
    pub(crate) has_theme: bool,
    pub(crate) back: Option<String>,
    pub(crate) zone: String,
    pub(crate) form: String,
    pub(crate) may_manage: bool,
    /// Whether the platform lets the tenant have a test inbox.
    pub(crate) has_inbox: bool,
    /// Where the operator, who looks at the tenant's pages, can ask to change something on this one.
    pub(crate) operator: Option<String>,
    /// What was done before this page.
    pub(crate) done: Option<String>,
}

impl Frame {
    pub(crate) fn new(visitor: &Visitor, place: Place, title: &str) -> Self {
        let look = &visitor.pass.look;
        let brand = look.name.clone().unwrap_or_else(|| "Hooklane".to_owned());
        let chosen = visitor.mode.as_deref().and_then(|mode| mode.parse::<Mode>().ok());
        Self {
            title: format!("{} \u{b7} {}", plain(title), brand),
            place,
            css: &assets::CSS.name,
            js: &assets::JS.name,
            brand,
            tenant: visitor.tenant.id.clone(),
            mode: chosen.unwrap_or(look.mode).as_str().to_owned(),
            font: (look.font != Font::System).then(|| look.font.as_str()),
            logo: logo::pictures(&visitor.tenant.id, look),
            has_theme: place != Place::Shared
                && (look.accent.is_some() || look.accent_dark.is_some()),
            back: visitor.pass.back.as_ref().map(|url| url.as_str().to_owned()),
            zone: visitor.writer.zone_and_day(),
            form: visitor.pass.form.as_ref().map(FormToken::as_str).unwrap_or_default().to_owned(),
            may_manage: visitor.may_manage(),
            has_inbox: visitor.has_inbox,
            operator: visitor.pass.operator.as_ref().map(|_| {
                let path = format!("tenants/{}", visitor.tenant.id);
                format!("{}#view", link::of_operator_with(&path, &[("to", &visitor.here)]))
            }),
            done: None,
        }
    }

    /// With a sentence about what was done.
    pub(crate) fn after(self, done: Option<&str>) -> Self {
        Self { done: done.map(ToOwned::to_owned), ..self }
    }

    /// The address of another page of the tenant.
    pub(crate) fn to(&self, path: &str) -> String {
        link::to(&self.tenant, path)
    }
}

/// The platform's colours as a stylesheet of their own, since the policy permits no styles within a page.
pub(crate) async fn theme<P: Ports>(State(_): State<Arc<Portal<P>>>, visitor: Visitor) -> Response {
    let look = &visitor.pass.look;
    let value = |light: String, dark: String| format!("light-dark({light}, {dark})");
    let (light, dark) = (look.accent, look.accent_dark);
    let or = |accent: Option<Accent>, usual: &str| {
        accent.map_or_else(|| usual.to_owned(), |accent| accent.to_string())
    };
    let text = |accent: Option<Accent>, usual: &str| {
        accent.map_or_else(|| usual.to_owned(), |accent| accent.text().to_string())
    };
    let css = format!(
        ":root {{ --accent: {}; --on-accent: {}; \
         --accent-soft: color-mix(in srgb, var(--accent) 12%, var(--surface)); }}\n",
        value(or(light, "#0a5a76"), or(dark, "#83cbe4")),
        value(text(light, "#ffffff"), text(dark, "#05222d")),
    );
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

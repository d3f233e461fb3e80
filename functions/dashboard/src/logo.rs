//! The platform's logo, for sessions whose pass names it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_api::Ports;
use hooklane_app::ports::LogoStore as _;
use hooklane_domain::access::portal::{LogoHash, LogoMark, Look};
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::link;
use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::Visitor;

/// What has this hash never changes, but who has no session gets none.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// An SVG that is opened by itself is a page: one without an origin, which runs nothing and asks nobody.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";

/// A picture in the place of the platform's name.
pub(crate) struct Picture {
    pub(crate) address: String,
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// The grounds on which it is shown.
    pub(crate) on: &'static str,
}

/// The pictures that a page shows, each on its ground.
pub(crate) fn pictures(tenant: &TenantId, look: &Look) -> Vec<Picture> {
    let picture = |mark: &LogoMark, on| Picture {
        address: link::to(tenant, format_args!("logo/{}", mark.hash)),
        width: mark.width,
        height: mark.height,
        on,
    };
    match (&look.logo, &look.logo_dark) {
        (Some(light), Some(dark)) if light == dark => vec![picture(light, "any")],
        (Some(light), Some(dark)) => vec![picture(light, "light"), picture(dark, "dark")],
        (Some(only), None) => vec![picture(only, "white")],
        (None, _) => Vec::new(),
    }
}

pub(crate) async fn get<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, hash)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Oops> {
    let hash: LogoHash = hash.parse().map_err(|_| Oops::NoPage)?;
    let look = &visitor.pass.look;
    if ![&look.logo, &look.logo_dark].into_iter().flatten().any(|mark| mark.hash == hash) {
        return Err(Oops::NoPage);
    }
    let (logo, _) = portal.deps.ledger.logo(&hash).await?.ok_or(Oops::NoPage)?;
    let headers = [
        (CONTENT_TYPE, logo.media_type()),
        (CACHE_CONTROL, FOR_EVER),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, logo.bytes().to_vec()).into_response())
}

//! Whether a browser is the operator's: the session in its cookie.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use hooklane_api::Ports;
use hooklane_app::operator::admit;
use hooklane_app::portal::Shut;
use hooklane_app::ports::Clock as _;
use hooklane_domain::Timestamp;
use hooklane_domain::access::operator::{OperatorPass, Purpose};
use lambda_http::http::request::Parts;

use crate::form::{Fields, Own};
use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::{MODE_COOKIE, ZONE_COOKIE, cookie, with_rings};
use crate::written::Writer;

/// No tenant's cookie has this name: ids have no dot.
pub(super) const COOKIE_NAME: &str = "__Host-hooklane.operator";

/// The operator.
pub(crate) struct Operator {
    pub(super) pass: OperatorPass,
    pub(super) now: Timestamp,
    pub(super) writer: Writer,
    /// What this browser's reader chose for the colour scheme.
    pub(super) mode: Option<String>,
}

impl<P: Ports> FromRequestParts<Arc<Portal<P>>> for Operator {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        let text = cookie(&parts.headers, COOKIE_NAME).ok_or(Oops::OperatorOut)?;
        let pass = match admitted(portal, Purpose::Session, &text).await {
            Err(Shut::Invalid | Shut::Expired) => return Err(Oops::OperatorOut),
            admitted => admitted?,
        };
        let now = portal.deps.system.now();
        let zone = cookie(&parts.headers, ZONE_COOKIE);
        let writer = Writer::new(None, zone.as_deref(), now);
        Ok(Self { pass, now, writer, mode: cookie(&parts.headers, MODE_COOKIE) })
    }
}

/// The operator's pass in a text.
pub(super) async fn admitted<P: Ports>(
    portal: &Portal<P>,
    purpose: Purpose,
    text: &str,
) -> Result<OperatorPass, Shut> {
    let now = portal.deps.system.now();
    with_rings(portal, |rings| admit((purpose, text), rings, now)).await
}

/// A form of the operator's pages.
pub(crate) struct Order {
    pub(super) operator: Operator,
    pub(super) fields: Fields,
}

impl<P: Ports> FromRequest<Arc<Portal<P>>> for Order {
    type Rejection = Oops;

    async fn from_request(request: Request, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, portal).await?;
        let Own(fields) = Own::from_request(Request::from_parts(parts, body), portal).await?;
        fields.are_of(operator.pass.form.as_ref())?;
        Ok(Self { operator, fields })
    }
}

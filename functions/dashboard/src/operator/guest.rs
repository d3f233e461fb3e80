//! Whether a browser is the operator's: the session in its cookie.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{FromRequest, FromRequestParts, Request};
use hooklane_api::{Keys as _, Ports};
use hooklane_app::operator::admit;
use hooklane_app::portal::Shut;
use hooklane_app::ports::Clock as _;
use hooklane_domain::Timestamp;
use hooklane_domain::access::operator::{OperatorPass, Purpose};
use lambda_http::http::request::Parts;

use crate::form::{Fields, TOKEN, is_own};
use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::{MODE_COOKIE, ZONE_COOKIE, cookie};
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

/// The operator's pass in a text. Where the keys that are known do not fit, newer ones are read once.
pub(super) async fn admitted<P: Ports>(
    portal: &Portal<P>,
    purpose: Purpose,
    text: &str,
) -> Result<OperatorPass, Shut> {
    let (deps, now) = (&portal.deps, portal.deps.system.now());
    let (operators, tokens) =
        futures::future::try_join(deps.operator_keys.known(now), deps.token_keys.known(now))
            .await?;
    match admit((purpose, text), (&operators, &tokens), now) {
        Err(Shut::Invalid) => {
            let newest = futures::future::try_join(
                deps.operator_keys.newest(now),
                deps.token_keys.newest(now),
            );
            let (operators, tokens) = newest.await?;
            admit((purpose, text), (&operators, &tokens), now)
        }
        admitted => admitted,
    }
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
        let sent = fields.raw(TOKEN).unwrap_or_default();
        match &operator.pass.form {
            Some(token) if token.is(sent) => Ok(Self { operator, fields }),
            _ => Err(Oops::Foreign),
        }
    }
}

/// A form of one of the portal's own pages, whoever sends it.
pub(crate) struct Own(pub(super) Fields);

impl<P: Ports> FromRequest<Arc<Portal<P>>> for Own {
    type Rejection = Oops;

    async fn from_request(request: Request, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        if !is_own(request.headers(), &portal.deps.portal_origin) {
            return Err(Oops::Foreign);
        }
        let body: axum::body::Bytes = request.extract().await.map_err(|_| Oops::TooLarge)?;
        Ok(Self(Fields::of(&body)))
    }
}

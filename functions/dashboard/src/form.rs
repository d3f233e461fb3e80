//! Forms: their fields, and whether the portal's own page sent them.
//!
//! A form is taken if the browser says that its page is of the same origin, and if it repeats the text that only
//! this session's pages contain. Browsers that do not say where a request comes from
//! (`Sec-Fetch-Site`, in all since 2023) must name the origin.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use hooklane_api::Ports;
use hooklane_domain::access::portal::FormToken;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::ORIGIN;

use crate::oops::Oops;
use crate::settings::Portal;
use crate::visitor::Visitor;

/// The field that repeats the session's text.
const TOKEN: &str = "form";

/// The fields of a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The field's text without blanks around it, or nothing if it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The field's text as it was sent.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Refuses fields that do not repeat the text of this session.
    pub(crate) fn are_of(&self, session: Option<&FormToken>) -> Result<(), Oops> {
        let sent = self.raw(TOKEN).unwrap_or_default();
        if session.is_some_and(|token| token.is(sent)) { Ok(()) } else { Err(Oops::Foreign) }
    }
}

/// A form of somebody who may manage the tenant's webhooks.
pub(crate) struct Act {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

/// A form of anybody with a session.
pub(crate) struct Ask {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

impl<P: Ports> FromRequest<Arc<Portal<P>>> for Ask {
    type Rejection = Oops;

    async fn from_request(request: Request, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, portal).await?;
        let Own(fields) = Own::from_request(Request::from_parts(parts, body), portal).await?;
        fields.are_of(visitor.pass.form.as_ref())?;
        Ok(Self { visitor, fields })
    }
}

/// A form of one of the portal's own pages, whoever sends it.
pub(crate) struct Own(pub(crate) Fields);

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

impl<P: Ports> FromRequest<Arc<Portal<P>>> for Act {
    type Rejection = Oops;

    async fn from_request(request: Request, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        let Ask { visitor, fields } = Ask::from_request(request, portal).await?;
        if visitor.may_manage() { Ok(Self { visitor, fields }) } else { Err(Oops::ReadOnly) }
    }
}

/// Whether the browser says that a page of the portal sent it.
fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header(ORIGIN.as_str()) == Some(origin),
    }
}

//! Signing in with the operator key or by a link, and out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use hooklane_api::{Keys as _, Ports};
use hooklane_app::operator::session;
use hooklane_app::portal::Shut;
use hooklane_app::ports::Clock as _;
use hooklane_domain::access::key_mark::KeyMark;
use hooklane_domain::access::operator::Purpose;
use hooklane_domain::access::portal::SESSION_LASTS;
use lambda_http::http::StatusCode;
use secrecy::ExposeSecret as _;

use super::guest::{COOKIE_NAME, Order, admitted};
use crate::form::Own;
use crate::link::of_operator;
use crate::oops::Oops;
use crate::query::Query;
use crate::settings::Portal;
use crate::sign_in;
use crate::visitor::setting;

pub(crate) async fn home() -> Redirect {
    Redirect::to(&of_operator("overview"))
}

pub(crate) async fn form() -> Result<Response, Oops> {
    Ok(sign_in::form(None)?.into_response())
}

/// Begins a session for whoever knows an operator key.
pub(crate) async fn sign_in<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Own(fields): Own,
) -> Result<Response, Oops> {
    let (deps, now) = (&portal.deps, portal.deps.system.now());
    let text = fields.text("key").unwrap_or_default();
    let keys = deps.operator_keys.holding(text, now).await?;
    let Some(key) = keys.as_deref().and_then(|keys| keys.held(text)) else {
        tracing::warn!("operator.not_signed_in");
        let refused = sign_in::form(Some("This is no operator key."))?;
        return Ok((StatusCode::UNAUTHORIZED, refused).into_response());
    };
    let tokens = deps.token_keys.known(now).await?;
    begin(&portal, KeyMark::of(key, tokens.current())).await
}

/// Exchanges a link for a session.
pub(crate) async fn enter<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let text = query.text("link").ok_or(Oops::StaleLink)?;
    let link = match admitted(&portal, Purpose::Link, text).await {
        Err(Shut::Invalid | Shut::Expired) => return Err(Oops::StaleLink),
        admitted => admitted?,
    };
    begin(&portal, link.key).await
}

async fn begin<P: Ports>(portal: &Portal<P>, key: KeyMark) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let tokens = deps.token_keys.known(deps.system.now()).await?;
    let (_, text) = session(key, &deps.system, tokens.current());
    tracing::info!("operator.signed_in");
    let answer = Redirect::to(&of_operator("overview")).into_response();
    with_cookie(answer, text.expose_secret(), SESSION_LASTS.as_secs())
}

/// Ends the session in this browser.
pub(crate) async fn leave<P: Ports>(
    State(_): State<Arc<Portal<P>>>,
    _: Order,
) -> Result<Response, Oops> {
    with_cookie(Oops::OperatorLeft.into_response(), "", 0)
}

fn with_cookie(answer: Response, text: &str, seconds: i64) -> Result<Response, Oops> {
    let cookie =
        format!("{COOKIE_NAME}={text}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    setting(&cookie, answer)
}

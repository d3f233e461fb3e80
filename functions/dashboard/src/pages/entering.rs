//! Signing in by a link, and out.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use hooklane_api::{Keys as _, Ports};
use hooklane_app::portal::{Shut, session};
use hooklane_app::ports::Clock as _;
use hooklane_domain::access::portal::{Purpose, SESSION_LASTS};
use hooklane_domain::ids::TenantId;
use secrecy::ExposeSecret as _;

use crate::form::Ask;
use crate::link;
use crate::oops::Oops;
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::{Visitor, admitted, session_cookie, setting};

/// Exchanges a link for a session. A link works more than once in its five minutes: programs that look at
/// addresses before people do would otherwise use it up.
pub(crate) async fn enter<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path(tenant): Path<String>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let tenant: TenantId = tenant.parse().map_err(|_| Oops::NoPage)?;
    let text = query.text("link").ok_or(Oops::StaleLink)?;
    let (link, _) = match admitted(&portal, Purpose::Link, text, &tenant).await {
        Err(Shut::Invalid | Shut::Expired) => return Err(Oops::StaleLink),
        admitted => admitted?,
    };
    let deps = &portal.deps;
    let keys = deps.token_keys.known(deps.system.now()).await?;
    let (_, text) = session(link, &deps.system, keys.current());
    let seconds = SESSION_LASTS.as_secs();
    let to = link::to(&tenant, "webhooks");
    with_cookie(&portal, &tenant, text.expose_secret(), seconds, Redirect::to(&to).into_response())
}

/// Ends the session in this browser. The way back is a link: browsers apply the policy for forms to a redirect that
/// follows one, and would stay on the page without a word.
pub(crate) async fn leave<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Ask { visitor, .. }: Ask,
) -> Result<Response, Oops> {
    if visitor.pass.operator.is_some() {
        let address = link::of_operator(&format!("tenants/{}", visitor.id()));
        let answer = Redirect::to(&address).into_response();
        return with_cookie(&portal, visitor.id(), "", 0, answer);
    }
    let back = visitor.pass.back.as_ref().map(|url| url.as_str().to_owned());
    with_cookie(&portal, visitor.id(), "", 0, Oops::Left(back).into_response())
}

pub(crate) async fn home<P: Ports>(State(_): State<Arc<Portal<P>>>, visitor: Visitor) -> Redirect {
    Redirect::to(&link::to(visitor.id(), "webhooks"))
}

pub(crate) fn with_cookie<P: Ports>(
    portal: &Portal<P>,
    tenant: &TenantId,
    text: &str,
    seconds: i64,
    answer: Response,
) -> Result<Response, Oops> {
    setting(&session_cookie(tenant, text, seconds, portal.frame.any()), answer)
}

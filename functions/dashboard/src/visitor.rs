//! Whose browser asks: the session in the cookie of the tenant that the path names.
//!
//! The cookie's name ends with the tenant, so that sessions of several tenants live in one browser. `__Host-`
//! binds it to this host, and asks for `Path=/`.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use hooklane_api::{Keys as _, Ports};
use hooklane_app::inbox::is_available;
use hooklane_app::operator;
use hooklane_app::outlook::Outlook;
use hooklane_app::portal::{self, Shut};
use hooklane_app::ports::{Clock as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::portal::{Access, Pass, Purpose};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::TenantId;
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::masking::masked;
use lambda_http::http::header::{COOKIE, SET_COOKIE};
use lambda_http::http::request::Parts;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::oops::Oops;
use crate::settings::Portal;
use crate::written::Writer;

const COOKIE_NAME: &str = "__Host-hooklane-";
/// The cookie in which the script says the reader's time zone and scheme. It is no secret.
pub(crate) const ZONE_COOKIE: &str = "hooklane-zone";
pub(crate) const MODE_COOKIE: &str = "hooklane-mode";

/// Somebody with a session.
pub(crate) struct Visitor {
    pub(crate) tenant: Tenant,
    pub(crate) pass: Pass,
    pub(crate) now: Timestamp,
    pub(crate) writer: Writer,
    /// What this browser's reader chose for the colour scheme.
    pub(crate) mode: Option<String>,
    /// Whether the platform lets the tenant have a test inbox.
    pub(crate) has_inbox: bool,
    /// The path of the page within the tenant's, with its query.
    pub(crate) here: String,
}

impl Visitor {
    /// A webhook's address as the visitor may see it: who may only read does not learn what may be a token in it.
    pub(crate) fn shown_url(&self, webhook: &Webhook) -> String {
        if self.may_manage() { webhook.url.to_string() } else { masked(&webhook.url) }
    }

    pub(crate) fn id(&self) -> &TenantId {
        &self.tenant.id
    }

    pub(crate) fn may_manage(&self) -> bool {
        self.pass.access == Access::Manage
    }

    /// When the next attempts of these deliveries are.
    pub(crate) async fn outlook<P: Ports>(
        &self,
        portal: &Portal<P>,
        deliveries: &[Delivery],
    ) -> Result<Outlook, Unavailable> {
        let of = (self.id(), self.tenant.settings.paused);
        Outlook::of(&portal.deps.registry, of, deliveries, whole_millisecond(self.now)).await
    }

    pub(crate) fn new(tenant: Tenant, pass: Pass, now: Timestamp, headers: &HeaderMap) -> Self {
        let zone = pass.look.zone.clone().or_else(|| cookie(headers, ZONE_COOKIE));
        let writer = Writer::new(pass.look.locale.as_ref(), zone.as_deref(), now);
        let mode = cookie(headers, MODE_COOKIE);
        Self { tenant, pass, now, writer, mode, has_inbox: false, here: String::new() }
    }
}

impl<P: Ports> FromRequestParts<Arc<Portal<P>>> for Visitor {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal<P>>) -> Result<Self, Oops> {
        let named = tenant_of(parts).await?;
        let name = format!("{COOKIE_NAME}{named}");
        let text = cookie(&parts.headers, &name).ok_or(Oops::SignedOut)?;
        let (pass, tenant) = admitted(portal, Purpose::Session, &text, &named).await?;
        // As with the API, what the operator does is not counted.
        if pass.operator.is_none()
            && let Some(seconds) = portal.deps.over_limit(&tenant).await
        {
            return Err(Oops::TooMany(seconds));
        }
        let visitor = Self::new(tenant, pass, portal.deps.system.now(), &parts.headers);
        let has_inbox = is_available(&portal.deps.network, &visitor.tenant);
        // The router has taken the tenant's path away.
        let here = parts.uri.path_and_query().map_or("", |page| page.as_str());
        let here = here.trim_start_matches('/').to_owned();
        Ok(Self { has_inbox, here, ..visitor })
    }
}

/// The tenant that the path names.
pub(crate) async fn tenant_of(parts: &mut Parts) -> Result<TenantId, Oops> {
    let parameters = parts.extract::<RawPathParams>().await.map_err(|_| Oops::NoPage)?;
    let text = parameters.iter().find(|(name, _)| *name == "tenant").map(|(_, text)| text);
    text.unwrap_or_default().parse().map_err(|_| Oops::NoPage)
}

/// The pass in a text, if it opens the portal of this tenant for this purpose. A signature that fits no known key
/// may be of one that was added a moment ago, so these are read again once.
pub(crate) async fn admitted<P: Ports>(
    portal: &Portal<P>,
    purpose: Purpose,
    text: &str,
    named: &TenantId,
) -> Result<(Pass, Tenant), Shut> {
    let (deps, now) = (&portal.deps, portal.deps.system.now());
    let known = deps.token_keys.known(now).await?;
    let asked = (purpose, text);
    let (pass, tenant) = match portal::admit(&deps.registry, asked, (&known, now), named).await {
        Err(Shut::Invalid) => {
            let newest = deps.token_keys.newest(now).await?;
            portal::admit(&deps.registry, asked, (&newest, now), named).await?
        }
        admitted => admitted?,
    };
    if pass.operator.is_some() {
        with_rings(portal, |(operators, tokens)| {
            if operator::admits(&pass, operators, tokens) { Ok(()) } else { Err(Shut::Invalid) }
        })
        .await?;
    }
    Ok((pass, tenant))
}

/// What is decided by the operator's keys and those of tokens, in this order. Where the keys that are known do not fit,
/// newer ones are read once.
pub(crate) async fn with_rings<P: Ports, T>(
    portal: &Portal<P>,
    decide: impl Fn((&KeyRing, &KeyRing)) -> Result<T, Shut>,
) -> Result<T, Shut> {
    let (deps, now) = (&portal.deps, portal.deps.system.now());
    let (operator_keys, token_keys) = (&deps.operator_keys, &deps.token_keys);
    let (operators, tokens) =
        futures::future::try_join(operator_keys.known(now), token_keys.known(now)).await?;
    match decide((&operators, &tokens)) {
        Err(Shut::Invalid) => {
            let newest =
                futures::future::try_join(operator_keys.newest(now), token_keys.newest(now));
            let (operators, tokens) = newest.await?;
            decide((&operators, &tokens))
        }
        decided => decided,
    }
}

/// The header that gives a browser its session, until the session ends. In a frame of another site a cookie is
/// only sent with `SameSite=None`, and is kept apart for each such site (`Partitioned`).
pub(crate) fn session_cookie(tenant: &TenantId, text: &str, seconds: i64, framed: bool) -> String {
    let same_site = if framed { "SameSite=None; Partitioned" } else { "SameSite=Lax" };
    format!(
        "{COOKIE_NAME}{tenant}={text}; Path=/; Max-Age={seconds}; Secure; HttpOnly; {same_site}"
    )
}

/// The answer, with which the browser keeps a cookie.
pub(crate) fn setting(cookie: &str, mut answer: Response) -> Result<Response, Oops> {
    let cookie = HeaderValue::from_str(cookie).map_err(|_| Oops::Broken)?;
    answer.headers_mut().append(SET_COOKIE, cookie);
    Ok(answer)
}

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}

//! From the operator's pages to those of a tenant.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use hooklane_api::{Keys as _, Ports};
use hooklane_app::operator;
use hooklane_app::portal::Shut;
use hooklane_app::ports::Clock as _;
use hooklane_domain::access::portal::Access;
use hooklane_domain::ids::TenantId;
use secrecy::ExposeSecret as _;

use super::guest::Order;
use crate::link;
use crate::oops::Oops;
use crate::pages::entering::with_cookie;
use crate::settings::Portal;

/// Begins a session in the portal of a tenant: to look, unless the form asks for more.
pub(crate) async fn view<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Order { operator: guest, fields }: Order,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let named = fields.text("tenant").and_then(|text| text.parse::<TenantId>().ok());
    let tenant = named.ok_or(Oops::NoPage)?;
    let access = fields.text("access").and_then(|text| text.parse::<Access>().ok());
    let access = access.unwrap_or(Access::Read);
    let tokens = deps.token_keys.known(guest.now).await?;
    let (registry, system) = (&deps.registry, &deps.system);
    let begun = operator::view(registry, system, tokens.current(), &guest.pass, (&tenant, access));
    let (pass, text) = match begun.await {
        Err(Shut::Invalid | Shut::Expired) => return Err(Oops::NoPage),
        begun => begun?,
    };
    tracing::info!(%tenant, access = access.as_str(), "operator.views_tenant");
    let seconds = pass.expires_at.as_second() - system.now().as_second();
    let page = fields.text("to").filter(|page| is_page(page)).unwrap_or("webhooks");
    let answer = Redirect::to(&link::to(&tenant, page)).into_response();
    with_cookie(&portal, &tenant, text.expose_secret(), seconds, answer)
}

/// Whether it is the path of a page of a tenant, perhaps with a query.
pub(crate) fn is_page(text: &str) -> bool {
    let first = text.split(['/', '?']).next();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/?=&_-%.+*~".contains(c);
    // Browsers read an escaped dot as a dot.
    let has_dots = text.contains("..") || text.to_ascii_lowercase().contains("%2e");
    matches!(first, Some("webhooks" | "deliveries")) && text.chars().all(is_plain) && !has_dots
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_view_begins_at_a_page_of_the_tenant_and_nowhere_else() {
        for (text, is_page) in [
            ("webhooks", true),
            ("webhooks/wh_01", true),
            ("deliveries?id=evt_1", true),
            ("deliveries/dlv_A-_", true),
            ("deliveries?event=order.*&code=500", true),
            ("webhooks/%2e%2e/%2E./operator/leave", false),
            ("", false),
            ("/evil.example", false),
            ("webhooks/../../operator/leave", false),
            ("webhooks\r\nset-cookie: a=b", false),
            ("https://evil.example", false),
            ("webhooks#x", false),
        ] {
            assert_eq!(super::is_page(text), is_page, "{text}");
        }
    }
}

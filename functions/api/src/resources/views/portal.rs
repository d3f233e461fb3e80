use hooklane_app::portal::IssuedLink;
use hooklane_domain::ids::TenantId;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// A link that signs a person in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PortalLink)]
pub(crate) struct PortalLinkView {
    /// Where to send the person's browser.
    #[schema(
        example = "https://hooks.example.com/portal/acme/enter?link=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
    )]
    url: String,
    expires_at: String,
}

impl PortalLinkView {
    pub(crate) fn new(origin: &str, tenant: &TenantId, link: &IssuedLink) -> Self {
        Self {
            // A pass has no character that a query would have to escape.
            url: format!("{origin}/portal/{tenant}/enter?link={}", link.pass.expose_secret()),
            expires_at: time(link.expires_at),
        }
    }

    pub(crate) fn of_operator(origin: &str, link: &IssuedLink) -> Self {
        Self {
            url: format!("{origin}/operator/enter?link={}", link.pass.expose_secret()),
            expires_at: time(link.expires_at),
        }
    }
}

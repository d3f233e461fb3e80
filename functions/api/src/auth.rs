//! Who is asking. The operator key may do everything and names its tenant in `X-Tenant-Id`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use hooklane_app::ports::{Surroundings as _, Unavailable};
use hooklane_aws::secrets::Refreshed;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::AUTHORIZATION;
use lambda_http::http::request::Parts;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::Backend;
use crate::problem::Problem;

/// Where the operator key is read from.
pub trait OperatorKey: Send + Sync {
    fn current(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<SecretString>, Unavailable>> + Send;
}

impl OperatorKey for Refreshed {
    async fn current(&self, now: Timestamp) -> Result<Arc<SecretString>, Unavailable> {
        self.get(now).await
    }
}

/// What a token may be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    ReadWebhooks,
    WriteWebhooks,
    PublishEvents,
}

/// The names scopes have in tokens and in the OpenAPI document.
pub(crate) const READ: &str = "webhooks:read";
pub(crate) const WRITE: &str = "webhooks:write";
pub(crate) const PUBLISH: &str = "events:publish";

/// Extractors of the tenant a request acts for, once its bearer token was found good for a scope.
macro_rules! granted {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) TenantId);

        impl<B: Backend> FromRequestParts<Arc<B>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, api: &Arc<B>) -> Result<Self, Problem> {
                tenant(parts, api, $scope).await.map(Self)
            }
        }
    )+ };
}

granted! {
    /// May look at webhooks, deliveries and events.
    Reader: Scope::ReadWebhooks;
    /// May change webhooks and deliveries, and see secrets.
    Writer: Scope::WriteWebhooks;
    /// May publish events.
    Publisher: Scope::PublishEvents;
}

const TENANT_HEADER: &str = "x-tenant-id";

async fn tenant<B: Backend>(
    parts: &Parts,
    api: &Arc<B>,
    _needed: Scope,
) -> Result<TenantId, Problem> {
    let token = bearer(parts).ok_or_else(Problem::unauthorized)?;
    let key = api.operator_key().current(api.surroundings().now()).await?;
    let good: bool = token.as_bytes().ct_eq(key.expose_secret().as_bytes()).into();
    if !good {
        return Err(Problem::unauthorized());
    }
    let named = parts.headers.get(TENANT_HEADER).and_then(|value| value.to_str().ok());
    match named {
        Some(tenant) => {
            tenant.parse().map_err(|e| Problem::bad_request(&format!("the header X-Tenant-Id {e}")))
        }
        None => Err(Problem::bad_request("the operator key needs the header X-Tenant-Id")),
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

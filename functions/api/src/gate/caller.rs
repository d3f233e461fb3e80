//! The caller of a request, and what it may do. `authentication` finds the caller once; the extractors here
//! give handlers the tenant if the caller has the required scope.

use axum::extract::FromRequestParts;
use hooklane_domain::access::principal::Principal;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;
use lambda_http::http::request::Parts;

use crate::http::problem::Problem;

/// The authenticated caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The tenant it acts for: the key's or token's, or the one in the operator's `X-Tenant-Id`.
    pub(crate) tenant: Option<Tenant>,
}

/// The scopes' names in the OpenAPI document.
pub(crate) const READ: &str = Scope::ReadWebhooks.as_str();
pub(crate) const WRITE: &str = Scope::WriteWebhooks.as_str();
pub(crate) const PUBLISH: &str = Scope::PublishEvents.as_str();
pub(crate) const READ_KEYS: &str = Scope::ReadKeys.as_str();
pub(crate) const WRITE_KEYS: &str = Scope::WriteKeys.as_str();

impl Caller {
    /// The tenant it acts for, if it has this scope.
    fn tenant(&self, needed: Scope) -> Result<&TenantId, Problem> {
        self.allows(needed)?;
        self.acts_for().map(|tenant| &tenant.id)
    }

    pub(crate) fn allows(&self, needed: Scope) -> Result<(), Problem> {
        if self.principal.may(needed) {
            return Ok(());
        }
        let kind = self.principal.kind();
        Err(Problem::forbidden(&format!("The {kind} lacks the scope {}.", needed.as_str())))
    }
}

impl Caller {
    /// The tenant that it acts for. Only the operator may act for none.
    pub(crate) fn acts_for(&self) -> Result<&Tenant, Problem> {
        self.tenant.as_ref().ok_or_else(|| {
            Problem::bad_request("The operator must name a tenant in the header X-Tenant-Id.")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        // Without the gate there is no caller, so a route that is not behind it lets nobody in.
        caller.ok_or_else(Problem::unauthorized)
    }
}

/// Defines extractors of the tenant that a request acts for. They reject a caller without the scope.
macro_rules! granted {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) TenantId);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, state).await?;
                caller.tenant($scope).cloned().map(Self)
            }
        }
    )+ };
}

granted! {
    /// May read webhooks, deliveries and events.
    Reader: Scope::ReadWebhooks;
    /// May change webhooks and deliveries, and see secrets.
    Writer: Scope::WriteWebhooks;
    /// May list keys.
    KeyReader: Scope::ReadKeys;
    /// May create, rename, rotate and revoke keys.
    KeyWriter: Scope::WriteKeys;
}

/// Rejects any caller but the operator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator;

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if Caller::from_request_parts(parts, state).await?.principal.is_operator() {
            Ok(Self)
        } else {
            Err(refuse_tenant(parts.uri.path()))
        }
    }
}

/// A tenant must not learn whether another tenant exists, so it gets a 404.
fn refuse_tenant(path: &str) -> Problem {
    if path.trim_end_matches('/').contains("/tenants/") {
        Problem::not_found("tenant")
    } else {
        Problem::forbidden("Only the operator may do this.")
    }
}

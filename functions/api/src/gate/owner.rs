//! What a request is about if the operator names no tenant: the event types of the platform, or events whose
//! bodies name their tenants.

use axum::extract::FromRequestParts;
use hooklane_catalog::Owner;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::event::DefaultTenant;
use lambda_http::http::request::Parts;

use crate::gate::caller::Caller;
use crate::http::problem::Problem;

/// May publish events: of the caller's tenant. Those of the operator without one name their own, as in the event
/// queue.
pub(crate) struct Publisher(pub(crate) DefaultTenant);

impl<S: Send + Sync> FromRequestParts<S> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.allows(Scope::PublishEvents)?;
        let tenant = caller.tenant.map(|tenant| tenant.id);
        Ok(Self(tenant.map_or(DefaultTenant::None, DefaultTenant::Is)))
    }
}

/// May read event types.
pub(crate) struct ReadsTypes(pub(crate) Owner);
/// May change event types.
pub(crate) struct WritesTypes(pub(crate) Owner);

impl<S: Send + Sync> FromRequestParts<S> for ReadsTypes {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        owner(parts, state, Scope::ReadWebhooks).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WritesTypes {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        owner(parts, state, Scope::WriteWebhooks).await.map(Self)
    }
}

/// Keys and tokens always have a tenant, so only the operator can name none.
async fn owner<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    needed: Scope,
) -> Result<Owner, Problem> {
    let caller = Caller::from_request_parts(parts, state).await?;
    caller.allows(needed)?;
    Ok(caller.tenant.map_or(Owner::Platform, |tenant| Owner::Tenant(tenant.id)))
}

//! Whose event types a request is about: those of its tenant, or, where the operator names none, the
//! platform's.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use hooklane_domain::catalog::Owner;
use lambda_http::http::HeaderValue;
use lambda_http::http::request::Parts;

use crate::Backend;
use crate::auth::{Reader, Writer};
use crate::problem::Problem;

/// Named for the operator where it names nobody; whoever speaks for a tenant gets that tenant instead.
const NOBODY: &str = "-";
const TENANT_HEADER: &str = "x-tenant-id";

/// May look at the types.
pub(crate) struct ReadsTypes(pub(crate) Owner);
/// May change them.
pub(crate) struct WritesTypes(pub(crate) Owner);

impl<B: Backend> FromRequestParts<Arc<B>> for ReadsTypes {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<B>) -> Result<Self, Problem> {
        let named = name_somebody(parts);
        let Reader(tenant) = Reader::from_request_parts(parts, api).await?;
        Ok(Self(owner(named, tenant)))
    }
}

impl<B: Backend> FromRequestParts<Arc<B>> for WritesTypes {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<B>) -> Result<Self, Problem> {
        let named = name_somebody(parts);
        let Writer(tenant) = Writer::from_request_parts(parts, api).await?;
        Ok(Self(owner(named, tenant)))
    }
}

/// Whether the request names a tenant; if not, it does afterwards.
fn name_somebody(parts: &mut Parts) -> bool {
    let named = parts.headers.contains_key(TENANT_HEADER);
    if !named {
        parts.headers.insert(TENANT_HEADER, HeaderValue::from_static(NOBODY));
    }
    named
}

fn owner(named: bool, tenant: hooklane_domain::ids::TenantId) -> Owner {
    if !named && tenant.as_str() == NOBODY { Owner::Platform } else { Owner::Tenant(tenant) }
}

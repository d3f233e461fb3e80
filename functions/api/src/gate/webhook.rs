//! The webhook that a path names, by its own id or by its tenant's.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, RawPathParams};
use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::request::Parts;

use crate::backend::{Deps, Ports};
use crate::gate::caller::Caller;
use crate::http::path::{self, WebhookName};
use crate::http::problem::Problem;
use crate::http::span;

/// The id of the webhook that `{webhook}` names. An external id takes one consistent read, and is one of the
/// caller's tenant. Whether there is such a webhook is for the handler to find out.
///
/// It stands after the extractor of the scope, so that who lacks the scope learns nothing.
pub(crate) struct Named(pub(crate) WebhookId);

impl<P: Ports> FromRequestParts<Arc<Deps<P>>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, deps: &Arc<Deps<P>>) -> Result<Self, Problem> {
        let name = {
            let parameters = parts.extract::<RawPathParams>().await.map_err(Problem::internal)?;
            let text = parameters.iter().find(|(name, _)| *name == "webhook").map(|(_, text)| text);
            WebhookName::read(text.unwrap_or_default())?
        };
        let external = match name {
            WebhookName::Id(id) => return Ok(Self(id)),
            WebhookName::External(external) => external,
        };
        let caller = Caller::from_request_parts(parts, deps).await?;
        let tenant = &caller.acts_for()?.id;
        let found = deps.registry.holder(tenant, &external).await?;
        let id = found.ok_or_else(path::missing::<WebhookId>)?;
        span::of_webhook(id);
        Ok(Self(id))
    }
}

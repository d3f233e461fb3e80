//! A new webhook: one page with everything that it needs, and what may be left out.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::webhooks::{self, RegisterError};
use serde_json::Value;

use crate::form::Act;
use crate::link;
use crate::oops::Oops;
use crate::pages::editor::{self, About, Mistakes, Shown, Values};
use crate::pages::{see, studio, webhook};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    if !visitor.may_manage() {
        return Err(Oops::ReadOnly);
    }
    let events = query.text("event").map(ToOwned::to_owned).into_iter().collect();
    let url = query.text("url").unwrap_or_default().to_owned();
    let values = Values { url, events, ..Values::default() };
    editor::form(&portal, &visitor, &About::New, values, Shown::default()).await
}

/// The form for a tenant that has no webhook yet.
pub(super) async fn first<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    done: Option<&str>,
) -> Result<Response, Oops> {
    let shown = Shown::first(done);
    editor::form(portal, visitor, &About::New, Values::default(), shown).await
}

/// Registers it, and shows the secret; or shows the form again with what is to be corrected.
pub(crate) async fn create<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let values = Values::of(&fields);
    let deps = &portal.deps;
    let (rules, quotas) = (deps.rules_of(&visitor.tenant), deps.quotas_of(&visitor.tenant));
    let (checked, tenant) = ((rules, &quotas), visitor.id().clone());
    let body = Value::Object(values.body(None)).to_string();
    let mistakes =
        match webhooks::register(&deps.registry, &deps.system, checked, tenant, &body).await {
            Ok(created) => {
                let title = "It is created. This is its signing secret";
                return webhook::secret(&portal, &visitor, &created, title);
            }
            Err(RegisterError::Invalid(errors)) => Mistakes::of_body(&errors, ("", &values), None),
            Err(RegisterError::Quota(over)) => Mistakes::whole(&over.to_string()),
            Err(other) => return Err(other.into()),
        };
    let shown = Shown::wrong(mistakes);
    editor::form(&portal, &visitor, &About::New, values, shown).await
}

/// Tries what is in the form, and saves nothing.
pub(crate) async fn trial<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, act)): Path<(String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    match act.as_str() {
        "studio" => studio::tried(&portal, &visitor, &About::New, &fields).await,
        act => editor::tried(&portal, &visitor, &About::New, (act, &fields)).await,
    }
}

/// Whoever comes back to the address of a trial finds the form.
pub(crate) async fn again(visitor_tenant: Path<(String, String)>) -> Result<Response, Oops> {
    let Path((tenant, _)) = visitor_tenant;
    let tenant = tenant.parse().map_err(|_| Oops::NoPage)?;
    Ok(see(&link::to(&tenant, "new")))
}

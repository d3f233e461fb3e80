//! Changing a webhook: the form of a new one with what is saved in its fields. It changes only the revision that it
//! shows, so that two people do not overwrite each other.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_api::{Ports, shown_fields};
use hooklane_app::precondition::Precondition;
use hooklane_app::webhooks::{self, ChangeError};
use hooklane_domain::webhook::Webhook;
use lambda_http::http::StatusCode;
use serde_json::Value;

use crate::form::Act;
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::editor::{self, About, Mistakes, Shown, Values};
use crate::pages::{page, see, studio, webhook};
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, seen_lines, theirs};

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let about = About::saved(&portal, &visitor, &webhook).await?;
    let values = about.current().map(Values::of_webhook).unwrap_or_default();
    editor::form(&portal, &visitor, &about, values, Shown::default()).await
}

/// Saves it, if it is still what the form was filled from; or says what is to be corrected, or who was faster.
pub(crate) async fn save<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, webhook)): Path<(String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let webhook = webhook::read(&portal, &visitor, &webhook).await?;
    let values = Values::of(&fields);
    let revision = values.revision.parse().map_err(|_| Oops::NoPage)?;
    if revision != webhook.revision {
        return overtaken(&visitor, &webhook, &values);
    }
    let deps = &portal.deps;
    let (rules, quotas) = (deps.rules_of(&visitor.tenant), deps.quotas_of(&visitor.tenant));
    let (checked, key) = ((rules, &quotas), (visitor.id(), webhook.id));
    let body = Value::Object(values.body(Some(&webhook))).to_string();
    let seen = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
    let (known, sent) = (Precondition::OneOf(vec![revision]), (body.as_str(), seen));
    let changed = webhooks::change(&deps.registry, &deps.system, checked, key, &known, sent).await;
    let mistakes = match changed {
        Ok(_) => {
            let here = format!("webhooks/{}", webhook.id);
            return Ok(see(&link::with(visitor.id(), &here, &[("done", "changed")])));
        }
        Err(ChangeError::Changed) => {
            let now = webhook::read(&portal, &visitor, &webhook.id.to_string()).await?;
            return overtaken(&visitor, &now, &values);
        }
        Err(ChangeError::Invalid(errors)) => {
            Mistakes::of_body(&errors, ("", &values), Some(&webhook))
        }
        Err(ChangeError::Quota(over)) => Mistakes::whole(&over.to_string()),
        Err(other) => return Err(other.into()),
    };
    let shown = Shown::wrong(mistakes);
    let about = About::Saved(Box::new(webhook));
    editor::form(&portal, &visitor, &about, values, shown).await
}

/// Tries what is in the form, and saves nothing.
pub(crate) async fn trial<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, webhook, act)): Path<(String, String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let about = About::saved(&portal, &visitor, &webhook).await?;
    match act.as_str() {
        "studio" => studio::tried(&portal, &visitor, &about, &fields).await,
        act => editor::tried(&portal, &visitor, &about, (act, &fields)).await,
    }
}

/// Whoever comes back to the address of a trial finds the form.
pub(crate) async fn again(
    Path((tenant, webhook, _)): Path<(String, String, String)>,
) -> Result<Response, Oops> {
    let tenant = tenant.parse().map_err(|_| Oops::NoPage)?;
    Ok(see(&link::to(&tenant, format!("webhooks/{webhook}/edit"))))
}

#[derive(Template)]
#[template(path = "overtaken.html")]
struct Overtaken {
    frame: Frame,
    name: Html,
    back: String,
    address: String,
    at: Html,
    differences: Vec<Difference>,
    carried: Vec<(&'static str, String)>,
}

struct Difference {
    name: &'static str,
    saved: Html,
    typed: Html,
}

/// Nothing is saved, and the reader chooses.
fn overtaken(visitor: &Visitor, now: &Webhook, typed: &Values) -> Result<Response, Oops> {
    let saved = Values::of_webhook(now);
    let carried = Values { revision: saved.revision.clone(), ..typed.clone() }.carried();
    let about = About::Saved(Box::new(now.clone()));
    let events = |values: &Values| values.subscriptions(Some(now)).join("\n");
    let limit = |values: &Values| match (values.rate.as_str(), values.per.as_str()) {
        ("", _) => String::new(),
        (rate, "") => format!("{rate} in 60 s"),
        (rate, per) => format!("{rate} in {per} s"),
    };
    let mode = |values: &Values| if values.test_mode { "on" } else { "off" }.to_owned();
    let of = |name, of: &dyn Fn(&Values) -> String| {
        let (saved, typed) = (of(&saved), of(typed));
        let shown = |text: &str| match text {
            "" => Html("<span class=\"quiet\">nothing</span>".to_owned()),
            text => seen_lines(text),
        };
        (saved.trim() != typed.trim()).then(|| Difference {
            name,
            saved: shown(&saved),
            typed: shown(&typed),
        })
    };
    let all = [
        of("Address", &|values| values.url.clone()),
        of("Name", &|values| values.name.clone()),
        of("Event types", &events),
        of("Format", &|values| values.contract.clone()),
        of("Filter", &|values| values.filter.clone()),
        of("Transform", &|values| values.transform.clone()),
        of("Time limit", &|values| values.timeout.clone()),
        of("At most", &limit),
        of("Headers", &|values| values.headers.clone()),
        of("Test mode", &mode),
    ];
    let shown = page(&Overtaken {
        frame: Frame::new(visitor, Place::Webhooks, "Somebody else was faster"),
        name: theirs(&now.name),
        back: about.back(visitor.id()),
        address: about.address(visitor.id()),
        at: visitor.writer.second(now.updated_at),
        differences: all.into_iter().flatten().collect(),
        carried,
    })?;
    Ok((StatusCode::PRECONDITION_FAILED, shown).into_response())
}

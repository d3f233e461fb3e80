//! What the form tries before anything is saved: the request as it would arrive, a sample that is sent, the address.
//! Each is a use case of the API, with the body that saving would send.

use hooklane_api::{Ports, shown_fields};
use hooklane_app::catalog::Freshness;
use hooklane_app::webhooks::{
    self, ChangeError, PreviewError, PreviewOrder, PreviewedRequest, RegisterError, TestError,
};
use hooklane_domain::expression::{Failure, Verdict};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::subscription::Subscription;
use serde_json::{Map, Value, json};

use super::{About, GREETING, Mistakes, Values};
use crate::json as folding;
use crate::oops::Oops;
use crate::pages::webhook::{Exchange, head_lines};
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words;
use crate::written::{Html, breakable, seen};

/// What came of it, or what is to be corrected first.
pub(super) enum Tried<T> {
    Done(T),
    Wrong(Mistakes),
}

/// The request that would arrive.
pub(super) struct Previewed {
    pub(super) event_type: String,
    pub(super) host: Html,
    /// The headers and the body; or why nothing would be sent.
    pub(super) request: Result<(Html, Html), Html>,
    /// The secret that it is signed with. Everybody may know it.
    pub(super) secret: String,
    pub(super) filter: Option<Filtered>,
}

/// What the filter says of the sample.
pub(super) enum Filtered {
    Passes,
    Rejects,
    Fails(String),
}

pub(super) async fn preview<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    values: &Values,
) -> Result<Tried<Previewed>, Oops> {
    let event = sample_type(portal, visitor, about, values).await?;
    let mut body = values.body(about.current());
    if about.current().is_none() {
        // A preview needs neither.
        body.retain(|name, value| match name.as_str() {
            "url" => value != "",
            "events" => value != &json!([]),
            _ => true,
        });
    }
    match previewed(portal, visitor, about, body, event.as_ref()).await {
        Ok(shown) => Ok(Tried::Done(in_words(shown))),
        Err(PreviewError::Invalid(errors)) => Ok(wrong(&errors, about, values)),
        Err(
            PreviewError::Draft(RegisterError::Quota(over))
            | PreviewError::Change(ChangeError::Quota(over)),
        ) => Ok(Tried::Wrong(Mistakes::whole(&over.to_string()))),
        Err(other) => Err(other.into()),
    }
}

/// What the API says of the address alone; empty if nothing is wrong with it.
pub(super) async fn address<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    values: &Values,
) -> Result<String, Oops> {
    let url = values.url.trim();
    if url.is_empty() {
        return Ok(String::new());
    }
    let mut body = Map::new();
    body.insert("url".to_owned(), json!(url));
    match previewed(portal, visitor, about, body, None).await {
        Ok(_) => Ok(String::new()),
        Err(PreviewError::Invalid(errors)) => {
            let under = (path(about), values);
            Ok(Mistakes::of_body(&errors, under, about.current()).of("url"))
        }
        Err(other) => Err(other.into()),
    }
}

async fn previewed<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    body: Map<String, Value>,
    event: Option<&EventType>,
) -> Result<PreviewedRequest, PreviewError> {
    let deps = &portal.deps;
    let (rules, quotas) = (deps.rules_of(&visitor.tenant), deps.quotas_of(&visitor.tenant));
    let (stores, checked) = ((&deps.registry, &deps.ledger), (rules, &quotas));
    let mut order = Map::new();
    order.insert(path(about).to_owned(), Value::Object(body));
    if let Some(event) = event {
        order.insert("event".to_owned(), json!(event.as_str()));
    }
    let order = Value::Object(order).to_string();
    match about.current() {
        None => {
            let order = PreviewOrder::read_with_draft(&order).map_err(PreviewError::Invalid)?;
            webhooks::preview_unsaved(stores, &deps.system, checked, visitor.id(), order).await
        }
        Some(webhook) => {
            let order = PreviewOrder::read(&order).map_err(PreviewError::Invalid)?;
            let shown = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
            let key = (visitor.id(), webhook.id);
            let changed = (order, shown);
            webhooks::preview_change(stores, &deps.system, checked, key, changed).await
        }
    }
}

/// Where the body stands in a preview's.
fn path(about: &About) -> &'static str {
    match about {
        About::New => "webhook",
        About::Saved(_) => "change",
    }
}

fn in_words(shown: PreviewedRequest) -> Previewed {
    let transform = shown.expressions.transform.as_ref().and_then(|made| made.as_ref().err());
    let because =
        |failure: &Failure| Html(format!("The transform fails: {}", seen(&failure.to_string())));
    Previewed {
        event_type: shown.event_type.to_string(),
        host: breakable(&shown.host),
        request: match (&shown.request, transform) {
            (Ok(request), _) => Ok((
                head_lines(&request.headers),
                folding::body(&request.body, "Body of the request"),
            )),
            (Err(_), Some(failure)) => Err(because(failure)),
            (Err(error), None) => Err(words::error_detail(error)),
        },
        secret: shown.example.map(|example| example.secret).unwrap_or_default(),
        filter: shown.expressions.filter.map(|said| match said {
            Ok(Verdict::Passed) => Filtered::Passes,
            Ok(Verdict::Rejected) => Filtered::Rejects,
            Err(failure) => Filtered::Fails(failure.to_string()),
        }),
    }
}

/// Sends one test to the address in the form.
pub(super) async fn sample<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    values: &Values,
) -> Result<Tried<Exchange>, Oops> {
    let deps = &portal.deps;
    let event = sample_type(portal, visitor, about, values).await?;
    let body = Value::Object(values.body(about.current())).to_string();
    let (rules, quotas) = (deps.rules_of(&visitor.tenant), deps.quotas_of(&visitor.tenant));
    let (checked, test) = ((rules, &quotas), deps.test_deps(&quotas));
    let what = (event, body.as_str());
    let tested = match about.current() {
        None => webhooks::test_unsaved(test, checked, visitor.id(), what).await,
        Some(webhook) => {
            let shown = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
            let key = (visitor.id(), webhook.id);
            webhooks::test_change(test, checked, key, what, shown).await
        }
    };
    match tested {
        Ok(tested) => Ok(Tried::Done(Exchange::of(&tested, &visitor.writer))),
        Err(
            TestError::Invalid(errors)
            | TestError::Draft(RegisterError::Invalid(errors))
            | TestError::Change(ChangeError::Invalid(errors)),
        ) => Ok(wrong(&errors, about, values)),
        Err(
            TestError::Draft(RegisterError::Quota(over))
            | TestError::Change(ChangeError::Quota(over)),
        ) => Ok(Tried::Wrong(Mistakes::whole(&over.to_string()))),
        Err(other) => Err(other.into()),
    }
}

fn wrong<T>(errors: &FieldErrors, about: &About, values: &Values) -> Tried<T> {
    Tried::Wrong(Mistakes::of_body(errors, (path(about), values), about.current()))
}

/// The event type whose sample is meant: the chosen one, or else the first that the webhook would get.
async fn sample_type<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    values: &Values,
) -> Result<Option<EventType>, Oops> {
    match values.sample.as_str() {
        GREETING => return Ok(None),
        "" => {}
        named => return Ok(named.parse().ok()),
    }
    let wanted = values.subscriptions(about.current());
    let wanted: Vec<Subscription> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
    let (deps, id) = (&portal.deps, visitor.id());
    let known = deps.catalog.types_of(&deps.registry, id, visitor.now, Freshness::Cached).await?;
    let mut names = known.types().map(|(name, ..)| name);
    Ok(names.find(|name| wanted.iter().any(|one| one.matches(name))).cloned())
}

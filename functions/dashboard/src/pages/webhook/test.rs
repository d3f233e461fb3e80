//! A test of a webhook, and what its receiver answered.

use askama::Template;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::webhooks::{self, TestDeps};
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::webhook::Webhook;

use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::page;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words;
use crate::written::{Html, seen, seen_lines, theirs};
use crate::{json, link};

#[derive(Template)]
#[template(path = "tested.html")]
struct Tested {
    frame: Frame,
    here: String,
    name: Html,
    success: bool,
    summary: String,
    advice: &'static str,
    sent: Html,
    answered: Option<(Html, Html)>,
    error: Option<Html>,
    event_type: String,
}

pub(super) async fn test<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: &Webhook,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let at_once = deps.quotas_of(&visitor.tenant).of(QuotaName::ConcurrentTests);
    let test_deps = TestDeps {
        registry: &deps.registry,
        ledger: &deps.ledger,
        sender: &deps.sender,
        system: &deps.system,
        contracts: &deps.contracts,
        catalog: &deps.catalog,
        at_once: u32::try_from(at_once).unwrap_or(u32::MAX),
    };
    // The sample of a type that it gets, if there is one: filter and transform are written for such data.
    let types = deps.catalog.types_of(&deps.registry, visitor.id(), visitor.now, Freshness::Cached);
    let types = types.await?;
    let wanted = types.types().map(|(name, _, _)| name).find(|name| webhook.wants(name));
    let body = match wanted {
        Some(event) => serde_json::json!({ "event": event.as_str() }).to_string(),
        None => String::new(),
    };
    let tested = webhooks::test(test_deps, (visitor.id(), webhook.id), &body).await?;
    let attempt = &tested.test.attempt;
    let last = attempt.summary();
    let lines = |headers: &[(String, String)]| -> String {
        let line = |(name, value): &(String, String)| {
            format!("<span class=\"head\">{}:</span> {}\n", seen(name), seen_lines(value))
        };
        headers.iter().map(line).collect()
    };
    page(&Tested {
        frame: Frame::new(visitor, Place::Webhooks, "Test"),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        success: tested.success,
        summary: words::answer(&last, &visitor.writer),
        advice: if tested.success { "" } else { words::advice(Some(&last)) },
        sent: Html(lines(&attempt.request_headers)),
        answered: match &attempt.outcome {
            Outcome::Answered(response) => {
                let phrase = seen(&response.status_text);
                let head = format!("{} {phrase}\n{}", response.status, lines(&response.headers));
                Some((Html(head), json::body(&response.body, "Body of the answer")))
            }
            Outcome::Error(_) => None,
        },
        error: attempt.outcome.error().map(words::error_detail),
        event_type: tested.test.event_type.to_string(),
    })
}

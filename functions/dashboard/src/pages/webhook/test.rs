//! A test of a webhook, and what its receiver answered.

use askama::Template;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::webhooks::{self, TestResult};
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::webhook::Webhook;

use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::page;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words;
use crate::written::{Html, Writer, seen, seen_lines, theirs};
use crate::{json, link};

/// What was sent, and what came back.
pub(in crate::pages) struct Exchange {
    pub(in crate::pages) success: bool,
    /// What became of the request: a verb.
    pub(in crate::pages) what: &'static str,
    pub(in crate::pages) summary: String,
    pub(in crate::pages) advice: &'static str,
    pub(in crate::pages) event_type: String,
    pub(in crate::pages) sent: Html,
    pub(in crate::pages) sent_body: Option<Html>,
    /// The head and the body of the answer.
    pub(in crate::pages) answered: Option<(Html, Html)>,
    pub(in crate::pages) error: Option<Html>,
}

impl Exchange {
    pub(in crate::pages) fn of(tested: &TestResult, writer: &Writer) -> Self {
        let attempt = &tested.test.attempt;
        let last = attempt.summary();
        Self {
            success: tested.success,
            what: match (tested.success, last.status) {
                (true, _) => "arrived",
                (false, Some(_)) => "was refused",
                (false, None) => "did not arrive",
            },
            summary: words::answer(&last, writer),
            advice: if tested.success { "" } else { words::advice(Some(&last)) },
            event_type: tested.test.event_type.to_string(),
            sent: head_lines(&attempt.request_headers),
            sent_body: tested
                .shown
                .as_ref()
                .map(|sent| json::body(&sent.body, "Body of the request")),
            answered: match &attempt.outcome {
                Outcome::Answered(response) => {
                    let phrase = seen(&response.status_text);
                    let Html(lines) = head_lines(&response.headers);
                    let head = format!("{} {phrase}\n{lines}", response.status);
                    Some((Html(head), json::body(&response.body, "Body of the answer")))
                }
                Outcome::Error(_) => None,
            },
            error: attempt.outcome.error().map(words::error_detail),
        }
    }
}

/// Headers, one on each line.
pub(in crate::pages) fn head_lines(headers: &[(String, String)]) -> Html {
    let line = |(name, value): &(String, String)| {
        format!("<span class=\"head\">{}:</span> {}\n", seen(name), seen_lines(value))
    };
    Html(headers.iter().map(line).collect())
}

#[derive(Template)]
#[template(path = "tested.html")]
struct Tested {
    frame: Frame,
    here: String,
    name: Html,
    exchange: Exchange,
}

pub(super) async fn test<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: &Webhook,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    // The sample of a type that it gets, if there is one: filter and transform are written for such data.
    let types = deps.catalog.types_of(&deps.registry, visitor.id(), visitor.now, Freshness::Cached);
    let types = types.await?;
    let wanted = types.types().map(|(name, _, _)| name).find(|name| webhook.wants(name));
    let body = match wanted {
        Some(event) => serde_json::json!({ "event": event.as_str() }).to_string(),
        None => String::new(),
    };
    let test = portal.deps.test_deps(&portal.deps.quotas_of(&visitor.tenant));
    let tested = webhooks::test(test, (visitor.id(), webhook.id), &body).await?;
    page(&Tested {
        frame: Frame::new(visitor, Place::Webhooks, "Test"),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        exchange: Exchange::of(&tested, &visitor.writer),
    })
}

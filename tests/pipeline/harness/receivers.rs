//! Receivers that take, refuse, reset, stall and talk nonsense, and that count what they got.

use std::time::Duration;

use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::ids::{EventId, WebhookId};
use hooklane_domain::webhook::target::TargetUrl;

use super::mortal::meanwhile;
use super::port::Port;

impl Post for Port {
    async fn post(&self, to: Destination<'_>, request: WireRequest, _: Duration) -> Sent {
        let outside = &self.outside;
        meanwhile(&outside.chance).await;
        let (tenant, webhook) = addressee(to.url);
        let behaviour = self.behaviour(webhook);
        outside.journal.count(format!("receiver: {}", behaviour.name()));
        let outcome = behaviour.outcome();
        if !matches!(behaviour, Behaviour::Refuses) {
            let id = request.headers.iter().find(|(name, _)| name == "webhook-id");
            let event: EventId = id.expect("the contract's header").1.parse().unwrap();
            let taken = outcome.is_success();
            self.check(&tenant, &event, &request.body);
            outside.journal.posted(
                (webhook, event.clone()),
                &request.body,
                self.invocation(),
                taken,
            );
            if matches!(behaviour, Behaviour::Gone) {
                let mut book = outside.journal.book();
                book.deliveries.entry((webhook, event)).or_default().gone = true;
            }
        }
        meanwhile(&outside.chance).await;
        let is_slow = *outside.slow.lock().unwrap() == Some(webhook);
        let took = match behaviour {
            Behaviour::Stalls => Duration::from_secs(30),
            _ if is_slow => Duration::from_secs(12),
            _ => Duration::from_millis(5),
        };
        Sent { outcome, took }
    }
}

impl Port {
    /// A receiver of a tenant gets what was published for this tenant, as it was published.
    fn check(&self, tenant: &str, event: &EventId, body: &str) {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["data"]["tenant"], *tenant, "delivered to the wrong tenant");
        let book = self.outside.journal.book();
        let published = &book.published[&(tenant.parse().unwrap(), event.clone())];
        assert_eq!(body["data"].to_string(), published.data, "{event} of {tenant}");
        assert_eq!(body["type"], published.event_type.as_str());
    }

    fn behaviour(&self, webhook: WebhookId) -> Behaviour {
        let outside = &self.outside;
        if *outside.dead.lock().unwrap() == Some(webhook) {
            return Behaviour::Refuses;
        }
        if !outside.chance.happens(outside.weather().receivers) {
            return Behaviour::Takes;
        }
        match outside.chance.below(100) {
            0..20 => Behaviour::Refuses,
            20..40 => Behaviour::Resets,
            40..50 => Behaviour::Stalls,
            50..60 => Behaviour::TalksNonsense,
            60..75 => Behaviour::Answers(500),
            75..80 => Behaviour::Answers(302),
            80..85 => Behaviour::Answers(404),
            85..99 => Behaviour::Busy(outside.chance.between(0, 200)),
            _ => Behaviour::Gone,
        }
    }
}

#[derive(Clone, Copy)]
enum Behaviour {
    Takes,
    /// No connection: it never sees the request.
    Refuses,
    /// It has read the request, and breaks the connection.
    Resets,
    /// It has read the request, and does not answer in time.
    Stalls,
    TalksNonsense,
    Answers(u16),
    /// 429 with `Retry-After`, in seconds.
    Busy(i64),
    /// 410, which disables its webhook.
    Gone,
}

impl Behaviour {
    fn name(self) -> &'static str {
        match self {
            Self::Takes => "takes",
            Self::Refuses => "refuses",
            Self::Resets => "resets",
            Self::Stalls => "stalls",
            Self::TalksNonsense => "talks nonsense",
            Self::Answers(_) => "answers with an error",
            Self::Busy(_) => "is busy",
            Self::Gone => "is gone",
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Takes => answer(204, None),
            Self::Refuses => error(ErrorKind::Connect),
            Self::Resets | Self::TalksNonsense => error(ErrorKind::Response),
            Self::Stalls => error(ErrorKind::Timeout),
            Self::Answers(status) => answer(status, None),
            Self::Busy(seconds) => answer(429, Some(seconds)),
            Self::Gone => answer(410, None),
        }
    }
}

fn answer(status: u16, retry_after: Option<i64>) -> Outcome {
    let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
    Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: headers.into_iter().collect(),
        body: String::new(),
    })
}

fn error(kind: ErrorKind) -> Outcome {
    Outcome::Error(AttemptError { kind, detail: "as the test has it".to_owned() })
}

/// `https://example.com/{tenant}/{webhook}`
fn addressee(url: &TargetUrl) -> (String, WebhookId) {
    let mut parts = url.as_str().rsplit('/');
    let webhook = parts.next().unwrap().parse().unwrap();
    (parts.next().unwrap().to_owned(), webhook)
}

//! Receivers that accept, refuse, reset, stall or send garbage. The journal notes what they read.

use std::time::Duration;

use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::ids::{EventId, WebhookId};
use hooklane_domain::webhook::target::TargetUrl;

use super::journal::Answered;
use super::killable::yield_to_others;
use super::port::Port;

impl Post for Port {
    async fn post(&self, to: Destination<'_>, request: WireRequest, _: Duration) -> Sent {
        let environment = &self.environment;
        yield_to_others(&environment.chance).await;
        let (tenant, webhook) = addressee(to.url);
        let behaviour = self.behaviour(webhook);
        environment.journal.count(format!("receiver: {}", behaviour.name()));
        let outcome = behaviour.outcome();
        if !matches!(behaviour, Behaviour::Refuses) {
            let id = request.headers.iter().find(|(name, _)| name == "webhook-id");
            let event: EventId = id.expect("a webhook-id header").1.parse().unwrap();
            let accepted = outcome.is_success();
            self.check(&tenant, &event, &request.body);
            environment.journal.posted(
                (webhook, event.clone()),
                &request.body,
                self.invocation(),
                accepted,
            );
            if matches!(behaviour, Behaviour::Gone) {
                let mut entries = environment.journal.entries();
                entries.deliveries.entry((webhook, event)).or_default().gone = true;
            }
        }
        let is_slow = *environment.slow.lock().unwrap() == Some(webhook);
        let took = match behaviour {
            Behaviour::Stalls => Duration::from_secs(30),
            _ if is_slow => Duration::from_secs(12),
            _ => Duration::from_millis(5),
        };
        // No two are likely to be equal.
        let jitter = Duration::from_millis(environment.chance.below(700) as u64);
        let took = took + jitter;
        let id = request.headers.iter().find(|(name, _)| name == "webhook-id");
        let event: EventId = id.expect("a webhook-id header").1.parse().unwrap();
        let answered = Answered {
            invocation: self.invocation(),
            with: behaviour.label(),
            accepted: matches!(behaviour, Behaviour::Accepts),
            took_ms: u64::try_from(took.as_millis()).unwrap(),
            is_recorded: false,
        };
        environment.journal.answered((webhook, event), answered);
        yield_to_others(&environment.chance).await;
        Sent { outcome, remarks: Vec::new(), took }
    }
}

impl Port {
    /// Checks that the request is for this tenant and carries the data and the type that were published.
    fn check(&self, tenant: &str, event: &EventId, body: &str) {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["data"]["tenant"], *tenant, "delivered to another tenant's receiver");
        let entries = self.environment.journal.entries();
        let published = &entries.published[&(tenant.parse().unwrap(), event.clone())];
        assert_eq!(body["data"].to_string(), published.data, "{event} of {tenant}");
        assert_eq!(body["type"], published.event_type.as_str());
    }

    fn behaviour(&self, webhook: WebhookId) -> Behaviour {
        let environment = &self.environment;
        if *environment.dead.lock().unwrap() == Some(webhook) {
            return Behaviour::Refuses;
        }
        if !environment.chance.happens(environment.rates().receiver_failures) {
            return Behaviour::Accepts;
        }
        match environment.chance.below(100) {
            0..20 => Behaviour::Refuses,
            20..40 => Behaviour::Resets,
            40..50 => Behaviour::Stalls,
            50..60 => Behaviour::SendsGarbage,
            60..75 => Behaviour::Answers(500),
            75..80 => Behaviour::Answers(302),
            80..85 => Behaviour::Answers(404),
            85..99 => Behaviour::Busy(environment.chance.between(0, 200)),
            _ => Behaviour::Gone,
        }
    }
}

#[derive(Clone, Copy)]
enum Behaviour {
    Accepts,
    /// Refuses the connection, so it never reads the request.
    Refuses,
    /// Reads the request, then resets the connection.
    Resets,
    /// Reads the request, then does not answer in time.
    Stalls,
    /// Reads the request, then answers with something that is not HTTP.
    SendsGarbage,
    Answers(u16),
    /// Answers 429 with `Retry-After`, in seconds.
    Busy(i64),
    /// Answers 410, which disables its webhook.
    Gone,
}

impl Behaviour {
    fn name(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Refuses => "refuses",
            Self::Resets => "resets",
            Self::Stalls => "stalls",
            Self::SendsGarbage => "sends garbage",
            Self::Answers(_) => "answers with an error",
            Self::Busy(_) => "is busy",
            Self::Gone => "is gone",
        }
    }

    /// What the figures call it.
    fn label(self) -> &'static str {
        match self {
            Self::Accepts => "204",
            Self::Refuses => "connect",
            Self::Resets | Self::SendsGarbage => "response",
            Self::Stalls => "timeout",
            Self::Answers(500) => "500",
            Self::Answers(302) => "302",
            Self::Answers(404) => "404",
            Self::Answers(other) => panic!("{other} has no name"),
            Self::Busy(_) => "429",
            Self::Gone => "410",
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Accepts => answer(204, None),
            Self::Refuses => error(ErrorKind::Connect),
            Self::Resets | Self::SendsGarbage => error(ErrorKind::Response),
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
    Outcome::Error(AttemptError { kind, detail: "simulated".to_owned() })
}

/// The tenant and the webhook of `https://example.com/{tenant}/{webhook}`.
fn addressee(url: &TargetUrl) -> (String, WebhookId) {
    let mut parts = url.as_str().rsplit('/');
    let webhook = parts.next().unwrap().parse().unwrap();
    (parts.next().unwrap().to_owned(), webhook)
}

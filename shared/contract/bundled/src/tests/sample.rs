//! Sample deliveries for the tests of contracts.

use hooklane_contract::{Contract, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::event::Content;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, RetiringSecret, Webhook};

const ACCEPTED_AT: &str = "2024-01-15T10:30:01.250Z";

#[derive(Debug)]
pub(super) struct Sample {
    pub(super) secret: String,
    /// The retiring secret, and until when it signs.
    pub(super) retiring: Option<(String, Timestamp)>,
    pub(super) content: Content,
}

/// A request as a receiver sees it: header names in lower case.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Sent {
    pub(super) fn header(&self, name: &str) -> &str {
        let found: Vec<_> = self.headers.iter().filter(|(n, _)| n == name).collect();
        assert_eq!(found.len(), 1, "{name} in {:?}", self.headers);
        &found[0].1
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Sample {
    /// An event with every field that a producer can set, and JSON that careless code would change.
    pub(super) fn full(contract: &str) -> Self {
        let data = r#"{ "note": 1, "title": "Gr\u00f6ße \/ <b>\"1\"</b> \ud83d\ude00", "id": 1234567890123456789,
            "amount": 1.50, "rate": 1E+21, "7": [true, null, -0.0], "note": 2 }"#;
        Self {
            secret: secret(contract),
            retiring: None,
            content: Content {
                event_type: "task.completed".parse().unwrap(),
                data: RawJson::parse(data).unwrap(),
                metadata: Some(
                    RawJson::parse(r#"{"source":"api","userId":"u-1","requestId":"req-1"}"#)
                        .unwrap(),
                ),
                timestamp: Some(at("2024-01-15T10:30:00.123Z")),
                version: Some("2.0".to_owned()),
                test: false,
            },
        }
    }

    /// An event with nothing but type and data.
    pub(super) fn bare(contract: &str) -> Self {
        Self {
            secret: secret(contract),
            retiring: None,
            content: Content {
                event_type: "task.created".parse().unwrap(),
                data: RawJson::parse(r#"{ "taskId": "123", "title": "New Task" }"#).unwrap(),
                metadata: None,
                timestamp: None,
                version: None,
                test: false,
            },
        }
    }

    /// The same during a rotation, whose overlap ends before the second attempt.
    pub(super) fn rotating(self, new: &str) -> Self {
        let retiring = Some((self.secret, at("2024-01-15T10:32:00Z")));
        Self { secret: new.to_owned(), retiring, ..self }
    }

    /// The request of attempt number `attempt`. Attempts are a minute apart.
    pub(super) fn send(&self, contract: &Contract, attempt: u32) -> Sent {
        let seconds = at(ACCEPTED_AT).as_second() + 60 * i64::from(attempt);
        self.send_at(contract, attempt, Timestamp::from_second(seconds).unwrap())
    }

    /// The request of attempt number `attempt`, which begins at `starts`.
    pub(super) fn send_at(&self, contract: &Contract, attempt: u32, starts: Timestamp) -> Sent {
        let webhook = self.webhook(contract);
        let delivery = DeliveryId::new(webhook.id, at(ACCEPTED_AT), "evt-1".parse().unwrap());
        let request = contract.request(Subject {
            content: &self.content,
            delivery: &delivery,
            webhook: &webhook,
            attempt,
            at: starts,
        });
        let headers = request.headers.into_iter();
        Sent {
            headers: headers.map(|(n, value)| (n.to_ascii_lowercase(), value)).collect(),
            body: request.body,
        }
    }

    pub(super) fn webhook(&self, contract: &Contract) -> Webhook {
        let created_at = at("2024-01-15T10:00:00Z");
        Webhook {
            name: "Orders \"new\"".to_owned(),
            retiring_secret: self.retiring.as_ref().map(|(secret, until)| RetiringSecret {
                secret: secret.parse().unwrap(),
                until: *until,
            }),
            ..Webhook::new(Essentials {
                id: WebhookId::new(created_at, 1),
                tenant: "acme".parse().unwrap(),
                url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
                events: vec!["*".parse().unwrap()],
                secret: self.secret.parse().unwrap(),
                contract: contract.name().clone(),
                created_at,
            })
        }
    }
}

/// A secret in the form of that contract.
fn secret(contract: &str) -> String {
    match contract {
        "standard" | "cloudevents" | "stripe" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        _ => "your-webhook-secret",
    }
    .to_owned()
}

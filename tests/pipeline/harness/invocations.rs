//! What invokes the functions: batches from queues and the stream, and what happens to them afterwards.

use std::time::Duration;

use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::Received;
use hooklane_app::ports::Clock as _;
use hooklane_app::publish::{PublishError, Validator, publish};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::{DefaultTenant, from_body};
use serde::Serialize;
use serde_json::{Value, json};

use super::functions::{
    Instance, cold_delivery, cold_fanout, cold_ingest, cold_stats, cold_upkeep,
};
use super::pipeline::{MAX_RECEIVED, Pipeline};
use super::port::Port;
use super::stream::Reader;
use super::work::{Answer, Look, Work};

/// The batch size of the event source mappings.
const BATCH: usize = 10;

impl Pipeline {
    pub(crate) fn ingest_some(&mut self) -> Vec<Work> {
        let received = self.events.receive(MAX_RECEIVED, self.environment.now());
        let batches = self.batches(received);
        while self.ingest.len() < batches.len() {
            self.ingest.push(cold_ingest(&self.environment));
        }
        let numbered = batches.into_iter().enumerate();
        numbered.map(|(instance, messages)| Work::Ingest { instance, messages }).collect()
    }

    pub(crate) fn fan_out_some(&mut self) -> Vec<Work> {
        let slices = self.environment.slices(Reader::Fanout);
        while self.fanout.len() < slices.len() {
            self.fanout.push(cold_fanout(&self.environment));
        }
        let numbered = slices.into_iter().enumerate();
        numbered.map(|(instance, slice)| Work::FanOut { instance, slice }).collect()
    }

    pub(crate) fn index_some(&mut self) -> Vec<Work> {
        let slices = self.environment.slices(Reader::Stats);
        while self.stats.len() < slices.len() {
            self.stats.push(cold_stats(&self.environment));
        }
        let numbered = slices.into_iter().enumerate();
        numbered.map(|(instance, slice)| Work::Index { instance, slice }).collect()
    }

    /// Each lane has its own event source mapping, so the lanes share no instance.
    pub(crate) fn deliver_some(&mut self, lane: Lane) -> Vec<Work> {
        let queues = &self.environment.queues;
        let most = self.received_at_once;
        let received = (0..most / BATCH).flat_map(|_| queues.receive(lane));
        let received = received.filter(|message| !self.lose(message)).collect();
        let batches = self.batches(received);
        let first = match lane {
            Lane::Fast => 0,
            Lane::Slow => 4 * most,
        };
        while self.delivery.len() < first + batches.len() && !batches.is_empty() {
            self.delivery.push(cold_delivery(&self.environment, &self.contracts));
        }
        let numbered = (first..).zip(batches);
        numbered.map(|(instance, messages)| Work::Deliver { instance, messages }).collect()
    }

    /// Loses some messages whose deliveries have items. That must do no harm: `upkeep` sends another.
    fn lose(&self, message: &Received) -> bool {
        let Ok(each) = Message::decode_each(&message.body) else { return false };
        let is_written = |Message::Deliver(deliver): &Message| {
            self.environment.journal.entries().seen.contains(&deliver.delivery)
        };
        let written = each.iter().all(is_written);
        let lost =
            written && self.environment.chance.happens(self.environment.rates().lost_messages);
        if lost {
            self.environment.journal.count("lost: message");
            self.environment.queues.delete(&message.id);
        }
        lost
    }

    /// The body of a message as the process receives it. What the next version sent is translated for a
    /// process of that version, since the code here is this version's.
    fn body_for(&self, port: &Port, message: &Received) -> String {
        if port.is_next() {
            return message.body.clone();
        }
        let body = self.environment.versions.body(&message.body);
        match Message::decode_each(&body) {
            Err(_) => self.environment.journal.count("met: message of the next version"),
            Ok(each) if each.len() > 1 => {
                self.environment.journal.count("received: message of several deliveries");
            }
            Ok(_) => {}
        }
        body
    }

    /// Splits messages into batches of random size, in random order. Some messages are in them twice.
    fn batches<T: Clone>(&self, mut messages: Vec<T>) -> Vec<Vec<T>> {
        let (chance, rates) = (&self.environment.chance, self.environment.rates());
        for number in 0..messages.len() {
            if chance.happens(rates.duplicate_messages) {
                self.environment.journal.count("received twice: message");
                messages.push(messages[number].clone());
            }
        }
        chance.shuffle(&mut messages);
        let mut batches = Vec::new();
        while !messages.is_empty() {
            let size = (1 + chance.below(BATCH)).min(messages.len());
            batches.push(messages.split_off(messages.len() - size));
        }
        batches
    }

    pub(crate) async fn perform(&self, work: Work) -> (Work, Answer) {
        let answer = match &work {
            Work::Publish { port, publication } => {
                let default = DefaultTenant::Is(publication.tenant.clone());
                let new = from_body(&publication.body, &default).unwrap();
                let validator = Validator { catalog: &self.catalog, registry: port };
                match self.invoke(port, publish(port, validator, port, new, None)).await {
                    Some(Ok(accepted)) => {
                        assert_eq!(accepted.id, publication.id);
                        Answer::Done(Vec::new())
                    }
                    Some(Err(
                        error @ (PublishError::Conflict(_)
                        | PublishError::Unexpected(_)
                        | PublishError::Removed(_)),
                    )) => panic!("{error}"),
                    Some(Err(PublishError::Unavailable(_))) => Answer::Failed,
                    None => Answer::Killed,
                }
            }
            Work::Ingest { instance, messages } => {
                let ingest = &self.ingest[*instance];
                let records = messages.iter().map(|m| {
                    let attributes = json!({ "ApproximateReceiveCount": m.receives.to_string() });
                    json!({
                        "messageId": m.id,
                        "receiptHandle": m.id,
                        "body": m.body,
                        "attributes": attributes,
                    })
                });
                let event = serde_json::from_value(records_of(records)).unwrap();
                answer(
                    self.invoke(
                        &ingest.port,
                        ingest.function.handle(event, time(&ingest.port, 30)),
                    )
                    .await,
                )
            }
            Work::FanOut { instance, slice } => {
                let Instance { port, function } = &self.fanout[*instance];
                let handled = function.handle(slice.batch(), time(port, 60));
                answer(self.invoke(port, handled).await)
            }
            Work::Index { instance, slice } => {
                let Instance { port, function } = &self.stats[*instance];
                let handled = function.handle(slice.batch(), time(port, 60));
                answer(self.invoke(port, handled).await)
            }
            Work::Deliver { instance, messages } => {
                let delivery = &self.delivery[*instance];
                let event = serde_json::from_value(records_of(messages.iter().map(|message| {
                    let body = self.body_for(&delivery.port, message);
                    record(message, &body)
                })))
                .unwrap();
                let handled =
                    hooklane_delivery::handle(&delivery.function, event, time(&delivery.port, 60));
                answer(self.invoke(&delivery.port, handled).await)
            }
            Work::Manual { port, request } => {
                let succeeded = self.invoke(port, self.request(port, request)).await == Some(true);
                let name = request.name();
                self.environment.journal.count(format!(
                    "manual request: {name}{}",
                    if succeeded { "" } else { ", without success" }
                ));
                Answer::Done(Vec::new())
            }
            Work::Look { port, look } => {
                let succeeded = self.invoke(port, self.look(port, look)).await == Some(true);
                let name = match look {
                    Look::Webhook(..) | Look::Tenant(..) => "looked at figures",
                    Look::Mark(..) => "marked for figures",
                };
                let without = if succeeded { "" } else { ", without success" };
                self.environment.journal.count(format!("{name}{without}"));
                Answer::Done(Vec::new())
            }
            Work::Upkeep { instance } => {
                let Instance { port, function } = &self.upkeep[*instance];
                match self.invoke(port, function.run()).await {
                    Some(Ok(summary)) => {
                        self.environment.journal.count_upkeep(summary);
                        Answer::Done(Vec::new())
                    }
                    Some(Err(_)) => Answer::Failed,
                    None => Answer::Killed,
                }
            }
        };
        (work, answer)
    }

    /// What Lambda, SQS and the producers do after an invocation.
    pub(crate) fn settle(&mut self, work: Work, answer: Answer) {
        let killed = matches!(answer, Answer::Killed);
        match work {
            Work::Publish { publication, .. } => match answer {
                Answer::Done(_) => self.environment.accepted(&publication),
                Answer::Failed | Answer::Killed => self.to_publish.push_back(publication),
            },
            Work::Ingest { instance, messages } => {
                let now = self.environment.now();
                for (id, seconds) in self.environment.hidden.lock().unwrap().drain(..) {
                    self.events.hide(&id, seconds, now);
                }
                for message in &messages {
                    if self.is_deleted(&message.id, &answer) {
                        self.events.delete(&message.id);
                    }
                }
                if killed {
                    self.ingest[instance] = cold_ingest(&self.environment);
                }
            }
            Work::FanOut { instance, slice } => {
                self.environment.stream.answered(&slice, answer.handed_back());
                if killed {
                    self.fanout[instance] = cold_fanout(&self.environment);
                }
            }
            Work::Index { instance, slice } => {
                self.environment.stream.answered(&slice, answer.handed_back());
                if killed {
                    self.stats[instance] = cold_stats(&self.environment);
                }
            }
            Work::Deliver { instance, messages } => {
                for message in messages.iter().filter(|m| self.is_deleted(&m.id.0, &answer)) {
                    self.environment.queues.delete(&message.id);
                }
                if killed {
                    self.delivery[instance] = cold_delivery(&self.environment, &self.contracts);
                }
            }
            Work::Upkeep { instance } if killed => {
                self.upkeep[instance] = cold_upkeep(&self.environment);
            }
            Work::Manual { .. } | Work::Look { .. } | Work::Upkeep { .. } => {}
        }
    }

    /// Lambda deletes every message that the answer does not name as failed. SQS loses some deletions.
    fn is_deleted(&self, id: &str, answer: &Answer) -> bool {
        let Answer::Done(failed) = answer else { return false };
        if failed.iter().any(|failed| failed == id) {
            return false;
        }
        let lost = self.environment.chance.happens(self.environment.rates().lost_deletions);
        if lost {
            self.environment.journal.count("deletion lost: message");
        }
        !lost
    }
}

/// The time that an invocation has, by its own clock.
fn time(port: &Port, seconds: u64) -> Deadline {
    Deadline::after(port.now(), Duration::from_secs(seconds))
}

fn records_of(records: impl Iterator<Item = Value>) -> Value {
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn record(message: &Received, body: &str) -> Value {
    let queue = match message.lane {
        Lane::Fast => "DeliveryQueue",
        Lane::Slow => "RetryQueue",
    };
    json!({
        "messageId": message.id.0,
        "receiptHandle": message.id.0,
        "body": body,
        "attributes": {
            "SentTimestamp": message.sent_at.as_millisecond().to_string(),
            "ApproximateReceiveCount": message.receives.to_string(),
        },
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
    })
}

/// Reads the answer from its JSON, as Lambda does.
fn answer<A: Serialize, E>(handled: Option<Result<A, E>>) -> Answer {
    let Some(result) = handled else { return Answer::Killed };
    let Ok(answered) = result else { return Answer::Failed };
    let json = serde_json::to_value(answered).unwrap();
    let failures = json["batchItemFailures"].as_array().unwrap().iter();
    Answer::Done(
        failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect(),
    )
}

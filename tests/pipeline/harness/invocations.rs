//! What is handed to the functions, and what is done with their answers.

use hooklane_app::fakes::Received;
use hooklane_app::publish::{PublishError, Validator, publish};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::{DefaultTenant, from_body};
use serde::Serialize;
use serde_json::{Value, json};

use super::functions::{Instance, cold_delivery, cold_fanout, cold_ingest, cold_upkeep};
use super::pipeline::Pipeline;
use super::work::{Answer, Work};

/// Lambda hands over ten messages at a time.
const BATCH: usize = 10;
/// So many messages of a queue are received in one moment, by all instances together.
const AT_ONCE: usize = 60;

impl Pipeline {
    pub(crate) fn ingest_some(&mut self) -> Vec<Work> {
        let received = self.events.receive(AT_ONCE, self.outside.now());
        let batches = self.batches(received);
        while self.ingest.len() < batches.len() {
            self.ingest.push(cold_ingest(&self.outside));
        }
        let numbered = batches.into_iter().enumerate();
        numbered.map(|(instance, messages)| Work::Ingest { instance, messages }).collect()
    }

    pub(crate) fn fan_out_some(&mut self) -> Vec<Work> {
        let slices = self.outside.slices();
        while self.fanout.len() < slices.len() {
            self.fanout.push(cold_fanout(&self.outside));
        }
        let numbered = slices.into_iter().enumerate();
        numbered.map(|(instance, slice)| Work::FanOut { instance, slice }).collect()
    }

    /// The lanes share the function, and no instance: each has an event source mapping of its own.
    pub(crate) fn deliver_some(&mut self, lane: Lane) -> Vec<Work> {
        let queues = &self.outside.queues;
        let received = (0..AT_ONCE / BATCH).flat_map(|_| queues.receive(lane));
        let received = received.filter(|message| !self.is_lost(message)).collect();
        let batches = self.batches(received);
        let first = match lane {
            Lane::Fast => 0,
            Lane::Slow => 4 * AT_ONCE,
        };
        while self.delivery.len() < first + batches.len() && !batches.is_empty() {
            self.delivery.push(cold_delivery(&self.outside, &self.contracts));
        }
        let numbered = (first..).zip(batches);
        numbered.map(|(instance, messages)| Work::Deliver { instance, messages }).collect()
    }

    /// Nothing depends on one message once its delivery is written: `upkeep` sends another.
    fn is_lost(&self, message: &Received) -> bool {
        let Ok(Message::Deliver(deliver)) = Message::decode(&message.body) else { return false };
        let written = self.outside.journal.book().seen.contains(&deliver.delivery);
        let lost = written && self.outside.chance.happens(self.outside.weather().losses);
        if lost {
            self.outside.journal.count("lost: message");
            self.outside.queues.delete(&message.id);
        }
        lost
    }

    /// In any order, some twice, in batches of any size.
    fn batches<T: Clone>(&self, mut messages: Vec<T>) -> Vec<Vec<T>> {
        let (chance, weather) = (&self.outside.chance, self.outside.weather());
        for number in 0..messages.len() {
            if chance.happens(weather.doubles) {
                self.outside.journal.count("handed out twice: message");
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
                        refused @ (PublishError::Conflict(_) | PublishError::Unexpected(_)),
                    )) => panic!("{refused}"),
                    Some(Err(PublishError::Unavailable(_))) => Answer::Failed,
                    None => Answer::Killed,
                }
            }
            Work::Ingest { instance, messages } => {
                let ingest = &self.ingest[*instance];
                let records = messages.iter().map(|m| json!({ "messageId": m.id, "body": m.body }));
                let event = serde_json::from_value(records_of(records)).unwrap();
                answer(self.invoke(&ingest.port, ingest.function.handle(event)).await)
            }
            Work::FanOut { instance, slice } => {
                let fanout = &self.fanout[*instance];
                let text = format!(r#"{{"Records":[{}]}}"#, slice.records.join(","));
                let batch = serde_json::from_str(&text).unwrap();
                answer(self.invoke(&fanout.port, fanout.function.handle(batch)).await)
            }
            Work::Deliver { instance, messages } => {
                let delivery = &self.delivery[*instance];
                let event =
                    serde_json::from_value(records_of(messages.iter().map(record))).unwrap();
                let handled = hooklane_delivery::handle(&delivery.function, event);
                answer(self.invoke(&delivery.port, handled).await)
            }
            Work::ByHand { port, wish } => {
                let granted = self.invoke(port, self.grant(port, wish)).await == Some(true);
                let name = wish.name();
                self.outside
                    .journal
                    .count(format!("by hand: {name}{}", if granted { "" } else { ", in vain" }));
                Answer::Done(Vec::new())
            }
            Work::Upkeep { instance } => {
                let Instance { port, function } = &self.upkeep[*instance];
                match self.invoke(port, function.run()).await {
                    Some(Ok(summary)) => {
                        self.outside.journal.look(summary);
                        Answer::Done(Vec::new())
                    }
                    Some(Err(_)) => Answer::Failed,
                    None => Answer::Killed,
                }
            }
        };
        (work, answer)
    }

    /// What Lambda, SQS and the producers do next.
    pub(crate) fn settle(&mut self, work: Work, answer: Answer) {
        let killed = matches!(answer, Answer::Killed);
        match work {
            Work::Publish { publication, .. } => match answer {
                Answer::Done(_) => self.outside.accepted(&publication),
                Answer::Failed | Answer::Killed => self.to_publish.push_back(publication),
            },
            Work::Ingest { instance, messages } => {
                for message in &messages {
                    if self.is_deleted(&message.id, &answer) {
                        self.events.delete(&message.id);
                    }
                }
                if killed {
                    self.ingest[instance] = cold_ingest(&self.outside);
                }
            }
            Work::FanOut { instance, slice } => {
                let named = match &answer {
                    Answer::Done(named) => Some(named.as_slice()),
                    Answer::Failed | Answer::Killed => None,
                };
                self.outside.stream.answered(&slice, named);
                if killed {
                    self.fanout[instance] = cold_fanout(&self.outside);
                }
            }
            Work::Deliver { instance, messages } => {
                for message in messages.iter().filter(|m| self.is_deleted(&m.id.0, &answer)) {
                    self.outside.queues.delete(&message.id);
                }
                if killed {
                    self.delivery[instance] = cold_delivery(&self.outside, &self.contracts);
                }
            }
            Work::Upkeep { instance } if killed => {
                self.upkeep[instance] = cold_upkeep(&self.outside);
            }
            Work::ByHand { .. } | Work::Upkeep { .. } => {}
        }
    }

    /// Lambda deletes what was not named; now and then SQS loses the deletion.
    fn is_deleted(&self, id: &str, answer: &Answer) -> bool {
        let Answer::Done(named) = answer else { return false };
        if named.iter().any(|n| n == id) {
            return false;
        }
        let lost = self.outside.chance.happens(self.outside.weather().undeleted);
        if lost {
            self.outside.journal.count("not deleted: message");
        }
        !lost
    }
}

fn records_of(records: impl Iterator<Item = Value>) -> Value {
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn record(message: &Received) -> Value {
    let queue = match message.lane {
        Lane::Fast => "DeliveryQueue",
        Lane::Slow => "RetryQueue",
    };
    json!({
        "messageId": message.id.0,
        "receiptHandle": message.id.0,
        "body": message.body,
        "attributes": { "SentTimestamp": message.sent_at.as_millisecond().to_string() },
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
    })
}

/// The answer as Lambda reads it: from its JSON.
fn answer<A: Serialize, E>(handled: Option<Result<A, E>>) -> Answer {
    let Some(result) = handled else { return Answer::Killed };
    let Ok(answered) = result else { return Answer::Failed };
    let json = serde_json::to_value(answered).unwrap();
    let named = json["batchItemFailures"].as_array().unwrap().iter();
    Answer::Done(named.map(|n| n["itemIdentifier"].as_str().unwrap().to_owned()).collect())
}

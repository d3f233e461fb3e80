//! Runs one batch through one function, with neighbours of the hostile tenant in it, and looks at what
//! became of them.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::aws::sqs::Message;
use crate::function::Limits;
use crate::lambda::Name;
use crate::payload::{Request, failures, of_messages, of_records};
use crate::row::{Bounds, Row};
use crate::world::{DEAD, DELIVERIES, LEDGER, RETRIES, World, answered, as_operator};

/// A tenant beside the hostile one: it has one webhook, whose receiver answers at once.
#[derive(Debug, Clone)]
pub struct Neighbour {
    pub tenant: String,
    pub webhook: String,
    pub path: String,
}

/// What events a neighbour publishes.
pub const EVENT_TYPE: &str = "order.created";

impl World {
    /// A new neighbour, with a webhook for everything.
    pub async fn neighbour(&self, name: &str) -> anyhow::Result<Neighbour> {
        let tenant = format!("neighbour-{name}-{:08x}", fastrand::u32(..));
        let path = format!("/ok/{tenant}");
        let body = json!({"name": "N", "url": self.receiver.url(&path), "events": [EVENT_TYPE]});
        let webhook = self.webhook(&tenant, &body).await?;
        Ok(Neighbour { tenant, webhook, path })
    }

    /// Publishes an event of a neighbour and returns its stream record.
    pub async fn neighbours_record(&self, neighbour: &Neighbour) -> anyhow::Result<Value> {
        let event = json!({"type": EVENT_TYPE, "data": {"orderId": "A-1"}});
        self.event(&neighbour.tenant, &event).await?;
        self.aws.dynamodb.take_records().pop().context("the event is not in the stream")
    }

    /// The first message of each delivery that these records make, made by a `fanout` without limits and
    /// before the hostile data is stored.
    pub async fn messages_of(&self, records: &[Value]) -> anyhow::Result<Vec<Message>> {
        self.aws.sqs.purge(DELIVERIES);
        let mut fanout = self.function(Name::Fanout, Limits::None).await?;
        let ran = fanout.invoke(&of_records(records)).await?;
        ran.answer().with_context(|| format!("fanout of the setup: {:?}", ran.end))?;
        fanout.stop().await;
        let messages = self.aws.sqs.messages(DELIVERIES);
        self.aws.sqs.purge(DELIVERIES);
        Ok(messages)
    }

    /// Asks a fresh API under Lambda's limits as a hostile tenant, and then as its neighbour.
    pub async fn ask_hostile(
        &self,
        input: &str,
        request: &Request,
        neighbour: &Neighbour,
        bounds: Bounds,
    ) -> anyhow::Result<(Row, Option<u16>)> {
        let mut api = self.function(Name::Api, Limits::Lambda).await?;
        let ran = api.invoke(&request.payload()).await?;
        let mut row = Row::of(input, Name::Api, &ran, bounds);
        let status = answered(&ran).ok().map(|answer| answer.status);
        row.happened = match status {
            Some(status @ 200..300) => format!("accepted ({status})"),
            Some(status @ 400..500) => format!("refused ({status})"),
            Some(status) => {
                row.faults.push(format!("answered {status}"));
                format!("answered {status}")
            }
            None => "no answer".to_owned(),
        };
        if ran.answer_bytes > crate::lambda::MAX_PAYLOAD {
            row.faults.push(format!("an answer of {} bytes, a 502", ran.answer_bytes));
        }
        if api.lives() {
            let theirs = Request::new("GET", "/webhooks");
            let ran = api.invoke(&as_operator(&neighbour.tenant, theirs).payload()).await?;
            let status = answered(&ran).map(|answer| answer.status).unwrap_or_default();
            if status != 200 {
                row.faults.push(format!("the neighbour's request got {status}"));
            }
        } else {
            row.faults.push("the neighbour's request finds no process".to_owned());
        }
        api.stop().await;
        Ok((row, status))
    }

    /// Runs records through a fresh `fanout`: each neighbour must get one message in this invocation, and
    /// no record of a neighbour may come back.
    pub async fn fan_out(
        &self,
        input: &str,
        records: &[Value],
        neighbours: &[Neighbour],
        bounds: Bounds,
    ) -> anyhow::Result<Row> {
        for queue in [DELIVERIES, RETRIES, DEAD[1]] {
            self.aws.sqs.purge(queue);
        }
        let mut fanout = self.function(Name::Fanout, Limits::Lambda).await?;
        let ran = fanout.invoke(&of_records(records)).await?;
        let mut row = Row::of(input, Name::Fanout, &ran, bounds);
        let sent = self.aws.sqs.messages(DELIVERIES);
        let of = |neighbour: &Neighbour| {
            sent.iter().filter(|m| m.group.as_deref() == Some(neighbour.webhook.as_str())).count()
        };
        for (i, neighbour) in neighbours.iter().enumerate() {
            let messages = of(neighbour);
            if messages != 1 {
                row.faults.push(format!("neighbour {} has {messages} messages", i + 1));
            }
        }
        let theirs: usize = neighbours.iter().map(of).sum();
        let slow = self.aws.sqs.messages(RETRIES).len();
        let dead = self.aws.sqs.messages(DEAD[1]).len();
        row.happened = format!("{} messages", sent.len() + slow - theirs);
        if dead > 0 {
            row.happened.push_str(&format!(", {dead} dead letters"));
        }
        if let Some(first) = ran.answer().map(failures).unwrap_or_default().first() {
            // Lambda sends again everything from the first failure on.
            let number = |record: &Value| {
                record
                    .pointer("/dynamodb/SequenceNumber")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let from = records.iter().position(|record| number(record).as_ref() == Some(first));
            let again = &records[from.unwrap_or(0)..];
            let comes_back = |neighbour: &Neighbour| {
                again.iter().any(|record| {
                    record.pointer("/dynamodb/NewImage/t/S").and_then(Value::as_str)
                        == Some(neighbour.tenant.as_str())
                })
            };
            row.happened.push_str(&format!(", {} records come back", again.len()));
            // Its messages were sent, which is judged above. A second one finds the delivery's item and is
            // discarded without a POST.
            if neighbours.iter().any(comes_back) {
                row.happened.push_str(" with a neighbour's");
            }
        }
        if row.faults.is_empty() && !fanout.lives() {
            row.faults.push("the function has ended after its answer".to_owned());
        }
        fanout.stop().await;
        Ok(row)
    }

    /// Runs messages through a fresh `delivery`, at most ten: each neighbour must be POSTed once and
    /// settled by this receipt.
    pub async fn deliver(
        &self,
        input: &str,
        messages: &[Message],
        neighbours: &[Neighbour],
        bounds: Bounds,
    ) -> anyhow::Result<Row> {
        for queue in [DELIVERIES, RETRIES, DEAD[2]] {
            self.aws.sqs.purge(queue);
        }
        self.aws.sqs.restore(DELIVERIES, messages);
        let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
        let batch = self.aws.sqs.receive_these(DELIVERIES, &ids);
        let before: Vec<u64> =
            neighbours.iter().map(|neighbour| self.receiver.got(&neighbour.path).posts).collect();
        let mut delivery = self.function(Name::Delivery, Limits::Lambda).await?;
        let ran = delivery.invoke(&of_messages(DELIVERIES, &batch)).await?;
        let mut row = Row::of(input, Name::Delivery, &ran, bounds);
        let failed = ran.answer().map(failures).unwrap_or_default();
        for (i, neighbour) in neighbours.iter().enumerate() {
            let posts = self.receiver.got(&neighbour.path).posts - before[i];
            if posts != 1 {
                row.faults.push(format!("neighbour {} was POSTed {posts} times", i + 1));
            }
            let message = batch.iter().find(|m| m.group.as_deref() == Some(&neighbour.webhook));
            if message.is_some_and(|message| failed.contains(&message.id)) {
                row.faults.push(format!("the message of neighbour {} stays", i + 1));
            }
            let statuses = self.statuses(&neighbour.webhook);
            if statuses != ["delivered"] {
                row.faults.push(format!("neighbour {} is {statuses:?}", i + 1));
            }
        }
        let is_theirs = |message: &&Message| {
            neighbours.iter().any(|n| message.group.as_deref() == Some(n.webhook.as_str()))
        };
        let hostile: Vec<_> = batch.iter().filter(|message| !is_theirs(message)).collect();
        let mut statuses: Vec<String> = hostile
            .iter()
            .filter_map(|m| m.group.as_deref())
            .flat_map(|w| self.statuses(w))
            .collect();
        statuses.sort();
        statuses.dedup();
        let dead = self.aws.sqs.messages(DEAD[2]).len();
        let stay = hostile.iter().filter(|message| failed.contains(&message.id)).count();
        row.happened = format!("{} × {}", hostile.len(), statuses.join("/"));
        if dead > 0 {
            row.happened.push_str(&format!(", {dead} dead letters"));
        }
        if stay > 0 {
            row.happened.push_str(&format!(", {stay} stay"));
        }
        if row.faults.is_empty() && !delivery.lives() {
            row.faults.push("the function has ended after its answer".to_owned());
        }
        delivery.stop().await;
        Ok(row)
    }

    /// What has become of a webhook's deliveries, by the attribute that their items have in the ledger:
    /// a delivery that waits or failed is in the index.
    #[must_use]
    pub fn statuses(&self, webhook: &str) -> Vec<String> {
        let items = self.aws.dynamodb.partition(LEDGER, &format!("WH#{webhook}"));
        let deliveries = items.into_iter().filter(|item| {
            crate::aws::value::text(item, "sk").is_some_and(|sk| sk.starts_with("DL#"))
        });
        deliveries
            .map(|item| match crate::aws::value::text(&item, "u") {
                None => "delivered".to_owned(),
                Some(u) => u.rsplit('#').next().unwrap_or_default().to_owned(),
            })
            .collect()
    }
}

//! Tables, queues and a secret for one run of the suite.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use hooklane_app::conformance::{Inspect, MAPS, RawItems, Seen};
use hooklane_app::ports::{
    DeadLetters, DeferQueue, DispatchQueue, Entropy as _, QueueDepth, Refused, Unavailable,
};
use hooklane_aws::Aws;
use hooklane_aws::dead_letters::DeadLetterQueue;
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::queues::{QueueUrls, Queues};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::system::System;
use hooklane_domain::delivery::MessageId;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;

use crate::bus::RealBus;
use crate::office::RealOffice;

pub(crate) struct Resources {
    config: Aws,
    salt: u128,
    name: String,
    urls: [String; 3],
}

impl Resources {
    pub(crate) async fn create(endpoint: &str) -> Self {
        let config = hooklane_aws::clients::load().with(|config| {
            let mut config = config.into_builder();
            if !endpoint.is_empty() {
                config.set_endpoint_url(Some(endpoint.to_owned()));
            }
            config.build()
        });
        let salt = System.random_id();
        let name = format!("conformance-{salt:x}");
        for table in ["registry", "ledger"] {
            create_table(&config, &format!("{name}-{table}")).await;
        }
        let sqs = aws_sdk_sqs::Client::new(&config);
        let mut urls = Vec::new();
        for queue in ["delivery", "retry", "dead"] {
            let created = sqs
                .create_queue()
                .queue_name(format!("{name}-{queue}"))
                .attributes(QueueAttributeName::VisibilityTimeout, "360")
                .send()
                .await
                .unwrap();
            urls.push(created.queue_url.unwrap());
        }
        aws_sdk_secretsmanager::Client::new(&config)
            .create_secret()
            .name(&name)
            .secret_string(format!(r#"{{"current":"k1","k1":"{}"}}"#, "x".repeat(64)))
            .send()
            .await
            .unwrap();
        Self { config, salt, name, urls: urls.try_into().unwrap() }
    }

    pub(crate) fn is_aws(&self) -> bool {
        self.config.endpoint_url().is_none()
    }

    pub(crate) fn salt(&self) -> u128 {
        self.salt
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(&self.config, format!("{}-ledger", self.name), Retention::days(30))
    }

    pub(crate) fn registry(&self) -> Registry {
        let vault = Vault::new(Secret::new(&self.config, self.name.clone()));
        Registry::new(&self.config, format!("{}-registry", self.name), vault)
    }

    pub(crate) fn queues(&self) -> RealQueues {
        let [delivery, retry, dead] = self.urls.clone();
        let urls = QueueUrls { delivery: Some(delivery), retry: Some(retry) };
        RealQueues {
            queues: Queues::new(&self.config, urls),
            dead_letters: DeadLetterQueue::new(&self.config, dead, "conformance"),
            sqs: aws_sdk_sqs::Client::new(&self.config),
            urls: self.urls.clone(),
        }
    }

    /// A bus, which is made by this.
    pub(crate) async fn bus(&self) -> RealBus {
        RealBus::create(&self.config, &format!("{}-bus", self.name)).await
    }

    /// Dead-letter queues and what their letters are sent to, which are made by this.
    pub(crate) async fn office(&self) -> RealOffice {
        RealOffice::create(&self.config, &self.name).await
    }

    pub(crate) fn raw_items(&self) -> RawTables {
        let tables = ["registry", "ledger"].map(|table| format!("{}-{table}", self.name));
        RawTables { dynamodb: aws_sdk_dynamodb::Client::new(&self.config), tables }
    }

    pub(crate) async fn remove(&self) {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.config);
        for table in ["registry", "ledger"] {
            let name = format!("{}-{table}", self.name);
            dynamodb.delete_table().table_name(name).send().await.unwrap();
        }
        for url in &self.urls {
            let sqs = aws_sdk_sqs::Client::new(&self.config);
            sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
        RealOffice::remove(&self.config, &self.name).await;
        RealBus::remove(&self.config, &format!("{}-bus", self.name)).await;
        aws_sdk_secretsmanager::Client::new(&self.config)
            .delete_secret()
            .secret_id(&self.name)
            .force_delete_without_recovery(true)
            .send()
            .await
            .unwrap();
    }
}

/// Creates a table with the keys and the index that `template.yaml` gives both tables.
async fn create_table(config: &Aws, name: &str) {
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let attribute = |name| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let key = |name, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name("undelivered")
        .key_schema(key("u", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .unwrap();
    dynamodb
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "u"].map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index)
        .send()
        .await
        .unwrap();
    for _ in 0..120 {
        let table = dynamodb.describe_table().table_name(name).send().await.unwrap().table;
        if table.is_some_and(|t| t.table_status.is_some_and(|s| s.as_str() == "ACTIVE")) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("{name} did not become active");
}

/// Both tables, without the adapters.
pub(crate) struct RawTables {
    dynamodb: aws_sdk_dynamodb::Client,
    tables: [String; 2],
}

/// The name of what the next version adds.
const UNKNOWN: &str = "ofTheNextVersion";

impl RawTables {
    /// Every item with the name of its table.
    async fn items(&self) -> Vec<(&str, HashMap<String, AttributeValue>)> {
        let mut items = Vec::new();
        for table in &self.tables {
            let read = self.dynamodb.scan().table_name(table).consistent_read(true).send().await;
            let found = read.unwrap().items.unwrap_or_default();
            items.extend(found.into_iter().map(|item| (table.as_str(), item)));
        }
        items
    }
}

impl RawItems for RawTables {
    async fn add_unknown(&self) {
        let unknown = || AttributeValue::S("kept".to_owned());
        for (table, mut item) in self.items().await {
            for map in MAPS {
                if let Some(AttributeValue::M(map)) = item.get_mut(map) {
                    map.insert(UNKNOWN.to_owned(), unknown());
                }
            }
            item.insert(UNKNOWN.to_owned(), unknown());
            let put = self.dynamodb.put_item().table_name(table).set_item(Some(item));
            put.send().await.unwrap();
        }
    }

    async fn lost(&self) -> Vec<String> {
        let items = self.items().await;
        assert!(items.len() >= 12, "of each kind that is written again there is an item");
        let mut lost = Vec::new();
        for (_, item) in items {
            let key = format!("{:?} {:?}", item["pk"], item["sk"]);
            if !item.contains_key(UNKNOWN) {
                lost.push(key.clone());
            }
            for name in MAPS {
                if let Some(AttributeValue::M(map)) = item.get(name)
                    && !map.contains_key(UNKNOWN)
                {
                    lost.push(format!("{name} of {key}"));
                }
            }
        }
        lost
    }
}

/// The queue adapters, and a client with which the suite inspects the queues.
pub(crate) struct RealQueues {
    queues: Queues,
    dead_letters: DeadLetterQueue,
    sqs: aws_sdk_sqs::Client,
    urls: [String; 3],
}

impl RealQueues {
    fn url(&self, lane: Lane) -> &str {
        match lane {
            Lane::Fast => &self.urls[0],
            Lane::Slow => &self.urls[1],
        }
    }
}

impl DispatchQueue for RealQueues {
    async fn dispatch(
        &self,
        lane: Lane,
        messages: &[Message],
    ) -> Result<Vec<Refused>, Unavailable> {
        self.queues.dispatch(lane, messages).await
    }

    async fn dispatch_together(
        &self,
        messages: &[Message],
        alone: &BTreeSet<WebhookId>,
    ) -> Result<Vec<Refused>, Unavailable> {
        self.queues.dispatch_together(messages, alone).await
    }
}

impl DeferQueue for RealQueues {
    async fn hide(&self, lane: Lane, handle: &str, seconds: u32) -> Result<(), Unavailable> {
        self.queues.hide(lane, handle, seconds).await
    }

    async fn send_later(&self, message: &Message, seconds: u32) -> Result<MessageId, Unavailable> {
        self.queues.send_later(message, seconds).await
    }
}

impl QueueDepth for RealQueues {
    async fn in_flight(&self) -> Result<u64, Unavailable> {
        self.queues.in_flight().await
    }
}

impl DeadLetters for RealQueues {
    async fn put(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        self.dead_letters.put(body, reason).await
    }
}

impl Inspect for RealQueues {
    async fn receive(&self, lane: Lane) -> Vec<Seen> {
        let url = self.url(lane);
        let receive = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let received = receive.wait_time_seconds(1).send().await.unwrap();
        let messages = received.messages.unwrap_or_default().into_iter();
        messages
            .map(|m| Seen {
                id: m.message_id.unwrap(),
                receipt_handle: m.receipt_handle.unwrap(),
                body: m.body.unwrap(),
            })
            .collect()
    }

    async fn delete(&self, lane: Lane, seen: &Seen) {
        let delete = self.sqs.delete_message().queue_url(self.url(lane));
        delete.receipt_handle(&seen.receipt_handle).send().await.unwrap();
    }

    async fn dead_letters(&self) -> Vec<(String, String)> {
        let receive = self.sqs.receive_message().queue_url(&self.urls[2]).wait_time_seconds(2);
        let received = receive.message_attribute_names("All").send().await.unwrap();
        let messages = received.messages.unwrap_or_default().into_iter();
        messages
            .map(|m| {
                let attributes = m.message_attributes.unwrap();
                let text = |name: &str| attributes[name].string_value.clone().unwrap();
                assert_eq!(text("source"), "conformance");
                assert!(text("time").ends_with('Z'));
                (m.body.unwrap(), text("reason"))
            })
            .collect()
    }
}

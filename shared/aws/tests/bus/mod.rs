//! A bus of EventBridge for one run of the suite, and a queue that hears all of it.

use std::sync::Mutex;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use hooklane_app::conformance::Heard;
use hooklane_app::ports::{OperatorBus, Refused, Unavailable};
use hooklane_aws::Aws;
use hooklane_aws::operator_bus::EventBus;
use hooklane_domain::isolation::notice::Notice;

pub(crate) struct RealBus {
    bus: EventBus,
    sqs: aws_sdk_sqs::Client,
    queue: String,
    heard: Mutex<Vec<String>>,
}

/// The rule of the bus, and its target.
const ALL: &str = "all";

impl RealBus {
    pub(crate) async fn create(config: &Aws, name: &str) -> Self {
        let events = aws_sdk_eventbridge::Client::new(config);
        let sqs = aws_sdk_sqs::Client::new(config);
        events.create_event_bus().name(name).send().await.unwrap();
        let created = sqs.create_queue().queue_name(format!("{name}-heard")).send().await.unwrap();
        let queue = created.queue_url.unwrap();
        let arn = QueueAttributeName::QueueArn;
        let read = sqs.get_queue_attributes().queue_url(&queue).attribute_names(arn.clone());
        let arn = read.send().await.unwrap().attributes.unwrap()[&arn].clone();
        let rule = events.put_rule().name(ALL).event_bus_name(name);
        let rule = rule.event_pattern(r#"{"source":["hooklane"]}"#).send().await.unwrap();
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sqs:SendMessage",
                "Principal":{{"Service":"events.amazonaws.com"}},"Resource":"{arn}",
                "Condition":{{"ArnEquals":{{"aws:SourceArn":"{}"}}}}}}]}}"#,
            rule.rule_arn.unwrap_or_default()
        );
        let allow = sqs.set_queue_attributes().queue_url(&queue);
        allow.attributes(QueueAttributeName::Policy, policy).send().await.unwrap();
        let target = Target::builder().id(ALL).arn(arn).build().unwrap();
        events.put_targets().rule(ALL).event_bus_name(name).targets(target).send().await.unwrap();
        let bus = EventBus::new(config, name.to_owned());
        Self { bus, sqs, queue, heard: Mutex::default() }
    }

    pub(crate) async fn remove(config: &Aws, name: &str) {
        let events = aws_sdk_eventbridge::Client::new(config);
        let sqs = aws_sdk_sqs::Client::new(config);
        let targets = events.remove_targets().rule(ALL).event_bus_name(name).ids(ALL);
        drop(targets.send().await);
        drop(events.delete_rule().name(ALL).event_bus_name(name).send().await);
        drop(events.delete_event_bus().name(name).send().await);
        let queue = sqs.get_queue_url().queue_name(format!("{name}-heard")).send().await;
        if let Ok(found) = queue {
            let url = found.queue_url.unwrap_or_default();
            sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}

impl OperatorBus for RealBus {
    async fn tell(&self, notices: &[Notice]) -> Result<Vec<Refused>, Unavailable> {
        self.bus.tell(notices).await
    }
}

impl Heard for RealBus {
    /// Waits until the queue has been empty for some seconds: the bus sends on what it gets.
    async fn heard(&self) -> Vec<String> {
        let mut empty = 0;
        while empty < 3 {
            let receive = self.sqs.receive_message().queue_url(&self.queue);
            let received = receive.max_number_of_messages(10).wait_time_seconds(1).send().await;
            let messages = received.unwrap().messages.unwrap_or_default();
            empty = if messages.is_empty() { empty + 1 } else { 0 };
            for message in messages {
                let body: serde_json::Value = serde_json::from_str(&message.body.unwrap()).unwrap();
                assert_eq!(
                    (&body["source"], &body["detail-type"]),
                    (&"hooklane".into(), &"webhook.failing".into())
                );
                self.heard.lock().unwrap().push(body["detail"].to_string());
                let delete = self.sqs.delete_message().queue_url(&self.queue);
                delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
            }
        }
        self.heard.lock().unwrap().clone()
    }
}

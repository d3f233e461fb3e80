//! The dead-letter queues: what the pipeline itself could not handle, with its reason.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use hooklane_app::ports::{DeadLetters, Surroundings as _, Unavailable};

use crate::failure::unavailable;
use crate::surroundings::System;

/// The dead-letter queue of one source: `events`, `fanout` or `deliveries`.
#[derive(Debug, Clone)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
    source: &'static str,
}

/// An attribute's text is for people: long reasons are cut.
const MAX_REASON: usize = 1_000;

impl DeadLetterQueue {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String, source: &'static str) -> Self {
        Self { client: Client::new(config), url, source }
    }
}

impl DeadLetters for DeadLetterQueue {
    async fn bury(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        let reason: String =
            reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect();
        let reason = if reason.is_empty() { "unknown" } else { &reason };
        // SQS takes no empty body.
        let body = if body.is_empty() { " " } else { body };
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_attributes("reason", text_attribute(reason)?)
            .message_attributes("source", text_attribute(self.source)?)
            .message_attributes("time", text_attribute(&System.now().to_string())?)
            .send()
            .await
            .map_err(unavailable(format!("SQS SendMessage on {}", self.url)))?;
        Ok(())
    }
}

fn text_attribute(text: &str) -> Result<MessageAttributeValue, Unavailable> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .map_err(unavailable("building a message attribute".to_owned()))
}

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
/// A message has at most 1 MiB, its attributes included.
const MAX_BODY: usize = 1_040_000;

impl DeadLetterQueue {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String, source: &'static str) -> Self {
        Self { client: Client::new(config), url, source }
    }
}

impl DeadLetters for DeadLetterQueue {
    async fn bury(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        let (body, reason) = fit(body, reason);
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_attributes("reason", text_attribute(&reason)?)
            .message_attributes("source", text_attribute(self.source)?)
            .message_attributes("time", text_attribute(&System.now().to_string())?)
            .send()
            .await
            .map_err(unavailable(format!("SQS SendMessage on {}", self.url)))?;
        Ok(())
    }
}

/// The body and the reason as SQS takes them: no empty body, no character that it refuses, and all of
/// it within one message. What was too long says so in its reason.
fn fit<'a>(body: &'a str, reason: &str) -> (&'a str, String) {
    let carried = |c| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let mut reason: String =
        reason.chars().map(|c| if carried(c) { c } else { ' ' }).take(MAX_REASON).collect();
    if reason.trim().is_empty() {
        reason = "unknown".to_owned();
    }
    if body.is_empty() {
        return (" ", reason);
    }
    if body.len() <= MAX_BODY {
        return (body, reason);
    }
    let end = (0..=MAX_BODY).rev().find(|i| body.is_char_boundary(*i)).unwrap_or(0);
    (&body[..end], format!("{reason} (cut to its first {end} bytes)"))
}

fn text_attribute(text: &str) -> Result<MessageAttributeValue, Unavailable> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .map_err(unavailable("building a message attribute".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqs_would_refuse_is_made_to_fit() {
        assert_eq!(fit("{}", "why"), ("{}", "why".to_owned()));
        assert_eq!(fit("", ""), (" ", "unknown".to_owned()));
        assert_eq!(fit("x", "a\u{ffff}b\nc").1, "a b c");
        assert_eq!(fit("x", &"r".repeat(5_000)).1.len(), MAX_REASON);
        let large = "é".repeat(MAX_BODY);
        let (body, reason) = fit(&large, "too long");
        assert_eq!(body.len(), MAX_BODY);
        assert_eq!(reason, "too long (cut to its first 1040000 bytes)");
    }
}

//! The dead-letter queues: what the pipeline itself could not handle, with the reason.

use std::borrow::Cow;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use hooklane_app::ports::{Clock as _, DeadLetters, Unavailable};

use crate::clients::Aws;
use crate::failure::unavailable;
use crate::queues::call;
use crate::system::System;

/// The dead-letter queue of one source: `events`, `fanout` or `deliveries`.
#[derive(Debug, Clone)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
    source: &'static str,
}

/// The reason is for people to read, so a long one is cut to this many characters.
const MAX_REASON: usize = 1_000;
/// SQS takes at most 1 MiB, body and attributes together; this leaves room for the attributes.
const MAX_BODY: usize = 1_040_000;

impl DeadLetterQueue {
    #[must_use]
    pub fn new(config: &Aws, url: String, source: &'static str) -> Self {
        Self { client: Client::new(config), url, source }
    }
}

impl DeadLetters for DeadLetterQueue {
    async fn put(&self, body: &str, reason: &str) -> Result<(), Unavailable> {
        let (body, reason) = fit(body, reason);
        let body = body.into_owned();
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_attributes("reason", text_attribute(&reason)?)
            .message_attributes("source", text_attribute(self.source)?)
            .message_attributes("time", text_attribute(&System.now().to_string())?)
            .send()
            .await
            .map_err(call("SendMessage", &self.url).failed())?;
        Ok(())
    }
}

/// Makes body and reason acceptable to SQS: the body is not empty, both have only characters that SQS
/// takes, and together they fit into one message. The reason says where the body was cut.
fn fit<'a>(body: &'a str, reason: &str) -> (Cow<'a, str>, String) {
    let in_line = |c: char| if c < ' ' || !is_accepted(c) { ' ' } else { c };
    let mut reason: String = reason.chars().map(in_line).take(MAX_REASON).collect();
    if reason.trim().is_empty() {
        reason = "unknown".to_owned();
    }
    if body.is_empty() {
        return (" ".into(), reason);
    }
    let body = escaped(body);
    if body.len() <= MAX_BODY {
        return (body, reason);
    }
    let end = (0..=MAX_BODY).rev().find(|i| body.is_char_boundary(*i)).unwrap_or(0);
    (body[..end].to_owned().into(), format!("{reason} (cut to its first {end} bytes)"))
}

/// Whether SQS accepts a character in a message (*Amazon SQS API Reference*, "SendMessage").
fn is_accepted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The body with JSON escapes for the characters that SQS refuses. In JSON they can only occur inside
/// strings, where the escapes mean the same.
fn escaped(body: &str) -> Cow<'_, str> {
    if body.chars().all(is_accepted) {
        return body.into();
    }
    let mut text = String::with_capacity(body.len() + 16);
    for c in body.chars() {
        if is_accepted(c) {
            text.push(c);
        } else {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    text.into()
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
    fn a_body_and_a_reason_that_sqs_would_refuse_are_made_to_fit() {
        assert_eq!(fit("{}", "why"), ("{}".into(), "why".to_owned()));
        assert_eq!(fit("", ""), (" ".into(), "unknown".to_owned()));
        assert_eq!(fit("{\"a\":\"\u{ffff}\"}", "x").0, r#"{"a":"\uffff"}"#);
        assert_eq!(fit("x", "a\u{ffff}b\nc").1, "a b c");
        assert_eq!(fit("x", &"r".repeat(5_000)).1.len(), MAX_REASON);
        let large = "é".repeat(MAX_BODY);
        let (body, reason) = fit(&large, "too long");
        assert_eq!(body.len(), MAX_BODY);
        assert_eq!(reason, "too long (cut to its first 1040000 bytes)");
    }
}

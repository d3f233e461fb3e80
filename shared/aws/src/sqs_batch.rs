//! The answer of a function to a batch of SQS messages.

use std::collections::HashMap;

use hooklane_app::batch::Disposition;
use serde::Serialize;

/// The `batchItemFailures`: exactly the messages that stay in their queue (*AWS Lambda Developer Guide*,
/// "Reporting batch item failures for Lambda functions with an Amazon SQS trigger").
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<StayingItem>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StayingItem {
    item_identifier: String,
}

/// How often SQS has handed out a message, this time included, by the attributes of its record. A record
/// that does not say so counts as handed out for the first time.
#[must_use]
pub fn receive_count(attributes: &HashMap<String, String>) -> u32 {
    attributes.get("ApproximateReceiveCount").and_then(|n| n.parse().ok()).unwrap_or(1)
}

impl Answer {
    /// The answer for messages, each given by its SQS `messageId` and with what becomes of it.
    pub fn of(messages: impl IntoIterator<Item = (String, Disposition)>) -> Self {
        let staying = messages.into_iter().filter(|(_, d)| *d != Disposition::Done);
        let batch_item_failures =
            staying.map(|(item_identifier, _)| StayingItem { item_identifier }).collect();
        Self { batch_item_failures }
    }

    /// The number of messages that stay.
    #[must_use]
    pub fn staying(&self) -> usize {
        self.batch_item_failures.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_messages_that_stay_are_named() {
        let messages = [("a", Disposition::Done), ("b", Disposition::Stays)];
        let answer = Answer::of(messages.map(|(id, disposition)| (id.to_owned(), disposition)));
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(json, r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#);
        assert_eq!(
            serde_json::to_string(&Answer::default()).unwrap(),
            r#"{"batchItemFailures":[]}"#
        );
    }
}

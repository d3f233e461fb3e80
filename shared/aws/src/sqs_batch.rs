//! What a function answers to a batch of SQS messages.

use hooklane_app::batch::Disposition;
use serde::Serialize;

/// *AWS Lambda Developer Guide*, "Reporting batch item failures for Lambda functions with an Amazon
/// SQS trigger": names exactly the messages that stay in their queue.
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

impl Answer {
    /// The answer that keeps every message that stays, given with its SQS `messageId`.
    pub fn of(messages: impl IntoIterator<Item = (String, Disposition)>) -> Self {
        let staying = messages.into_iter().filter(|(_, d)| *d == Disposition::Stays);
        let batch_item_failures =
            staying.map(|(item_identifier, _)| StayingItem { item_identifier }).collect();
        Self { batch_item_failures }
    }

    #[must_use]
    pub fn staying(&self) -> usize {
        self.batch_item_failures.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_is_named() {
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

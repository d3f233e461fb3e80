//! First attempts of several events that travel to one webhook in one message.
//!
//! A message costs its requests to SQS whatever it holds, and a function that gets more deliveries at once
//! waits for them at once. A bundle holds deliveries of one webhook only, so it changes nothing between
//! webhooks: its message group is the webhook, and what slows it down is the webhook's own.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use super::{Deliver, Envelope, Message, Payload, VERSION};
use crate::ids::WebhookId;

/// The kind of a message that holds several deliveries.
pub(super) const KIND: &str = "deliver-each";

/// How many events a message may hold.
///
/// Ten of them, with up to 4 KiB of content each, are less than 64 KiB, for which SQS charges one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsPerMessage(usize);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a number from 1 to {}", EventsPerMessage::MOST)]
pub struct InvalidEventsPerMessage;

impl FromStr for EventsPerMessage {
    type Err = InvalidEventsPerMessage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().map_err(|_| InvalidEventsPerMessage)?;
        let is_allowed = (1..=Self::MOST).contains(&number);
        is_allowed.then_some(Self(number)).ok_or(InvalidEventsPerMessage)
    }
}

impl EventsPerMessage {
    pub const MOST: usize = 10;
    /// Each delivery has a message of its own.
    pub const ONE: Self = Self(1);

    /// The places of the messages that travel together, by the first of each. Those of the webhooks `alone` share
    /// no message.
    #[must_use]
    pub fn bundles(self, messages: &[Message], alone: &BTreeSet<WebhookId>) -> Vec<Vec<usize>> {
        let mut bundles: Vec<Vec<usize>> = Vec::with_capacity(messages.len());
        let mut open = HashMap::new();
        for (place, Message::Deliver(deliver)) in messages.iter().enumerate() {
            if !shares_a_message(deliver) || alone.contains(&deliver.delivery.webhook()) {
                bundles.push(vec![place]);
                continue;
            }
            let at = *open.entry(deliver.delivery.webhook()).or_insert(bundles.len());
            match bundles.get_mut(at) {
                Some(bundle) if bundle.len() < self.0 => bundle.push(place),
                _ => {
                    open.insert(deliver.delivery.webhook(), bundles.len());
                    bundles.push(vec![place]);
                }
            }
        }
        bundles
    }
}

/// Only a first attempt whose content is small and not compressed. A retry waits for a time of its own.
fn shares_a_message(deliver: &Deliver) -> bool {
    deliver.generation == 0 && matches!(deliver.payload, Some(Payload::Plain(_)))
}

/// The text of a message that holds these. One alone is written as a message of its own.
#[must_use]
pub fn encode(messages: &[&Message]) -> String {
    if let [alone] = messages {
        return alone.encode();
    }
    let body: Vec<_> = messages.iter().map(|Message::Deliver(deliver)| deliver).collect();
    match serde_json::to_string(&Envelope { version: VERSION, kind: KIND, body: &body }) {
        Ok(text) => text,
        Err(_) => unreachable!("every part of a message is representable in JSON"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::message::UnreadableMessage;
    use crate::event::Content;
    use crate::ids::DeliveryId;
    use crate::json::RawJson;

    fn plain() -> Payload {
        Payload::Plain(Box::new(Content {
            event_type: "user.created".parse().unwrap(),
            data: RawJson::parse("{}").unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        }))
    }

    fn message(webhook: u128, event: usize, generation: u32, payload: Option<Payload>) -> Message {
        let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, webhook);
        let event = format!("e{event}").parse().unwrap();
        Message::Deliver(Deliver {
            tenant: "t1".parse().unwrap(),
            delivery: DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, event),
            event_type: "user.created".parse().unwrap(),
            generation,
            payload,
        })
    }

    fn at_most(number: usize) -> EventsPerMessage {
        number.to_string().parse().unwrap()
    }

    #[test]
    fn a_setting_is_a_number_from_one_to_ten() {
        for text in ["1", "2", "10"] {
            assert_eq!(text.parse(), Ok(EventsPerMessage(text.parse().unwrap())));
        }
        for text in ["", "0", "11", "-1", "1.5", "ten", "99999999999999999999"] {
            assert_eq!(text.parse::<EventsPerMessage>(), Err(InvalidEventsPerMessage), "{text}");
        }
    }

    #[test]
    fn what_shares_a_message_is_of_one_webhook_small_and_a_first_attempt() {
        let zlib = || Some(Payload::Zlib("x".to_owned()));
        let messages = [
            message(1, 0, 0, Some(plain())),
            message(2, 0, 0, Some(plain())),
            message(1, 1, 0, zlib()),
            message(1, 2, 0, None),
            message(1, 3, 1, Some(plain())),
            message(1, 4, 0, Some(plain())),
            message(2, 1, 0, Some(plain())),
            message(1, 5, 0, Some(plain())),
            message(1, 6, 0, Some(plain())),
        ];
        for (most, bundles) in [
            (1, (0..9).map(|place| vec![place]).collect()),
            (2, vec![vec![0, 5], vec![1, 6], vec![2], vec![3], vec![4], vec![7, 8]]),
            (10, vec![vec![0, 5, 7, 8], vec![1, 6], vec![2], vec![3], vec![4]]),
        ] {
            assert_eq!(at_most(most).bundles(&messages, &BTreeSet::new()), bundles, "{most}");
        }
        let alone = BTreeSet::from([WebhookId::new(Timestamp::UNIX_EPOCH, 1)]);
        let bundles: Vec<Vec<usize>> =
            vec![vec![0], vec![1, 6], vec![2], vec![3], vec![4], vec![5], vec![7], vec![8]];
        assert_eq!(at_most(10).bundles(&messages, &alone), bundles);
    }

    #[test]
    fn a_bundle_is_json_with_a_kind_of_its_own() {
        let [one, other] = [message(1, 1, 0, None), message(1, 2, 0, None)];
        insta::assert_snapshot!(encode(&[&one, &other]), @r#"{"version":1,"kind":"deliver-each","body":[{"tenant":"t1","delivery":"dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAAABlMQ","eventType":"user.created","generation":0},{"tenant":"t1","delivery":"dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAAABlMg","eventType":"user.created","generation":0}]}"#);
        assert_eq!(encode(&[&one]), one.encode());
        let error = Message::decode(&encode(&[&one, &other])).unwrap_err();
        assert_eq!(error.to_string(), "is not a message (it holds 2 deliveries)");
    }

    #[test]
    fn an_unreadable_bundle_says_why() {
        for (body, expected) in [
            ("[]", "is not a message (it holds no delivery)"),
            ("{}", "is not a message (line 1, column 42)"),
            (r#"[{"tenant":"t1"}]"#, "is not a message (line 1, column 58)"),
        ] {
            let text = format!(r#"{{"version":1,"kind":"deliver-each","body":{body}}}"#);
            let error = Message::decode_each(&text).unwrap_err();
            assert!(matches!(error, UnreadableMessage::Syntax(_)), "{error:?}");
            assert_eq!(error.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn each_message_is_in_one_bundle_which_reads_back(
            most in 1usize..=10,
            webhooks in proptest::collection::vec((0u128..4, 0u32..2, any::<bool>()), 1..60),
        ) {
            let messages: Vec<_> = webhooks
                .into_iter()
                .enumerate()
                .map(|(n, (webhook, generation, is_plain))| {
                    message(webhook, n, generation, is_plain.then(plain))
                })
                .collect();
            let bundles = at_most(most).bundles(&messages, &BTreeSet::new());
            let mut places: Vec<_> = bundles.iter().flatten().copied().collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..messages.len()).collect::<Vec<_>>());
            for bundle in bundles {
                prop_assert!(bundle.len() <= most && bundle.is_sorted());
                let held: Vec<_> = bundle.iter().map(|place| &messages[*place]).collect();
                let read = Message::decode_each(&encode(&held)).unwrap();
                prop_assert_eq!(read.iter().collect::<Vec<_>>(), held);
            }
        }
    }
}

//! What is true of any event under any contract.

use std::sync::LazyLock;

use hooklane_domain::event::Content;
use hooklane_domain::expression::{Budget, Input, Transform};
use hooklane_domain::json::{RawJson, as_javascript};
use hooklane_domain::webhook::secret::SigningSecret;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::sample::{Sample, at};
use super::{Contracts, NEW_SECRET, each, load, receiver};

/// Read once for all cases.
static CONTRACTS: LazyLock<Contracts> = LazyLock::new(load);

/// JSON as text: numbers, escapes and keys in every form that a producer may send.
fn any_json() -> impl Strategy<Value = String> {
    let number = r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?";
    let string = r#""([ !#-\[\]-~é☃😀\x7f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,8}""#;
    let leaf = prop_oneof![number, string, "true|false|null"];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..5);
        let key = prop_oneof!["\"[0-9]{1,3}\"", string];
        let entries = proptest::collection::vec((key, inner), 0..5);
        prop_oneof![
            list.prop_map(|items| format!("[{}]", items.join(", "))),
            entries.prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{k}: {v}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

prop_compose! {
    fn any_sample()(
        secret in "[!-~é][ -~é]{6,58}[!-~é]"
            .prop_filter("is text", |text| !text.starts_with("whsec_")),
        event_type in "[a-z_-]{1,8}(\\.[a-z0-9]{1,8}){0,2}",
        data in any_json(),
        metadata in proptest::option::of(any_json()),
        milliseconds in proptest::option::of(0..4_102_444_800_000i64),
        version in proptest::option::of("\\PC{0,16}"),
    ) -> Sample {
        let content = Content {
            event_type: event_type.parse().unwrap(),
            data: RawJson::parse(&data).unwrap(),
            metadata: metadata.map(|metadata| RawJson::parse(&metadata).unwrap()),
            timestamp: milliseconds.map(|ms| {
                at("1970-01-01T00:00:00Z") + std::time::Duration::from_millis(ms.unsigned_abs())
            }),
            version,
            test: false,
        };
        Sample { secret, retiring: None, content }
    }
}

proptest! {
    #[test]
    fn a_body_parses_verifies_and_stays_the_same(sample in any_sample()) {
        for contract in each(&CONTRACTS) {
            let name = contract.name().as_str();
            let first = sample.send(contract, 1);
            prop_assert!(serde_json::from_str::<&RawValue>(&first.body).is_ok(), "{}", first.body);
            for attempt in [1, 2, 11] {
                let sent = sample.send(contract, attempt);
                prop_assert_eq!(&sent.body, &first.body, "{}", name);
                receiver::assert_verifies(name, &sample.secret, &sent);
            }
        }
    }

    #[test]
    fn both_secrets_verify_while_one_is_rotated(sample in any_sample()) {
        let old = sample.secret.clone();
        let sample = sample.rotating(NEW_SECRET);
        for contract in each(&CONTRACTS) {
            let name = contract.name().as_str();
            let first = sample.send(contract, 1);
            receiver::assert_verifies_while_rotated(name, (&old, NEW_SECRET), &first);
            prop_assert_eq!(&sample.send(contract, 1).headers, &first.headers, "{}", name);
            let after = sample.send(contract, 2);
            receiver::assert_verifies(name, NEW_SECRET, &after);
            prop_assert_eq!(&after.body, &first.body, "{}", name);
        }
    }

    #[test]
    fn asymmetric_signatures_verify(sample in any_sample(), seed: [u8; 32]) {
        let key = SigningSecret::generate_ed25519(seed);
        let sample = Sample { secret: key.expose().to_owned(), ..sample };
        for contract in each(&CONTRACTS).filter(|contract| contract.has_ed25519()) {
            for attempt in [1, 2] {
                let sent = sample.send(contract, attempt);
                let public = key.public_key().unwrap();
                prop_assert_eq!(receiver::ed25519_verified(&public, &sent), 1);
            }
        }
    }

    /// The result of a transform is sent like an event's own data.
    #[test]
    fn a_transformed_event_parses_verifies_and_stays_the_same(sample in any_sample(), which in 0..4usize) {
        let transform = [
            "{'d': event.data, 'type': event.type}",
            "{'m': has(event.metadata) ? [event.metadata] : [], 't': event.timestamp}",
            "{'l': [event.data, event.data].map(x, {'x': x, 'y': [x] + [x]})}",
            "{'n': size(event.type) * 2, 'v': has(event.version) ? event.version : null}",
        ][which];
        let transform: Transform = transform.parse().unwrap();
        let made = |_| {
            let id = "evt-1".parse().unwrap();
            let accepted_at = at("2024-01-15T10:30:01.250Z");
            let input = Input::new(&id, &"acme".parse().unwrap(), &sample.content, accepted_at);
            transform.apply(&input, &Budget::of_delivery())
        };
        let [first, again] = [0, 1].map(made);
        prop_assert_eq!(&first, &again);
        // A computed number beyond the range of doubles is an error.
        let Ok(data) = first else { return Ok(()) };
        let content = Content { data, ..sample.content.clone() };
        let sample = Sample { content, ..sample };
        for contract in each(&CONTRACTS) {
            let name = contract.name().as_str();
            let sent = sample.send(contract, 1);
            prop_assert!(serde_json::from_str::<&RawValue>(&sent.body).is_ok(), "{}", sent.body);
            prop_assert_eq!(&sample.send(contract, 7).body, &sent.body, "{}", name);
            receiver::assert_verifies(name, &sample.secret, &sent);
        }
    }

    #[test]
    fn data_stays_as_published_or_is_as_javascript_writes_it(sample in any_sample()) {
        for contract in each(&CONTRACTS) {
            let body = sample.send(contract, 1).body;
            let published = sample.content.data.as_str();
            prop_assert!(body.contains(published) || as_javascript(&body) == body, "{}", body);
        }
    }

    #[test]
    fn headers_are_what_http_carries(sample in any_sample()) {
        for contract in each(&CONTRACTS) {
            for (name, value) in sample.send(contract, 1).headers {
                let visible = value.bytes().all(|b| matches!(b, b' '..=b'~'));
                prop_assert!(!value.is_empty() && visible, "{}: {}", name, value);
            }
        }
    }
}

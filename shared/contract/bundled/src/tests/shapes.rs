//! The API's answers under every contract that rewrites them: whatever a canonical answer lacks, the
//! result is JSON without a placeholder in it.

use hooklane_contract::answers::{Kind, OPERATIONS};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Any value of this kind. Fields may be missing.
fn any_of(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Scalar => prop_oneof![
            prop::sample::select(vec!["pending", "retrying", "delivered", "failed", "cancelled"])
                .prop_map(Value::from),
            "[^{}]{0,12}".prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (0.0..=1.0).prop_map(|share: f64| json!(share)),
        ]
        .boxed(),
        Kind::Time => (0i64..4_000_000_000_000).prop_map(|ms| json!(rfc3339(ms))).boxed(),
        Kind::Json => {
            prop_oneof![Just(json!({ "a": [1.0, null] })), Just(json!([])), Just(Value::Null)]
                .boxed()
        }
        Kind::List(item) => {
            prop::collection::vec(any_of(*item), 0..4).prop_map(Value::from).boxed()
        }
        Kind::Object(fields) => fields
            .iter()
            .map(|(name, kind)| {
                prop::option::of(any_of(*kind))
                    .prop_map(|value| value.map(|v| ((*name).to_owned(), v)))
            })
            .collect::<Vec<_>>()
            .prop_map(|fields| Value::from(fields.into_iter().flatten().collect::<Map<_, _>>()))
            .boxed(),
    }
}

fn rfc3339(ms: i64) -> String {
    let time = hooklane_domain::Timestamp::from_millisecond(ms).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_canonical_answer_is_rewritten(
        (operation, canonical) in prop::sample::select(OPERATIONS)
            .prop_flat_map(|operation| (Just(operation), any_of(operation.answer)))
    ) {
        let contracts = load();
        for contract in each(&contracts) {
            let Some(shape) = contract.api().and_then(|api| api.of(operation.id)) else { continue };
            let tenant = "acme".parse().unwrap();
            let Some(shaped) = shape.body(&tenant, 200, &canonical.to_string()) else { continue };
            prop_assert!(serde_json::from_str::<Value>(&shaped).is_ok(), "{shaped}");
            // No scalar here contains a brace.
            prop_assert!(!shaped.contains("\"{"), "{shaped}");
        }
    }
}

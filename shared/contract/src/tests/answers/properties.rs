//! Any canonical answer is rewritten into JSON.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const API: &str = r#"
[api]
error = '{ "error": "{detail} || {errors:wrong:joined} || {title:code}" }'
[api.words]
w = { a = "b", none = 0, "2xx" = true, "*" = "other" }
[api.shapes]
wrong = '"{path} {message} || {message}"'
attempt = '{ "n": "{number:and-first}", "at": "{at:unix}", "body": "{response.body} || {error.detail}" }'
delivery = '''{ "id": "{id}", "status": "{status:w}", "at": "{createdAt:rfc3339ms}",
    "last": { "at": "{lastAttempt.at:rfc3339}", "code": "{lastAttempt.statusCode if status is not a}" },
    "first": "{attempts.first:attempt}", "all": "{attempts:attempt}", "text": "{id} of {tenant}" }'''
[api.answers]
getDelivery.body = '{ "delivery": "{answer:delivery}" }'
listDeliveries.body = '{ "deliveries": "{data:delivery}", "count": "{data:count}" }'
"#;

/// Names of canonical fields, and one that is not.
const NAMES: [&str; 16] = [
    "id",
    "status",
    "createdAt",
    "lastAttempt",
    "attempts",
    "data",
    "at",
    "number",
    "response",
    "body",
    "error",
    "detail",
    "errors",
    "path",
    "message",
    "new",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2024-01-15T10:30:00.000Z")),
        Just(json!("a")),
        Just(json!(u64::MAX)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..7).prop_map(
                |list| {
                    let map: Map<_, _> =
                        list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                    Value::from(map)
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn any_answer_is_rewritten(canonical in any_json(), status in 100u16..600) {
        let shape = shape(API);
        for operation in ["getDelivery", "listDeliveries"] {
            let shaped = answer(&shape, operation, status, &canonical.to_string());
            let parsed: Value = serde_json::from_str(&shaped).unwrap();
            let keys: Vec<_> = parsed.as_object().unwrap().keys().map(String::as_str).collect();
            let known = ["delivery", "deliveries", "count", "error"];
            prop_assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
        }
    }

    #[test]
    fn fields_that_no_shape_names_have_no_effect(canonical in any_json(), more in any_json()) {
        let Value::Object(mut map) = canonical else { return Ok(()) };
        let shape = shape(API);
        map.shift_remove("new");
        let before = answer(&shape, "getDelivery", 200, &Value::from(map.clone()).to_string());
        map.insert("new".to_owned(), more);
        let after = answer(&shape, "getDelivery", 200, &Value::from(map).to_string());
        prop_assert_eq!(before, after);
    }

    #[test]
    fn any_text_is_a_shape_or_a_mistake(text in "\\PC{0,40}", name in "[{}:|a-z. ]{0,30}") {
        for body in [text, format!("{{ \"x\": \"{name}\" }}")] {
            let quoted = toml_string(&body);
            let api = format!("[api.answers]\ngetDelivery.body = {quoted}");
            if let Ok(contract) = contract(&api) {
                let shape = contract.api().unwrap();
                let shaped = answer(shape, "getDelivery", 200, DELIVERY);
                prop_assert!(serde_json::from_str::<Value>(&shaped).is_ok(), "{shaped}");
            }
        }
    }
}

/// A text as a string of TOML, whose escapes are those of JSON.
fn toml_string(text: &str) -> String {
    Value::from(text).to_string()
}

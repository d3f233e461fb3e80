use serde_json::{Value, json};

use super::*;
use crate::aws::error::ServiceError;
use crate::aws::value::Item;

fn item(value: Value) -> Item {
    value.as_object().cloned().unwrap_or_default()
}

fn holds(source: &str, values: Value, of: Value) -> Result<bool, ServiceError> {
    let request =
        json!({"ExpressionAttributeValues": values, "ExpressionAttributeNames": {"#n": "n"}});
    let mut placeholders = Placeholders::of(&request);
    Ok(condition(source, &mut placeholders)?.holds(&item(of)))
}

#[test]
fn conditions_hold_as_dynamodb_says() {
    let five = || json!({":v": {"N": "5"}, ":w": {"N": "10"}});
    for (source, of, expected) in [
        ("#n = :v", json!({"n": {"N": "5"}}), true),
        // Numbers are compared as numbers, not as texts.
        ("#n < :w", json!({"n": {"N": "9"}}), true),
        ("#n BETWEEN :v AND :w", json!({"n": {"N": "7"}}), true),
        ("#n BETWEEN :v AND :w", json!({"n": {"N": "11"}}), false),
        // An attribute that is not there is unequal, and in no order.
        ("#n <> :v", json!({}), true),
        ("#n <= :v", json!({}), false),
        ("attribute_not_exists(#n) OR #n <= :v", json!({}), true),
        ("attribute_exists(#n) AND NOT #n = :w", json!({"n": {"N": "5"}}), true),
        // Values of different types have no order.
        ("#n < :v", json!({"n": {"S": "1"}}), false),
        ("#n IN (:v, :w)", json!({"n": {"N": "10"}}), true),
        ("size(#n) > :v", json!({"n": {"S": "longer"}}), true),
    ] {
        assert_eq!(holds(source, five(), of).unwrap(), expected, "{source}");
    }
}

#[test]
fn mistakes_are_validation_errors() {
    for source in ["n =", "n = :unknown", "#unknown = :v", "n ? :v", "n = :v n", ""] {
        let error = holds(source, json!({":v": {"N": "5"}}), json!({})).unwrap_err();
        assert_eq!(error.kind, "ValidationException", "{source}");
    }
    let request = json!({"ExpressionAttributeValues": {":used": {"N": "1"}, ":not": {"N": "1"}}});
    let mut placeholders = Placeholders::of(&request);
    condition("n = :used", &mut placeholders).unwrap();
    assert!(placeholders.all_used().unwrap_err().message.contains(":not"));
}

#[test]
fn an_update_reads_the_item_as_it_was() {
    let request = json!({"ExpressionAttributeValues": {":one": {"N": "1"}, ":s": {"S": "x"}}});
    let mut placeholders = Placeholders::of(&request);
    let source = "SET a = a + :one, b = if_not_exists(b, :s), c = a REMOVE d ADD e :one";
    let changes = update(source, &mut placeholders).unwrap();
    let mut changed = item(json!({"a": {"N": "1"}, "d": {"S": "gone"}}));
    let touched = apply(&changes, &mut changed).unwrap();
    let expected = json!({"a": {"N": "2"}, "b": {"S": "x"}, "c": {"N": "1"}, "e": {"N": "1"}});
    assert_eq!(Value::Object(changed), expected);
    assert_eq!(touched, ["a", "b", "c", "d", "e"]);
}

//! The language is that of the crate `cel`, whose interpreter runs the same expressions here.

use std::collections::HashMap;

use cel::objects::{Key, Map};
use cel::parser::PrattParser;
use cel::{Context, Value as Theirs};
use proptest::prelude::*;

use super::fuzz::{any_data, any_expression, many};
use super::*;
use crate::expression::evaluate::Evaluation;
use crate::expression::value::{self, Value};
use crate::json::parts::{entries, items};

/// A value in one form for both. Types show, so that `1` is not `1.0`.
fn ours(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Int(int) => format!("int {int}"),
        Value::UInt(uint) => format!("uint {uint}"),
        Value::Double(double) => format!("double {double:?}"),
        Value::Text(text) => format!("{:?}", &**text),
        Value::Bytes(bytes) => format!("bytes {:?}", &**bytes),
        Value::List(list) => format!("{:?}", list.iter().map(ours).collect::<Vec<_>>()),
        Value::JsonList(json) => {
            let items = items(json).map(|item| ours(&Value::of_json(item)));
            format!("{:?}", items.collect::<Vec<_>>())
        }
        Value::Map(map) => {
            let entries = map.0.iter().map(|(key, value)| (ours_key(key), ours(value)));
            format!("{:?}", entries.collect::<std::collections::BTreeMap<_, _>>())
        }
        Value::JsonMap(json) => {
            let read = |(key, value)| (ours(&Value::of_json(key)), ours(&Value::of_json(value)));
            let entries = entries(json).map(read);
            format!("{:?}", entries.collect::<std::collections::BTreeMap<_, _>>())
        }
        // The crate makes a text of it at the end.
        Value::Type(name) => format!("{name:?}"),
    }
}

fn ours_key(key: &value::Key<'_>) -> String {
    ours(&key.clone().into())
}

fn theirs(value: &Theirs) -> String {
    match value {
        Theirs::Null => "null".to_owned(),
        Theirs::Bool(bool) => bool.to_string(),
        Theirs::Int(int) => format!("int {int}"),
        Theirs::UInt(uint) => format!("uint {uint}"),
        Theirs::Float(double) => format!("double {double:?}"),
        Theirs::String(text) => format!("{:?}", text.as_str()),
        Theirs::Bytes(bytes) => format!("bytes {:?}", bytes.as_slice()),
        Theirs::List(list) => format!("{:?}", list.iter().map(theirs).collect::<Vec<_>>()),
        Theirs::Map(map) => {
            let entries = map.map.iter().map(|(key, value)| (theirs(&key.into()), theirs(value)));
            format!("{:?}", entries.collect::<std::collections::BTreeMap<_, _>>())
        }
        other => format!("{other:?}"),
    }
}

fn their_value(json: &str) -> Theirs {
    match Value::of_json(json) {
        Value::Bool(bool) => Theirs::Bool(bool),
        Value::Int(int) => Theirs::Int(int),
        Value::UInt(uint) => Theirs::UInt(uint),
        Value::Double(double) => Theirs::Float(double),
        Value::Text(text) => (&*text).into(),
        Value::JsonList(list) => items(list).map(their_value).collect::<Vec<_>>().into(),
        Value::JsonMap(map) => {
            let key = |key| Key::from(&*crate::json::parts::text(key));
            let entries = entries(map).map(|(name, value)| (key(name), their_value(value)));
            Theirs::Map(Map { map: Arc::new(entries.collect::<HashMap<_, _>>()) })
        }
        _ => Theirs::Null,
    }
}

/// What both make of an expression, unless the crate's own result has no order.
fn both(text: &str, data: &str) -> Option<(Option<String>, Option<String>)> {
    let compiled = Compiled::parse(text).ok()?;
    let input = input(data);
    let budget = Budget::of_delivery();
    let evaluation = Evaluation::new(&compiled, &input, &budget);
    let ours = evaluation.value(&compiled.node, None);
    let mut context = Context::default();
    context.add_variable_from_value("event", their_value(input.whole()));
    let theirs_made = Theirs::resolve(&PrattParser::new().parse(text).ok()?, &context);
    let unordered = matches!(&ours, Err(error::Error::Other("a map cannot be added")));
    (!unordered).then(|| {
        (ours.ok().map(|value| self::ours(&value)), theirs_made.ok().map(|value| theirs(&value)))
    })
}

#[test]
fn every_operation_has_the_result_that_cel_gives_it() {
    let values = [
        "null",
        "true",
        "1",
        "-7",
        "0",
        "2u",
        "0u",
        "1.0",
        "0.5",
        "-3.25",
        "'a'",
        "'ab'",
        "''",
        "'1'",
        "'1.5'",
        "'true'",
        "b'a'",
        "[]",
        "[1, 2]",
        "['a']",
        "{}",
        "{'a': 1}",
        "{1: 'x'}",
        "{2u: 'y'}",
        "{true: 1}",
        "event.data.o",
        "event.data.l",
        "event.data.m.b",
        "event.data.m.k",
        "event.data.t",
        "event.data.none",
        "event.data.m == {'a': 1, 'k': 'v', 'b': {'c': []}}",
        "size(event.data)",
        "int",
        "type(1)",
        "9223372036854775807",
        "18446744073709551615u",
        "1.0 / 0.0",
        "0.0 / 0.0",
        "1 / 0",
    ];
    let data = r#"{"l":[1,"a",2.5,null,{"k":1}],"m":{"k":"v","b":{"c":[]},"a":1},"o":{"k":{"k":1}},"t":"ab\nc"}"#;
    let mut compared = 0;
    let mut check = |text: String| {
        if let Some((ours, theirs)) = both(&text, data) {
            assert_eq!(ours, theirs, "{text}");
            compared += 1;
        }
    };
    for a in values {
        for call in
            ["size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn", "!", "-"]
        {
            check(format!("{call}({a})"));
        }
        for step in [
            ".size()",
            ".a",
            "[0]",
            "['a']",
            "[1u]",
            "[1.0]",
            "[1.5]",
            ".contains('a')",
            ".startsWith('a')",
            ".endsWith('b')",
            ".map(x, x)",
            ".map(x, x == 1, [x])",
            ".filter(x, x == 'a')",
            ".all(x, x == 1)",
            ".exists(x, x == 1)",
            ".exists(x, x)",
            ".all(x, x)",
            ".exists(x, x.k == 1)",
            ".exists_one(x, x == 1)",
            ".all(x, has(x.k))",
        ] {
            check(format!("({a}){step}"));
        }
        check(format!("has(({a}).k)"));
        for b in values {
            for operator in
                ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"]
            {
                check(format!("({a}) {operator} ({b})"));
            }
            check(format!("({a})[{b}]"));
            check(format!("{{{a}: 1, {b}: 2}}"));
            check(format!("({a}) ? 1 : ({b})"));
        }
    }
    assert!(compared > 15_000, "{compared} comparisons");
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn any_expression_has_the_result_that_cel_gives_it(text in any_expression(), data in any_data()) {
        // The crate visits the keys of a map in no order.
        let whole = text.replace("event.data", "").replace("event.type", "").contains("event");
        let maps = whole || data.contains('{') || text.contains('{');
        let unordered = maps && text.contains("(x,");
        if !unordered && let Some((ours, theirs)) = both(&text, &data) {
            prop_assert_eq!(ours, theirs, "{} on {}", text, data);
        }
    }
}

//! Any text and any event have a result, and the same one each time.

use proptest::prelude::*;

use super::*;

/// Eighty times `PROPTEST_CASES`, so 20,480 unless that is set.
pub(super) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.saturating_mul(80), ..usual }
}

/// Words and signs in any order. Most are refused, at all places of the parser.
fn any_text() -> impl Strategy<Value = String> {
    let words = vec![
        "é",
        "😀",
        "\u{0}",
        "\u{feff}",
        "\r",
        "ſ",
        "event",
        ".data",
        ".type",
        "x",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "?",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        ">=",
        " in ",
        "has(",
        ".map(x,",
        ".all(x,",
        ".filter(x,",
        ".exists_one(x,",
        "1",
        "1.5",
        "2u",
        "0x1F",
        "1e400",
        "'a'",
        "\"b\"",
        "b'c'",
        "r'\\d'",
        "'''",
        "\"\"\"",
        "true",
        "null",
        "size(",
        "int(",
        "matches(",
        "//",
        "\n",
        " ",
        ".matches('a*')",
        "9223372036854775808",
        "``",
        "@",
        "__result__",
        "\\",
        ".?",
        "[?",
    ];
    proptest::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.concat())
}

/// Expressions that the gate mostly accepts.
pub(super) fn any_expression() -> impl Strategy<Value = String> {
    let leaves = vec![
        "event.data",
        "event.data.a",
        "event.data.b.c",
        "event.data[0]",
        "event.type",
        "event.data.l",
        "event.metadata",
        "event",
        "1",
        "-2",
        "0.5",
        "3u",
        "'t'",
        "b'z'",
        "true",
        "null",
        "[1, 2]",
        "{'k': 1}",
        "9223372036854775807",
    ];
    let leaf = prop::sample::select(leaves).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators = vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"];
        let calls = vec!["size", "int", "double", "string", "bool", "type", "uint"];
        let steps = vec![
            ".map(x, x)",
            ".filter(x, x == 1)",
            ".all(x, x)",
            ".exists(x, x > 0)",
            ".map(x, [x, x])",
            ".exists_one(x, x == 1)",
            ".map(x, event.data)",
            "[0]",
            "['k']",
            ".a",
            ".size()",
        ];
        let (operator, call, step) = (
            prop::sample::select(operators),
            prop::sample::select(calls),
            prop::sample::select(steps),
        );
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (call, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), step).prop_map(|(a, s)| format!("{a}{s}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'p': {a}, 'q': {b}}}")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

pub(super) fn any_data() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        Just(r#""\ud83d x""#.to_owned()),
        "\"[a-c]{0,3}\"",
        "true|null",
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        let entries = proptest::collection::vec(("\"[abcl]\"", inner), 0..4);
        prop_oneof![
            list.prop_map(|items| format!("[{}]", items.join(","))),
            entries.prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{k}:{v}")).collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

fn check(text: &str, data: &str) -> Result<(), TestCaseError> {
    let input = input(data);
    match (text.parse::<Filter>(), text.parse::<Transform>()) {
        (Ok(filter), Ok(transform)) => {
            prop_assert_eq!(
                filter.passes(&input, &Budget::of_event()),
                filter.passes(&input, &Budget::of_event()),
                "{}",
                text
            );
            let first = transform.apply(&input, &Budget::of_delivery());
            let again =
                Transform::from_stored(text.to_owned()).apply(&input, &Budget::of_delivery());
            prop_assert_eq!(&first, &again);
            if let Ok(json) = first {
                prop_assert!(json.as_str().len() <= MAX_RESULT_BYTES);
                prop_assert!(json.as_str().starts_with('{'), "{}", json.as_str());
            }
        }
        (Err(filter), Err(transform)) => {
            prop_assert_eq!(&filter, &transform);
            let lines = text.matches('\n').count() + 1;
            prop_assert!((1..=lines + 1).contains(&filter.line), "{}: {}", text, filter);
            prop_assert!(filter.column >= 1 && !filter.message.is_empty());
        }
        (filter, transform) => prop_assert!(false, "{:?} {:?}", filter, transform),
    }
    Ok(())
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn any_text_has_a_result(text in any_text(), data in any_data()) {
        check(&text, &data)?;
    }

    #[test]
    fn any_expression_has_a_result(text in any_expression(), data in any_data()) {
        check(&text, &data)?;
    }

    #[test]
    fn unchanged_data_stays_as_published(data in any_data()) {
        let made = "{'d': event.data}".parse::<Transform>().unwrap().apply(&input(&data), &Budget::of_delivery()).unwrap();
        prop_assert_eq!(made.as_str(), format!("{{\"d\":{data}}}"));
    }
}

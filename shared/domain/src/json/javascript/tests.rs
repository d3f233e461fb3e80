use super::*;
use crate::json::RawJson;
use proptest::prelude::*;

/// What Node.js 20 prints for `JSON.stringify(JSON.parse(text))`.
const CASES: &[(&str, &str)] = &[
    ("0", "0"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("1.0", "1"),
    ("1.50", "1.5"),
    ("100", "100"),
    ("1e2", "100"),
    ("1E+2", "100"),
    ("1e21", "1e+21"),
    ("1e20", "100000000000000000000"),
    ("123456789012345678901234567890", "1.2345678901234568e+29"),
    ("1234567890123456789", "1234567890123456800"),
    ("0.1", "0.1"),
    ("1e-6", "0.000001"),
    ("1e-7", "1e-7"),
    ("0.000001", "0.000001"),
    ("0.0000001", "1e-7"),
    ("1.5e-10", "1.5e-10"),
    ("5e-324", "5e-324"),
    ("1e-400", "0"),
    ("-1e-400", "0"),
    ("1e400", "null"),
    ("-1e400", "null"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("9007199254740993", "9007199254740992"),
    ("0.1e1", "1"),
    ("-1.25e+3", "-1250"),
    ("4.35", "4.35"),
    ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ("1e23", "1e+23"),
    (r#""\u0041\u00e9\u2028\/""#, "\"Aé\u{2028}/\""),
    (r#""\u0000\u001F\b\f\n\r\t\u007f\"\\""#, "\"\\u0000\\u001f\\b\\f\\n\\r\\t\u{7f}\\\"\\\\\""),
    (r#""\u0008\u0009\u000A\u000c\u000D\u000b""#, r#""\b\t\n\f\r\u000b""#),
    (r#""\ud83d\ude00 \uD83D\uDE00 😀""#, r#""😀 😀 😀""#),
    (r#""\ud83d""#, r#""\ud83d""#),
    (r#""\uDE00\uD83D""#, r#""\ude00\ud83d""#),
    (r#""\ud83d\u0041""#, r#""\ud83dA""#),
    (r#""\ud83d\ud83d\ude00""#, r#""\ud83d😀""#),
    (r#""\ud83d\\ude00""#, r#""\ud83d\\ude00""#),
    ("\"<>&'\u{2028}\u{2029}\u{feff}\"", "\"<>&'\u{2028}\u{2029}\u{feff}\""),
    (r#"{"b":1,"a":2}"#, r#"{"b":1,"a":2}"#),
    (r#"{"b":1,"2":2,"10":3,"1":4,"a":5}"#, r#"{"1":4,"2":2,"10":3,"b":1,"a":5}"#),
    (r#"{"01":1,"1":2,"-1":3,"1.5":4,"0":5,"":6}"#, r#"{"0":5,"1":2,"01":1,"-1":3,"1.5":4,"":6}"#),
    (
        r#"{"4294967295":1,"4294967294":2,"a":0,"4294967296":3,"3":4}"#,
        r#"{"3":4,"4294967294":2,"4294967295":1,"a":0,"4294967296":3}"#,
    ),
    (r#"{"9007199254740991":1,"b":2,"7":3}"#, r#"{"7":3,"9007199254740991":1,"b":2}"#),
    (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
    (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
    (r#"{"a":{"x":1},"b":0,"a":{"y":2}}"#, r#"{"a":{"y":2},"b":0}"#),
    (r#"{"1":1,"0":2,"1":3}"#, r#"{"0":2,"1":3}"#),
    (r#"{"__proto__":1,"a":2}"#, r#"{"__proto__":1,"a":2}"#),
    (r#"{"a":1,"__proto__":{"b":1},"__proto__":{"c":2}}"#, r#"{"a":1,"__proto__":{"c":2}}"#),
    (r#"{"toJSON":1,"constructor":2,"length":3}"#, r#"{"toJSON":1,"constructor":2,"length":3}"#),
    ("[1,[ ],{ },null,true,false]", "[1,[],{},null,true,false]"),
    (r#"{"\ud800":1,"\udc00":2,"\ud800":3}"#, r#"{"\ud800":3,"\udc00":2}"#),
    (r#"" \u0020 ""#, r#""   ""#),
    (r#"{"a b":[{"2":1,"1":[{"z":1.0,"y":-0}]}]}"#, r#"{"a b":[{"1":[{"z":1,"y":0}],"2":1}]}"#),
    (r#"{"b":1,"1":1,"b":2,"1":2,"0":3}"#, r#"{"0":3,"1":2,"b":2}"#),
    (r#"{"x":1e3,"0":0,"00":1}"#, r#"{"0":0,"x":1000,"00":1}"#),
];

#[test]
fn each_case_is_written_as_node_writes_it() {
    for (text, expected) in CASES {
        assert!(RawJson::parse(text).is_ok(), "{text}");
        assert_eq!(as_javascript(text), *expected, "{text}");
    }
}

/// JSON as text, with everything that JavaScript writes differently.
fn any_text() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?";
    let string = concat!(
        r#""([ !#-\[\]-~é☃😀\x7f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}"#,
        r#"|\\u[dD][89abAB][0-9a-f]{2}|\\u[dD][c-f][0-9A-F]{2}){0,6}""#
    );
    let key = prop_oneof!["\"(0|[1-9][0-9]{0,10}|[a-c]|__proto__)\"", string];
    let leaf = prop_oneof![number, string, Just("true".to_owned()), Just("null".to_owned())];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..6)
            .prop_map(|items| format!("[{}]", items.join(" , ")));
        let entries = proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{k}:\t{v}")).collect();
            format!("{{ {} }}", entries.join(","))
        });
        prop_oneof![list, entries]
    })
}

proptest! {
    #[test]
    fn writing_is_idempotent(text in any_text()) {
        let once = as_javascript(&text);
        let parsed = RawJson::parse(&once);
        // `RawJson` escapes the two characters that SQS refuses.
        let kept = once.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        prop_assert_eq!(parsed.as_ref().map(RawJson::as_str), Ok(kept.as_str()));
        prop_assert_eq!(as_javascript(&once), once);
    }

    #[test]
    fn serde_reads_the_same_value(text in any_text()) {
        // Serde refuses lone surrogates and numbers that overflow.
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            let again: serde_json::Value = serde_json::from_str(&as_javascript(&text)).unwrap();
            prop_assert_eq!(without_numbers(again), without_numbers(value));
        }
    }

    #[test]
    fn a_number_stays_the_same_double(number: f64) {
        prop_assume!(number.is_finite());
        for text in [format!("{number}"), format!("{number:e}")] {
            let again: f64 = as_javascript(&text).parse().unwrap();
            prop_assert_eq!(again, number);
        }
    }

    #[test]
    fn text_that_is_not_json_ends_too(text in "[\\[\\]{}\",:\\\\u0-9a-f .\\-]{0,40}") {
        prop_assert!(as_javascript(&text).len() <= 6 * text.len() + 8);
    }
}

/// `serde_json` rounds some numbers differently, so another test covers them.
fn without_numbers(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(_) => 0.into(),
        serde_json::Value::Array(items) => items.into_iter().map(without_numbers).collect(),
        serde_json::Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, without_numbers(value))).collect()
        }
        other => other,
    }
}

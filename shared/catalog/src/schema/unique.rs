//! `uniqueItems`, in the place of the validator's own. That one hashes a list of lists without saying where
//! each begins, so `[[],[]]` and `[[[]]]` have the same hash: a list of ten thousand such elements would
//! make it compare each with all others.

use std::collections::HashSet;
use std::fmt::Write as _;

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Number, Value};

/// Compares elements by a text that equal elements share, so that its time is linear in the data.
pub(super) struct Unique(bool);

impl Unique {
    pub(super) fn new(wanted: &Value) -> Self {
        Self(wanted.as_bool() == Some(true))
    }
}

impl<'i> Keyword<'i> for Unique {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(DUPLICATE))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let Value::Array(items) = instance else { return true };
        !self.0 || are_unique(items)
    }
}

/// The message of a violation.
pub(super) const DUPLICATE: &str = "must not have duplicate items";

fn are_unique(items: &[Value]) -> bool {
    let mut seen = HashSet::with_capacity(items.len().min(1024));
    items.iter().all(|item| {
        let mut text = String::new();
        write(item, &mut text);
        seen.insert(text)
    })
}

/// Writes a text that two values share if and only if they are equal: fields in order of their names, and a
/// number in one form.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push('n'),
        Value::Bool(true) => text.push('t'),
        Value::Bool(false) => text.push('f'),
        Value::Number(number) => number_text(number, text),
        Value::String(string) => string_text(string, text),
        Value::Array(items) => {
            text.push('[');
            items.iter().for_each(|item| write(item, text));
            text.push(']');
        }
        Value::Object(fields) => object_text(fields, text),
    }
}

fn object_text(fields: &Map<String, Value>, text: &mut String) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (name, value) in sorted {
        string_text(name, text);
        write(value, text);
    }
    text.push('}');
}

/// With its length, so that no string can look like something else.
fn string_text(string: &str, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\"{}:{string}", string.len());
}

/// JSON has one kind of number: `1` and `1.0` are equal.
fn number_text(number: &Number, text: &mut String) {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let float = number.as_f64().unwrap_or_default();
    // Every whole double of this size is an i128.
    let whole =
        whole.or_else(|| (float.fract() == 0.0 && float.abs() < 1e30).then_some(float as i128));
    let _ = match whole {
        Some(whole) => write!(text, "#{whole};"),
        None => write!(text, "#{:x}.", float.to_bits()),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::Schema;
    use hooklane_domain::json::RawJson;
    use hooklane_fuzz::any_json;

    fn unique(json: &str) -> bool {
        are_unique(serde_json::from_str::<Value>(json).unwrap().as_array().unwrap())
    }

    #[test]
    fn equal_elements_are_found_in_any_form() {
        for duplicates in [
            "[1,1.0]",
            "[0,-0.0]",
            "[100,1e2]",
            r#"[{"a":1,"b":2},{"b":2.0,"a":1}]"#,
            r#"["a","\u0061"]"#,
            "[[],1,[]]",
            "[null,null]",
            "[9007199254740993,9007199254740993]",
        ] {
            assert!(!unique(duplicates), "{duplicates}");
        }
        for distinct in [
            "[]",
            r#"[1,"1",true,null,[1],{"a":1}]"#,
            "[[],[[]],[[],[]],[[[]]]]",
            "[[1,[2]],[1,2],[[1],2],[[1,2]]]",
            "[1.5,2.5,-1.5]",
            r#"["\"1:a","a"]"#,
            r#"[{"a":"b"},{"a":1},{"b":"a"},["a","b"]]"#,
            "[9007199254740993,9007199254740992]",
        ] {
            assert!(unique(distinct), "{distinct}");
        }
    }

    #[test]
    fn finding_03_lists_of_lists_are_compared_by_our_own_keyword() {
        let schema = Schema::parse(r#"{"uniqueItems":true}"#).unwrap();
        let judge = |json: &str| schema.judge("data", &RawJson::parse(json).unwrap());
        let errors = judge("[[],[[]],[]]").unwrap_err();
        assert_eq!(errors.to_string(), format!("data: {DUPLICATE}"));
        assert!(judge("[[],[[]],[[],[]],[[[]]]]").is_ok());
        // Each has a text of its own. For the validator's own hash, these lists are all the same.
        let mut texts = HashSet::new();
        let mut list = Value::Array(Vec::new());
        for _ in 0..50 {
            let mut text = String::new();
            write(&list, &mut text);
            assert!(texts.insert(text));
            list = Value::Array(vec![list]);
        }
    }

    proptest! {
        #[test]
        fn two_values_are_unique_if_they_are_not_equal(a in any_json(), b in any_json()) {
            prop_assert!(!are_unique(&[a.clone(), a.clone()]));
            if a != b {
                let same_number = a.as_f64().is_some() && a.as_f64() == b.as_f64();
                let holds_numbers = a.to_string().contains(|c: char| c.is_ascii_digit());
                prop_assert!(same_number || holds_numbers || are_unique(&[a, b]));
            }
        }
    }
}

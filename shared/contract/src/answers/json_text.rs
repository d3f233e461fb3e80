//! JSON values as text, taken apart without changing their numbers and escapes.

use std::collections::BTreeMap;

use hooklane_domain::json::write_string;
use serde_json::Value;
use serde_json::value::RawValue;

/// The fields of an object; none for any other value.
pub(super) fn fields(value: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(value).unwrap_or_default()
}

/// The items of a list; `None` for any other value.
pub(super) fn as_list(value: &str) -> Option<Vec<&RawValue>> {
    if value.starts_with('[') { serde_json::from_str(value).ok() } else { None }
}

/// A scalar as text; `None` for `null`, objects and lists.
pub(super) fn text_of(value: &str) -> Option<String> {
    match value.as_bytes().first()? {
        b'{' | b'[' | b'n' => None,
        b'"' => match serde_json::from_str(value).ok()? {
            Value::String(text) => Some(text),
            _ => None,
        },
        _ => Some(value.to_owned()),
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}

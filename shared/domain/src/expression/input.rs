//! What an expression sees of an event: JSON text, from which it reads only what it names.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::{Content, Event};
use crate::ids::{EventId, TenantId};
use crate::json::write_string;

/// The name of the one variable that an expression can read.
pub(super) const EVENT: &str = "event";

/// One event, written once for all expressions that read it.
pub struct Input {
    text: String,
    /// The same text with U+FFFD for lone surrogates, which no Rust string can hold. Both texts have
    /// the same length. `None` where there is no lone surrogate.
    readable: Option<String>,
}

/// One step of a path into the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Input {
    /// What an expression sees of an accepted event.
    #[must_use]
    pub fn of_event(event: &Event) -> Self {
        Self::new(&event.id, &event.tenant, &event.content, event.accepted_at)
    }

    /// What an expression sees of an event that has these parts.
    #[must_use]
    pub fn new(id: &EventId, tenant: &TenantId, content: &Content, accepted_at: Timestamp) -> Self {
        let mut text = String::with_capacity(content.data.as_str().len() + 256);
        let timestamp = content.happened_at(accepted_at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
        let test = content.test;
        text.push_str(&format!(r#"{{"timestamp":"{timestamp}","test":{test},"id":"#));
        write_string(&mut text, id.as_str());
        for (key, value) in [
            ("type", Some(content.event_type.as_str())),
            ("tenant", Some(tenant.as_str())),
            ("version", content.version.as_deref()),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(r#","{key}":"#));
                write_string(&mut text, value);
            }
        }
        if let Some(metadata) = &content.metadata {
            text.push_str(r#","metadata":"#);
            text.push_str(metadata.as_str());
        }
        text.push_str(r#","data":"#);
        text.push_str(content.data.as_str());
        text.push('}');
        let readable = readable(&text);
        Self { text, readable }
    }

    /// The part of the event at the end of a path.
    pub(super) fn find(&self, path: &[Step]) -> Option<Part<'_>> {
        let all = self.readable.as_deref().unwrap_or(&self.text);
        let mut part = all;
        for step in path {
            part = step.from(part)?;
        }
        let start = part.as_ptr().addr() - all.as_ptr().addr();
        let published = self.text.get(start..start + part.len())?;
        Some(Part { published, readable: part })
    }
}

/// A part of an event: as it was published, and in the form that can be read.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) published: &'a str,
    readable: &'a str,
}

impl Part<'_> {
    pub(super) fn value(self) -> Value {
        value(self.readable)
    }

    /// Whether it has that key; `None` where it is not an object.
    pub(super) fn has(self, key: &str) -> Option<bool> {
        let is_object = self.readable.starts_with('{');
        is_object.then(|| Step::Key(key.to_owned()).from(self.readable).is_some())
    }
}

impl Step {
    fn from<'a>(&self, json: &'a str) -> Option<&'a str> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Search(self).read(&mut deserializer).ok().flatten()
    }
}

/// Looks for one entry of an object or list. Of a duplicate key, the last entry counts.
struct Search<'s>(&'s Step);

impl Search<'_> {
    fn read<'a, D: Deserializer<'a>>(self, deserializer: D) -> Result<Option<&'a str>, D::Error> {
        match self.0 {
            Step::Key(_) => deserializer.deserialize_map(self),
            Step::Index(_) => deserializer.deserialize_seq(self),
        }
    }
}

impl<'a> Visitor<'a> for Search<'_> {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            match self.0 {
                Step::Key(wanted) if *wanted == key => {
                    found = Some(map.next_value::<&RawValue>()?.get());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut index = 0;
        while let Some(item) = list.next_element::<&RawValue>()? {
            if *self.0 == Step::Index(index) {
                found = Some(item.get());
            }
            index += 1;
        }
        Ok(found)
    }
}

/// A JSON value as a value of CEL. A number is an `int` where it fits, else a `uint`, else a `double`.
/// The standard library reads the text of a double, which rounds as CEL's literals do.
fn value(json: &str) -> Value {
    match json.as_bytes().first() {
        Some(b'{') => {
            let entries: Entries<'_> = serde_json::from_str(json).unwrap_or_default();
            let entries = entries.0.into_iter();
            let map = entries.map(|(key, raw)| (Key::String(Arc::new(key)), value(raw.get())));
            Value::Map(Map { map: Arc::new(map.collect()) })
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            Value::List(Arc::new(items.into_iter().map(|raw| value(raw.get())).collect()))
        }
        Some(b'"') => {
            let text: String = serde_json::from_str(json).unwrap_or_default();
            Value::String(Arc::new(text))
        }
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') | None => Value::Null,
        Some(_) => number(json),
    }
}

fn number(text: &str) -> Value {
    let int = text.parse().map(Value::Int);
    let uint = || text.parse().map(Value::UInt);
    int.or_else(|_| uint()).unwrap_or_else(|_| Value::Float(text.parse().unwrap_or(f64::NAN)))
}

#[derive(Default)]
struct Entries<'a>(HashMap<String, &'a RawValue>);

impl<'a> Deserialize<'a> for Entries<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        HashMap::deserialize(deserializer).map(Self)
    }
}

/// The text with `\ufffd` in place of each escape of a lone surrogate.
fn readable(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let escape = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut lone = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        // JSON has backslashes in strings only, and what follows one is ASCII.
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                lone.push(at);
                at += 6;
            }
            (Some(_), _) => at += 6,
            (None, _) => at += 2,
        }
    }
    if lone.is_empty() {
        return None;
    }
    let mut text = json.to_owned();
    for at in lone {
        text.replace_range(at..at + 6, "\\ufffd");
    }
    Some(text)
}

//! Reads the envelope that EventBridge puts around an event. Source: *Amazon EventBridge User Guide*, "AWS service
//! event metadata".
//!
//! `detail` is the producer's own document. A field of it is read as a part of the event only where it has that
//! part's form. Everything else in it stays with the event as it was sent: in the data, or, beside `data`, in
//! the metadata.

use std::str::FromStr;

use jiff::Timestamp;

use super::{
    DefaultTenant, EVENT_ID, NewEvent, ProducersId, ProducersType, TENANT, TIMESTAMP, complete,
    is_version, required,
};
use crate::event::Content;
use crate::ids::{ClientsTenant, EventType, InvalidId, TenantId};
use crate::json::fields::{Field, FieldErrors, Fields, MAX_FIELDS, time_of};
use crate::json::parts::{entries, text};
use crate::json::surrogates::readable;
use crate::json::{RawJson, write_string};

const DETAIL_TYPE: &str = "detail-type";

pub(super) fn read_envelope(
    mut outer: Fields,
    default: &DefaultTenant,
) -> Result<NewEvent, FieldErrors> {
    let mut id = outer.parse::<ProducersId>(&["id"]);
    let detail_type = required(&mut outer, &[DETAIL_TYPE], |fields, names| {
        fields.read::<String>(names, "a string")
    });
    let event_type = detail_type.as_deref().map(type_of);
    let event_type = event_type.and_then(|text| match text.parse::<ProducersType>() {
        Ok(event_type) => Some(event_type),
        Err(error) => {
            outer.error(DETAIL_TYPE, error.to_string());
            None
        }
    });
    let mut timestamp = outer.time(&["time"]);
    let detail = required(&mut outer, &["detail"], Fields::take);
    // The rest of an envelope (source, account, region, resources) says nothing about the event.
    outer.take_rest();
    let (mut tenant, mut read) = (None, Read::default());
    if let Some(Field { raw, .. }) = detail {
        match Detail::of(raw.get()) {
            Err(message) => outer.error("detail", message),
            Ok(mut detail) => {
                match detail.tenant(default) {
                    Ok(found) => tenant = Some(found),
                    Err((name, message)) => outer.error(&format!("detail.{name}"), message),
                }
                let renamed = detail_type.filter(|text| *text != type_of(text));
                read = detail.read(renamed.as_deref()).unwrap_or_else(|(path, message)| {
                    outer.error(path, message);
                    Read::default()
                });
            }
        }
    }
    outer.finish()?;
    if let Some(own) = read.id {
        // EventBridge makes `id` and `time` anew when the producer repeats its event, which has to stay the
        // same.
        (id, timestamp) = (Some(own), None);
    }
    let Read { data, metadata, version, test, .. } = read;
    let timestamp = read.timestamp.or(timestamp);
    complete(id, tenant, event_type, data, |event_type: EventType, data| Content {
        event_type,
        data,
        metadata,
        timestamp,
        version,
        test,
    })
}

/// The type that a `detail-type` is: the same text, with `_` for each character that a type cannot have, and for
/// an empty word. `Order Created` is `Order_Created`.
fn type_of(detail_type: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let text: String = detail_type.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let words = text.split('.').map(|word| if word.is_empty() { "_" } else { word });
    if text.is_empty() { text } else { words.collect::<Vec<_>>().join(".") }
}

/// What `detail` says of the event.
#[derive(Default)]
struct Read {
    id: Option<ProducersId>,
    timestamp: Option<Timestamp>,
    data: Option<RawJson>,
    metadata: Option<RawJson>,
    version: Option<String>,
    test: bool,
}

/// The members of `detail` that were not read yet, in their order.
struct Detail<'a>(Vec<Member<'a>>);

struct Member<'a> {
    name: String,
    /// The name as it is written, with its quotes.
    key: &'a str,
    value: &'a str,
}

impl Member<'_> {
    /// Whether it is a text or a number.
    fn is_scalar(&self) -> bool {
        self.value.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
    }
}

impl<'a> Detail<'a> {
    fn of(json: &'a str) -> Result<Self, String> {
        if !json.starts_with('{') {
            return Err("must be a JSON object".to_owned());
        }
        let members: Vec<_> = entries(json)
            .take(MAX_FIELDS + 1)
            .map(|(key, value)| Member { name: name_of(key), key, value })
            .collect();
        if members.len() > MAX_FIELDS {
            return Err(format!("has more than {MAX_FIELDS} fields"));
        }
        Ok(Self(members))
    }

    /// The member of this name, if there is one, and if it is not `null`.
    fn only(&self, name: &str) -> Option<(usize, &'a str)> {
        let mut found = self.0.iter().enumerate().filter(|(_, member)| member.name == name);
        match (found.next(), found.next()) {
            (Some((place, member)), None) if member.value != "null" => Some((place, member.value)),
            _ => None,
        }
    }

    /// Takes the first of these fields that `read` can read.
    fn take<T>(&mut self, names: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let readable = |name: &&str| {
            let (place, value) = self.only(name)?;
            Some((place, read(value)?))
        };
        let (place, value) = names.iter().find_map(readable)?;
        self.0.remove(place);
        Some(value)
    }

    /// Takes the tenant: what the first of its names says that has a text or a number. The producer may have
    /// fields of the other names. A wrong one is never passed over for another, because the event would go to
    /// a tenant that it was not meant for. An error has the name of the field.
    fn tenant(&mut self, default: &DefaultTenant) -> Result<TenantId, (&'static str, String)> {
        let names = |member: &&Member<'_>, name: &str| member.name == name && member.is_scalar();
        let decides = |name: &&&str| self.0.iter().any(|member| names(&member, name));
        let given = TENANT.iter().find(decides).copied();
        let Some(name) = given else {
            return match default {
                DefaultTenant::Is(tenant) => Ok(tenant.clone()),
                DefaultTenant::None => Err((TENANT[0], "is required".to_owned())),
            };
        };
        // Readers disagree on which of two counts.
        let Some((place, value)) = self.only(name) else {
            return Err((name, "is given twice".to_owned()));
        };
        let text = serde_json::from_str::<String>(value);
        let text = text.map_err(|_| (name, "must be a string".to_owned()))?;
        let ClientsTenant(tenant) =
            text.parse().map_err(|error: InvalidId| (name, error.to_string()))?;
        self.0.remove(place);
        match default {
            DefaultTenant::Is(other) if tenant != *other => {
                Err((name, "is not the tenant of this request".to_owned()))
            }
            _ => Ok(tenant),
        }
    }

    /// Reads the rest. `renamed` is the `detail-type`, where the event's type is another text.
    fn read(mut self, renamed: Option<&str>) -> Result<Read, (&'static str, String)> {
        let original = renamed.map(|text| (format!("\"{DETAIL_TYPE}\""), quoted(text)));
        let Some((place, data)) = self.only("data") else {
            // Everything else is the data.
            let data = RawJson::parse(&object(self.pairs()));
            let data = Some(data.map_err(|e| ("detail", e.to_string()))?);
            let metadata = original.map(|(key, value)| object([(&*key, &*value)]));
            let metadata = metadata.and_then(|text| RawJson::parse(&text).ok());
            return Ok(Read { data, metadata, ..Read::default() });
        };
        self.0.remove(place);
        let data = RawJson::parse(data).map_err(|e| ("detail.data", e.to_string()))?;
        let id = self.take(EVENT_ID, parsed::<ProducersId>);
        let timestamp = self.take(TIMESTAMP, time_of);
        let own = self.take(&["metadata"], |json| json.starts_with('{').then(|| json.to_owned()));
        let version = self.take(&["version"], |json| {
            serde_json::from_str::<String>(json).ok().filter(|text| is_version(text))
        });
        let test = self.take(&["test"], |json| json.parse::<bool>().ok()).unwrap_or_default();
        // What is absent is no field of the producer's.
        let known =
            [EVENT_ID, TIMESTAMP, TENANT, &["data", "metadata", "version", "test"]].concat();
        self.0.retain(|member| member.value != "null" || !known.contains(&&*member.name));
        let metadata = match (&own, self.0.is_empty() && original.is_none()) {
            (None, true) => None,
            (Some(own), true) => Some(RawJson::parse(own)),
            (own, false) => {
                let original = original.iter().map(|(key, value)| (&**key, &**value));
                let own = entries(own.as_deref().unwrap_or("{}"));
                Some(RawJson::parse(&object(self.pairs().chain(original).chain(own))))
            }
        };
        let metadata = metadata.transpose().map_err(|e| ("detail.metadata", e.to_string()))?;
        Ok(Read { id, timestamp, data: Some(data), metadata, version, test })
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|member| (member.key, member.value))
    }
}

/// An object with these members, as they are written.
fn object<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let members = pairs.into_iter().map(|(key, value)| format!("{key}:{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn name_of(key: &str) -> String {
    match readable(key) {
        // Half a character: no field of Hooklane's has such a name.
        Some(_) => key.to_owned(),
        None => text(key).into_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}

fn parsed<T: FromStr>(json: &str) -> Option<T> {
    serde_json::from_str::<String>(json).ok()?.parse().ok()
}

//! What an expression sees of an event: JSON text, from which it reads only what it names.

use jiff::Timestamp;

use crate::event::{Content, Event};
use crate::ids::{EventId, TenantId};
use crate::json::parts::{items, member};
use crate::json::surrogates::readable;
use crate::json::write_string;

/// The name of the one variable that an expression can read.
pub(super) const EVENT: &str = "event";
/// The last field of an event.
pub(super) const DATA: &str = "data";

/// One event, written once for all expressions that read it.
pub struct Input {
    text: String,
    /// The same text with U+FFFD for lone surrogates, which no Rust string can hold. Both texts have
    /// the same length. `None` where there is no lone surrogate.
    readable: Option<String>,
    /// Where the event's data begins. It ends before the last bracket.
    data: usize,
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
        let data = text.len();
        text.push_str(content.data.as_str());
        text.push('}');
        let readable = readable(&text);
        Self { text, readable, data }
    }

    /// About the bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.readable.as_ref().map_or(0, String::len)
    }

    /// The length of the event as JSON.
    pub(super) fn length(&self) -> u64 {
        self.text.len() as u64
    }

    /// The whole event.
    pub(super) fn whole(&self) -> &str {
        self.readable.as_deref().unwrap_or(&self.text)
    }

    /// The event's data, which most paths begin with.
    pub(super) fn data(&self) -> &str {
        let whole = self.whole();
        whole.get(self.data..whole.len() - 1).unwrap_or_default()
    }

    /// A part of `whole` as it was published.
    pub(super) fn published(&self, part: &str) -> Option<&str> {
        let start = part.as_ptr().addr().checked_sub(self.whole().as_ptr().addr())?;
        self.text.get(start..start + part.len())
    }
}

impl Step {
    /// Whether this is the kind of value that the step can be taken from.
    pub(super) fn fits(&self, json: &str) -> bool {
        json.starts_with(match self {
            Self::Key(_) => '{',
            Self::Index(_) => '[',
        })
    }

    /// The part of an object or a list that the step leads to.
    pub(super) fn from<'a>(&self, json: &'a str) -> Option<&'a str> {
        match self {
            Self::Key(key) if json.starts_with('{') => member(json, key),
            Self::Index(index) if json.starts_with('[') => items(json).nth(*index),
            _ => None,
        }
    }
}

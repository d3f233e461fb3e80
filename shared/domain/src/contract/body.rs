//! The body: a JSON template.

use serde_json::Value;

use super::placeholder::{Place, Placeholder};
use super::template::Template;
use crate::json::write_string;

/// A JSON value in which strings are templates. A string that is exactly one placeholder is replaced
/// by the value itself; a key whose placeholder has no value is left out.
#[derive(Debug, Clone)]
pub(super) enum BodyTemplate {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Text(Template),
    Value(Placeholder),
    /// A number, `true`, `false` or `null`, as written.
    Literal(String),
}

/// What a placeholder stands for in a body.
pub(super) enum BodyValue<'a> {
    Text(String),
    Json(&'a str),
}

impl BodyTemplate {
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|e| format!("must be a JSON template: {e}"))?;
        Self::from_value(value)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::Object(map) => Self::Object(
                map.into_iter()
                    .map(|(key, value)| Ok((key, Self::from_value(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Array(items) => {
                Self::Array(items.into_iter().map(Self::from_value).collect::<Result<_, _>>()?)
            }
            Value::String(text) => match Template::parse(&text, Place::BodyValue) {
                Ok(template) => match template.alone() {
                    Some(placeholder) => Self::Value(placeholder),
                    None => Self::Text(Template::parse(&text, Place::BodyText)?),
                },
                Err(e) => return Err(e),
            },
            other => Self::Literal(other.to_string()),
        })
    }

    /// The body's text; `None` only where the whole of it has no value.
    pub(super) fn render<'a>(
        &self,
        value: &impl Fn(Placeholder) -> Option<BodyValue<'a>>,
    ) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Value(placeholder) => value(*placeholder).map(BodyValue::into_json),
            Self::Text(template) => {
                let text = template.render(|placeholder| match value(placeholder)? {
                    BodyValue::Text(text) => Some(text),
                    BodyValue::Json(_) => None,
                })?;
                Some(BodyValue::Text(text).into_json())
            }
            Self::Array(items) => {
                let items: Vec<_> = items.iter().filter_map(|item| item.render(value)).collect();
                Some(format!("[{}]", items.join(",")))
            }
            Self::Object(entries) => {
                let mut text = String::from("{");
                for (key, entry) in entries {
                    if let Some(entry) = entry.render(value) {
                        if text.len() > 1 {
                            text.push(',');
                        }
                        write_string(&mut text, key);
                        text.push(':');
                        text.push_str(&entry);
                    }
                }
                text.push('}');
                Some(text)
            }
        }
    }
}

impl BodyValue<'_> {
    fn into_json(self) -> String {
        match self {
            Self::Json(text) => text.to_owned(),
            Self::Text(text) => {
                let mut json = String::new();
                write_string(&mut json, &text);
                json
            }
        }
    }
}

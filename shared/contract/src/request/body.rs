//! The body of a request: a JSON template.

use serde_json::Value;

use super::placeholder::{Place, Placeholder, PlaceholderName};
use super::template::Template;
use hooklane_domain::json::write_string;

/// A JSON value whose strings are templates. A string that is exactly one placeholder is replaced by
/// the value itself, of any JSON type. A key whose placeholder has neither a value nor a default is
/// left out.
#[derive(Debug, Clone)]
pub(super) enum BodyTemplate {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Text(Template),
    Value(Placeholder),
    /// A number, `true`, `false` or `null`.
    Literal(String),
}

/// The value of a placeholder in a body.
pub(super) enum BodyValue<'a> {
    Text(String),
    /// A time in Unix seconds: a number where its string is only this placeholder.
    Number(i64),
    Json(&'a str),
}

impl BodyTemplate {
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|e| format!("must be a JSON template: {e}"))?;
        let template = Self::from_value(value)?;
        if template.may_be_absent() {
            return Err("the body as a whole must always have a value".to_owned());
        }
        Ok(template)
    }

    /// Whether it has no value for some events.
    pub(super) fn may_be_absent(&self) -> bool {
        match self {
            Self::Value(placeholder) => placeholder.may_be_absent(),
            Self::Text(text) => text.may_be_absent(),
            Self::Object(_) | Self::Array(_) | Self::Literal(_) => false,
        }
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
            Value::String(text) => {
                let template = Template::parse(&text, Place::BodyValue)?;
                match template.alone() {
                    Some(placeholder) => Self::Value(placeholder.clone()),
                    None => Self::Text(Template::parse(&text, Place::BodyText)?),
                }
            }
            other => Self::Literal(other.to_string()),
        })
    }

    /// The body as JSON. `None` only for a part that has no value.
    pub(super) fn render<'a>(
        &self,
        value: &impl Fn(PlaceholderName) -> Option<BodyValue<'a>>,
    ) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Value(placeholder) => value(placeholder.name)
                .or_else(|| placeholder.default.clone().map(BodyValue::Text))
                .map(BodyValue::into_json),
            Self::Text(template) => {
                let text = template.render(|placeholder| value(placeholder)?.into_text())?;
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
    /// The value as part of a text; `None` for JSON, which cannot be one.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Json(_) => None,
        }
    }

    fn into_json(self) -> String {
        match self {
            Self::Json(text) => text.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => {
                let mut json = String::new();
                write_string(&mut json, &text);
                json
            }
        }
    }
}

//! Applies the formats and conditions of a placeholder to the value that it names.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::Scope;
use crate::answers::json_text::{as_list, quoted, text_of};
use crate::answers::tree::{Condition, Format, Node, Pattern, Words};
use crate::time_format::TimeFormat;

/// A JSON value as text, or no value.
pub(super) type MaybeJson<'a> = Option<Cow<'a, str>>;

impl Format {
    pub(super) fn apply<'a>(&self, value: MaybeJson<'a>, scope: &Scope<'a>) -> MaybeJson<'a> {
        if let Self::Words(words) = self {
            return words.of(value);
        }
        let value = value?;
        let formatted = match self {
            Self::Words(_) => None,
            Self::Time(format) => as_time(&value, *format),
            Self::Shape(node) => in_shape(&value, node, scope),
            Self::Joined => as_list(&value).map(|items| {
                let texts: Vec<_> = items.iter().filter_map(|item| text_of(item.get())).collect();
                quoted(&texts.join("; "))
            }),
            Self::Count => as_list(&value).map(|items| items.len().to_string()),
            Self::Code => text_of(&value).map(|text| quoted(&as_code(&text))),
            Self::AndFirst => {
                value.parse::<u64>().ok().map(|number| number.saturating_add(1).to_string())
            }
            Self::Percent => value.parse::<f64>().ok().and_then(as_percent),
        };
        Some(formatted.map_or(value, Cow::Owned))
    }
}

fn as_time(value: &str, format: TimeFormat) -> Option<String> {
    let time = text_of(value)?.parse().ok()?;
    let written = format.write(time);
    Some(if format == TimeFormat::Unix { written } else { quoted(&written) })
}

fn in_shape(value: &str, node: &Node, scope: &Scope<'_>) -> Option<String> {
    if let Some(items) = as_list(value) {
        let items: Vec<_> = items.iter().map(|item| node.whole(&scope.within(item))).collect();
        return Some(format!("[{}]", items.join(",")));
    }
    let value: &RawValue = serde_json::from_str(value).ok()?;
    value.get().starts_with('{').then(|| node.whole(&scope.within(value)))
}

/// A share as a percentage. It is rounded to ten digits, so that 0.29 is 29.
fn as_percent(share: f64) -> Option<String> {
    let percent = (share * 1e10).round() / 1e8;
    percent.is_finite().then(|| ryu_js::Buffer::new().format(percent).to_owned())
}

fn as_code(name: &str) -> String {
    let last = name.rsplit(':').next().unwrap_or(name);
    last.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect()
}

impl Words {
    fn of<'a>(&self, value: MaybeJson<'a>) -> MaybeJson<'a> {
        let word = self.0.iter().find(|(pattern, _)| pattern.fits(value.as_deref()));
        match word {
            Some((_, word)) => Some(Cow::Owned(word.clone())),
            None => value,
        }
    }
}

impl Pattern {
    pub(super) fn fits(&self, value: Option<&str>) -> bool {
        let value = value.filter(|value| *value != "null");
        match self {
            Self::None => value.is_none(),
            Self::Any => value.is_some(),
            Self::Class(class) => value
                .and_then(|value| value.parse::<u64>().ok())
                .is_some_and(|number| number / 100 == u64::from(*class)),
            Self::Text(expected) => value.and_then(text_of).as_ref() == Some(expected),
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, scope: &Scope<'_>) -> bool {
        let value = scope.find(&self.path);
        self.patterns.iter().any(|pattern| pattern.fits(value.as_deref())) != self.negated
    }
}

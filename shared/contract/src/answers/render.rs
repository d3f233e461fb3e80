//! Fills in a shape from a canonical answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hooklane_domain::ids::TenantId;
use hooklane_domain::json::write_string;
use serde_json::value::RawValue;

use super::json_text::{as_list, fields, quoted, text_of};
use super::tree::{Alternative, Node, Part, Path, Placeholder, Root, Step};

mod format;

use format::MaybeJson;

/// What the placeholders of a shape refer to: a canonical answer, or an object in one.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    tenant: &'a TenantId,
    answer: &'a RawValue,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(answer: &'a RawValue, tenant: &'a TenantId) -> Self {
        Self { tenant, answer, fields: fields(answer.get()) }
    }

    /// The scope of another object in the answer.
    pub(super) fn within<'b>(&self, part: &'b RawValue) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope::of(part, self.tenant)
    }

    /// The value at a path.
    pub(super) fn find(&self, path: &Path) -> MaybeJson<'a> {
        let first = match &path.root {
            Root::Tenant => return Some(Cow::Owned(quoted(self.tenant.as_str()))),
            Root::Answer => self.answer,
            Root::Field(name) => self.fields.get(name)?,
        };
        let mut found = first.get();
        for step in &path.steps {
            found = match step {
                Step::Field(name) => fields(found).get(name)?.get(),
                Step::First => as_list(found)?.first()?.get(),
                Step::Last => as_list(found)?.last()?.get(),
                Step::Where(name, pattern) => as_list(found)?
                    .into_iter()
                    .map(RawValue::get)
                    .find(|item| pattern.fits(fields(item).get(name).map(|value| value.get())))?,
            };
        }
        Some(Cow::Borrowed(found))
    }
}

impl Node {
    /// The JSON of a whole answer, or of one item of a list. It exists even where all values are
    /// missing.
    pub(super) fn whole(&self, scope: &Scope<'_>) -> String {
        match self {
            Self::Object(entries) => object(entries, scope).0,
            other => other.render(scope).unwrap_or_else(|| "null".to_owned()),
        }
    }

    /// The JSON of a part; `None` where it has no value. An object has none where no placeholder in it
    /// does.
    fn render(&self, scope: &Scope<'_>) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Value(alternatives) => first_value(alternatives, scope),
            Self::List(items) => {
                let items: Vec<_> = items.iter().filter_map(|item| item.render(scope)).collect();
                Some(format!("[{}]", items.join(",")))
            }
            Self::Object(entries) => {
                let (text, has_value) = object(entries, scope);
                (has_value || self.is_constant()).then_some(text)
            }
        }
    }

    /// Whether it has no placeholders, so that it is the same for every answer.
    fn is_constant(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Value(alternatives) => alternatives.iter().all(Alternative::is_constant),
            Self::List(items) => items.iter().all(Self::is_constant),
            Self::Object(entries) => entries.iter().all(|(_, entry)| entry.is_constant()),
        }
    }
}

/// The JSON of an object, and whether any placeholder in it has a value.
fn object(entries: &[(String, Node)], scope: &Scope<'_>) -> (String, bool) {
    let mut text = String::from("{");
    let mut has_value = false;
    for (key, entry) in entries {
        let Some(value) = entry.render(scope) else { continue };
        has_value |= !entry.is_constant();
        if text.len() > 1 {
            text.push(',');
        }
        write_string(&mut text, key);
        text.push(':');
        text.push_str(&value);
    }
    text.push('}');
    (text, has_value)
}

/// The first alternative with a value. `null` counts only where no later alternative has a value.
fn first_value(alternatives: &[Alternative], scope: &Scope<'_>) -> Option<String> {
    let mut null = None;
    for alternative in alternatives {
        match alternative.value(scope) {
            Some(value) if value == "null" => null = Some(value),
            Some(value) => return Some(value),
            None => {}
        }
    }
    null
}

impl Alternative {
    fn value(&self, scope: &Scope<'_>) -> Option<String> {
        match self {
            Self::Alone(placeholder) => placeholder.value(scope).map(Cow::into_owned),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(literal) => text.push_str(literal),
                        Part::Placeholder(placeholder) => {
                            let value = text_of(&placeholder.value(scope)?)?;
                            text.push_str(Some(value).filter(|value| !value.is_empty())?.as_str());
                        }
                    }
                }
                Some(quoted(&text))
            }
        }
    }

    fn is_constant(&self) -> bool {
        match self {
            Self::Alone(_) => false,
            Self::Text(parts) => parts.iter().all(|part| matches!(part, Part::Text(_))),
        }
    }
}

impl Placeholder {
    fn value<'a>(&self, scope: &Scope<'a>) -> MaybeJson<'a> {
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(scope)) {
            return None;
        }
        let found = scope.find(&self.path);
        self.formats.iter().fold(found, |value, format| format.apply(value, scope))
    }
}

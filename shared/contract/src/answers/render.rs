//! Fills in a shape from a canonical answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hooklane_domain::ids::TenantId;
use hooklane_domain::json::write_string;
use serde_json::value::RawValue;

use super::json_text::{as_list, fields, quoted, text_of};
use super::tree::{Name, Node, Part, Path, Slot, Step, Written};

mod format;

use format::Found;

/// What placeholders name: a canonical answer, or a part of one.
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

    /// The same question about a part of the answer.
    pub(super) fn within<'b>(&self, part: &'b RawValue) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope::of(part, self.tenant)
    }

    pub(super) fn find(&self, path: &Path) -> Found<'a> {
        let first = match &path.name {
            Name::Tenant => return Some(Cow::Owned(quoted(self.tenant.as_str()))),
            Name::Answer => self.answer,
            Name::Field(name) => self.fields.get(name)?,
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
    /// The text of a whole answer, or of one thing in a list, which is there whatever it lacks.
    pub(super) fn whole(&self, scope: &Scope<'_>) -> String {
        match self {
            Self::Object(entries) => object(entries, scope).0,
            other => other.render(scope).unwrap_or_else(|| "null".to_owned()),
        }
    }

    /// The text of a part, where it has one. An object of which no placeholder has a value has none.
    fn render(&self, scope: &Scope<'_>) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Value(ways) => first_value(ways, scope),
            Self::List(items) => {
                let items: Vec<_> = items.iter().filter_map(|item| item.render(scope)).collect();
                Some(format!("[{}]", items.join(",")))
            }
            Self::Object(entries) => {
                let (text, says_something) = object(entries, scope);
                (says_something || self.is_fixed()).then_some(text)
            }
        }
    }

    /// Whether it is the same whatever the answer.
    fn is_fixed(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Value(ways) => ways.iter().all(Written::is_fixed),
            Self::List(items) => items.iter().all(Self::is_fixed),
            Self::Object(entries) => entries.iter().all(|(_, entry)| entry.is_fixed()),
        }
    }
}

/// The text of an object, and whether anything in it comes from the answer.
fn object(entries: &[(String, Node)], scope: &Scope<'_>) -> (String, bool) {
    let mut text = String::from("{");
    let mut says_something = false;
    for (key, entry) in entries {
        let Some(value) = entry.render(scope) else { continue };
        says_something |= !entry.is_fixed();
        if text.len() > 1 {
            text.push(',');
        }
        write_string(&mut text, key);
        text.push(':');
        text.push_str(&value);
    }
    text.push('}');
    (text, says_something)
}

/// `null` counts where nothing behind it has a value.
fn first_value(ways: &[Written], scope: &Scope<'_>) -> Option<String> {
    let mut null = None;
    for way in ways {
        match way.value(scope) {
            Some(value) if value == "null" => null = Some(value),
            Some(value) => return Some(value),
            None => {}
        }
    }
    null
}

impl Written {
    fn value(&self, scope: &Scope<'_>) -> Option<String> {
        match self {
            Self::Alone(slot) => slot.value(scope).map(Cow::into_owned),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(literal) => text.push_str(literal),
                        Part::Slot(slot) => {
                            let value = text_of(&slot.value(scope)?)?;
                            text.push_str(Some(value).filter(|value| !value.is_empty())?.as_str());
                        }
                    }
                }
                Some(quoted(&text))
            }
        }
    }

    fn is_fixed(&self) -> bool {
        match self {
            Self::Alone(_) => false,
            Self::Text(parts) => parts.iter().all(|part| matches!(part, Part::Text(_))),
        }
    }
}

impl Slot {
    fn value<'a>(&self, scope: &Scope<'a>) -> Found<'a> {
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(scope)) {
            return None;
        }
        let found = scope.find(&self.path);
        self.formats.iter().fold(found, |value, format| format.apply(value, scope))
    }
}

//! A template of a request: text with placeholders.

use super::placeholder::{Place, Placeholder, PlaceholderName};
use crate::braces::{Piece, pieces};
use crate::time_format::TimeFormat;

/// A text with placeholders, for a header, a signature or a string of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// The text in the file.
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

impl Template {
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
        let part = |piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text.to_owned())),
            Piece::Placeholder(inner) => Placeholder::parse(inner, place).map(Part::Placeholder),
        };
        let parts = pieces(text)?.into_iter().map(part).collect::<Result<_, String>>()?;
        Ok(Self { parts, text: text.to_owned() })
    }

    /// The placeholder, where the template is exactly one placeholder.
    pub(super) fn alone(&self) -> Option<&Placeholder> {
        match self.parts.as_slice() {
            [Part::Placeholder(placeholder)] => Some(placeholder),
            _ => None,
        }
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Placeholder(_) => None,
        })
    }

    pub(super) fn contains(&self, name: PlaceholderName) -> bool {
        self.placeholders().any(|placeholder| placeholder.name == name)
    }

    pub(super) fn may_be_absent(&self) -> bool {
        self.placeholders().any(Placeholder::may_be_absent)
    }

    /// What its placeholders name.
    pub(super) fn names(&self) -> impl Iterator<Item = PlaceholderName> {
        self.placeholders().map(|placeholder| placeholder.name)
    }

    fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder),
            Part::Text(_) => None,
        })
    }

    /// The text with every placeholder replaced by its value, or else by its default; `None` where one
    /// has neither.
    pub(super) fn render(
        &self,
        mut value: impl FnMut(PlaceholderName) -> Option<String>,
    ) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Placeholder(placeholder) => match value(placeholder.name) {
                    Some(value) => text.push_str(&value),
                    None => text.push_str(placeholder.default.as_ref()?),
                },
            }
        }
        Some(text)
    }

    /// The values of the placeholders in a text that the template made; `None` if it made no such text. A value
    /// ends where the next literal begins.
    pub(super) fn read<'a>(&self, text: &'a str) -> Option<Vec<(PlaceholderName, &'a str)>> {
        let (values, rest) = self.read_up_to(text, |rest, next| match next {
            Some(Part::Text(literal)) => rest.find(literal.as_str()),
            Some(Part::Placeholder(_)) => None,
            None => Some(rest.len()),
        })?;
        rest.is_empty().then_some(values)
    }

    /// The same for a text that goes on. Its last value ends with the first character that does not belong to it.
    pub(super) fn read_beginning<'a>(
        &self,
        text: &'a str,
        belongs: impl Fn(char) -> bool,
    ) -> Option<(Vec<(PlaceholderName, &'a str)>, &'a str)> {
        self.read_up_to(text, |rest, next| match next {
            Some(Part::Text(literal)) => rest.find(literal.as_str()),
            Some(Part::Placeholder(_)) => None,
            None => Some(rest.find(|c| !belongs(c)).unwrap_or(rest.len())),
        })
    }

    fn read_up_to<'a>(
        &self,
        text: &'a str,
        end: impl Fn(&str, Option<&Part>) -> Option<usize>,
    ) -> Option<(Vec<(PlaceholderName, &'a str)>, &'a str)> {
        let (mut values, mut rest) = (Vec::new(), text);
        for (place, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Part::Placeholder(placeholder) => {
                    let (value, left) =
                        rest.split_at_checked(end(rest, self.parts.get(place + 1))?)?;
                    values.push((placeholder.name, value));
                    rest = left;
                }
            }
        }
        Some((values, rest))
    }

    /// The placeholder of the attempt's time, if there is one.
    pub(super) fn attempt_timestamp(&self) -> Option<(PlaceholderName, TimeFormat)> {
        self.placeholders().find_map(|placeholder| match placeholder.name {
            name @ PlaceholderName::AttemptTimestamp(format) => Some((name, format)),
            _ => None,
        })
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

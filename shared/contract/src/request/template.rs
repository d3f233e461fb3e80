//! A template of a request: text with placeholders.

use super::placeholder::{Place, Placeholder, PlaceholderName};
use crate::braces::{Piece, pieces};

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
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

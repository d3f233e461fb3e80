//! A template of a request: text with placeholders.

use super::placeholder::{Place, Placeholder, Slot};
use crate::braces::{Piece, pieces};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// As the file writes it.
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

impl Template {
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
        let part = |piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text.to_owned())),
            Piece::Placeholder(inner) => Slot::parse(inner, place).map(Part::Slot),
        };
        let parts = pieces(text)?.into_iter().map(part).collect::<Result<_, String>>()?;
        Ok(Self { parts, text: text.to_owned() })
    }

    /// The placeholder, where the template is exactly one.
    pub(super) fn alone(&self) -> Option<&Slot> {
        match self.parts.as_slice() {
            [Part::Slot(slot)] => Some(slot),
            _ => None,
        }
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Slot(_) => None,
        })
    }

    pub(super) fn contains(&self, placeholder: Placeholder) -> bool {
        self.slots().any(|slot| slot.placeholder == placeholder)
    }

    pub(super) fn may_be_absent(&self) -> bool {
        self.slots().any(Slot::may_be_absent)
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Text(_) => None,
        })
    }

    /// The text with every placeholder replaced by what `value` says, or else by its default; none
    /// where one has neither.
    pub(super) fn render(
        &self,
        mut value: impl FnMut(Placeholder) -> Option<String>,
    ) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Slot(slot) => match value(slot.placeholder) {
                    Some(value) => text.push_str(&value),
                    None => text.push_str(slot.default.as_ref()?),
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

//! Text with placeholders.

use super::placeholder::{Place, Placeholder};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

impl Template {
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            let inner = &rest[open + 1..];
            let close = inner.find('}').ok_or_else(|| "a { has no }".to_owned())?;
            parts.push(Part::Placeholder(Placeholder::parse(&inner[..close], place)?));
            rest = &inner[close + 1..];
        }
        if rest.contains('}') {
            return Err("a } has no {".to_owned());
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The placeholder, where the template is exactly one.
    pub(super) fn alone(&self) -> Option<Placeholder> {
        match self.0.as_slice() {
            [Part::Placeholder(placeholder)] => Some(*placeholder),
            _ => None,
        }
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Placeholder(_) => None,
        })
    }

    pub(super) fn contains(&self, placeholder: Placeholder) -> bool {
        self.0.contains(&Part::Placeholder(placeholder))
    }

    /// The text with every placeholder replaced by what `value` says; none where one has no value.
    pub(super) fn render(
        &self,
        mut value: impl FnMut(Placeholder) -> Option<String>,
    ) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Placeholder(placeholder) => text.push_str(&value(*placeholder)?),
            }
        }
        Some(text)
    }
}

//! Reads the placeholders of a shape: `{path}`, `{path:format}`, `{path if other is word}`.

use crate::answers::tree::{Condition, Format, Path, Pattern, Placeholder, Root, Step};
use crate::answers::vocabulary::Kind;

/// What a shape is filled in from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) kind: Kind,
    /// Whether it is a whole answer, and not an object in one.
    pub(super) whole: bool,
}

/// Looks up the format of a name for a value of a kind, and the kind of its result.
pub(super) type Formats<'a> = dyn Fn(&str, Kind) -> Result<(Format, Kind), String> + 'a;

impl Placeholder {
    /// Reads the text between the braces.
    pub(super) fn parse(text: &str, of: Origin, formats: &Formats<'_>) -> Result<Self, String> {
        let (text, condition) = match text.split_once(" if ") {
            Some((text, condition)) => (text, Some(Condition::parse(condition, of)?)),
            None => (text, None),
        };
        let mut parts = text.trim().split(':');
        let (path, mut kind) = Path::parse(parts.next().unwrap_or_default(), of)?;
        let mut chain = Vec::new();
        for name in parts {
            let (format, made) = formats(name, kind).map_err(|e| format!("{{{text}}} {e}"))?;
            chain.push(format);
            kind = made;
        }
        if let Kind::Time = kind {
            return Err(format!("{{{text}}} needs a format: :unix, :rfc3339 or :rfc3339ms"));
        }
        Ok(Self { path, formats: chain, condition })
    }
}

impl Path {
    fn parse(text: &str, of: Origin) -> Result<(Self, Kind), String> {
        let mut segments = text.split('.');
        let first = segments.next().unwrap_or_default();
        let (root, mut kind) = match first {
            "tenant" => (Root::Tenant, Kind::Scalar),
            "answer" if of.whole => (Root::Answer, of.kind),
            "answer" => return Err("{answer} is allowed in answers only, not in shapes".to_owned()),
            _ => (Root::Field(first.to_owned()), field(of.kind, first, text)?),
        };
        let mut steps = Vec::new();
        for segment in segments {
            let step = match (segment, kind) {
                ("first", Kind::List(item)) => (Step::First, *item),
                ("last", Kind::List(item)) => (Step::Last, *item),
                (segment, Kind::List(item)) if segment.contains('=') => {
                    let (name, word) = segment.split_once('=').unwrap_or_default();
                    field(*item, name, text)?;
                    (Step::Where(name.to_owned(), Pattern::read(word)), *item)
                }
                _ => (Step::Field(segment.to_owned()), field(kind, segment, text)?),
            };
            steps.push(step.0);
            kind = step.1;
        }
        Ok((Self { root, steps }, kind))
    }
}

fn field(of: Kind, name: &str, text: &str) -> Result<Kind, String> {
    of.field(name).ok_or_else(|| {
        let mut known: Vec<_> = of.fields().iter().map(|(name, _)| *name).collect();
        if let Kind::List(_) = of {
            known = vec!["first", "last", "NAME=WORD"];
        }
        match known.is_empty() {
            true => format!("unknown placeholder {{{text}}}: its fields are not known"),
            false => {
                format!("unknown placeholder {{{text}}}; expected one of {}", known.join(", "))
            }
        }
    })
}

impl Condition {
    fn parse(text: &str, of: Origin) -> Result<Self, String> {
        let expected = || format!("`if {text}` must be `if NAME is WORD, …` or `if NAME is not …`");
        let (path, words) = text.split_once(" is ").ok_or_else(expected)?;
        let (negated, words) = match words.strip_prefix("not ") {
            Some(words) => (true, words),
            None => (false, words),
        };
        let patterns: Vec<_> = words.split(',').map(|word| Pattern::read(word.trim())).collect();
        if patterns.contains(&Pattern::Text(String::new())) {
            return Err(expected());
        }
        let (path, _) = Path::parse(path.trim(), of)?;
        Ok(Self { path, negated, patterns })
    }
}

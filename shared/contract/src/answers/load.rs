//! Reads the `[api]` part of a contract file. It checks every name against the fields of canonical
//! answers, so that a shape that was read can be filled in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::tree::{Alternative, Format, Node, Part, Pattern, Placeholder, Words};
use super::vocabulary::{Kind, OPERATIONS, Operation, PROBLEM};
use super::{Answer, ApiShape};
use crate::braces::{Piece, pieces};
use crate::files::{InvalidContract, Source};
use crate::time_format::TimeFormat;

mod placeholder;

use placeholder::Origin;

/// The `[api]` part of a merged contract file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiTable {
    #[serde(default)]
    words: BTreeMap<Spanned<String>, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    shapes: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    answers: BTreeMap<Spanned<String>, AnswerTable>,
    error: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerTable {
    status: Option<Spanned<u16>>,
    #[serde(default)]
    query: BTreeMap<Spanned<String>, String>,
    body: Option<Spanned<String>>,
}

/// The offset of a mistake, and its message.
type Mistake = (usize, String);

const FORMATS: [&str; 8] =
    ["unix", "rfc3339", "rfc3339ms", "joined", "count", "code", "and-first", "percent"];

impl ApiTable {
    pub(crate) fn load(&self, source: &Source<'_>) -> Result<ApiShape, InvalidContract> {
        self.read().map_err(|(at, message)| source.error(at, message))
    }

    fn read(&self) -> Result<ApiShape, Mistake> {
        let reader = Reader { words: self.read_words()?, shapes: &self.shapes };
        reader.check_shapes()?;
        let mut answers = BTreeMap::new();
        for (name, table) in &self.answers {
            let operation = operation(name)?;
            answers.insert(operation.id, reader.answer(operation, table)?);
        }
        let error =
            self.error.as_ref().map(|text| reader.node(text, whole(PROBLEM))).transpose()?;
        Ok(ApiShape { answers, error })
    }

    fn read_words(&self) -> Result<BTreeMap<String, Words>, Mistake> {
        let mut read = BTreeMap::new();
        for (name, table) in &self.words {
            let at = name.span().start;
            let name = name.get_ref().clone();
            if FORMATS.contains(&name.as_str()) || self.shapes.contains_key(&name) {
                return Err((at, format!("{name} is the name of another format")));
            }
            let mut words = Vec::new();
            for (word, stands) in table {
                let stands = serde_json::to_string(stands).map_err(|e| (at, e.to_string()))?;
                words.push((Pattern::read(word), stands));
            }
            words.sort();
            read.insert(name, Words(words));
        }
        Ok(read)
    }
}

fn operation(name: &Spanned<String>) -> Result<&'static Operation, Mistake> {
    let found = OPERATIONS.iter().find(|operation| operation.id == name.get_ref());
    found.ok_or_else(|| {
        let known: Vec<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        let message =
            format!("unknown operation {}; expected one of {}", name.get_ref(), known.join(", "));
        (name.span().start, message)
    })
}

fn whole(kind: Kind) -> Origin {
    Origin { kind, whole: true }
}

struct Reader<'a> {
    words: BTreeMap<String, Words>,
    shapes: &'a BTreeMap<String, Spanned<String>>,
}

impl Reader<'_> {
    fn answer(&self, operation: &Operation, table: &AnswerTable) -> Result<Answer, Mistake> {
        let status = table.status.as_ref().map(|status| match status.get_ref() {
            200..=299 => Ok(*status.get_ref()),
            _ => Err((status.span().start, "status must be from 200 to 299".to_owned())),
        });
        let mut query = Vec::new();
        for (name, value) in &table.query {
            let known = operation.parameters;
            let parameter =
                known.iter().find(|names| names.first() == Some(&name.get_ref().as_str()));
            let Some(parameter) = parameter else {
                let names: Vec<_> =
                    known.iter().filter_map(|names| names.first()).copied().collect();
                let message = match names.is_empty() {
                    true => format!("{} takes no parameters", operation.id),
                    false => format!("unknown parameter; expected one of {}", names.join(", ")),
                };
                return Err((name.span().start, message));
            };
            query.push((*parameter, value.clone()));
        }
        let body = table.body.as_ref().map(|text| self.node(text, whole(operation.answer)));
        Ok(Answer { status: status.transpose()?, query, body: body.transpose()? })
    }

    /// Checks the names of shapes, and their JSON, which is all that can be checked of a shape that
    /// nothing uses.
    fn check_shapes(&self) -> Result<(), Mistake> {
        for (name, text) in self.shapes {
            if FORMATS.contains(&name.as_str()) {
                return Err((text.span().start, format!("{name} is the name of another format")));
            }
            json(text)?;
        }
        Ok(())
    }

    /// Reads the text of a shape, which is filled in from an answer of this kind.
    fn node(&self, text: &Spanned<String>, of: Origin) -> Result<Node, Mistake> {
        let value = json(text)?;
        self.read_node(value, of).map_err(|e| (text.span().start, e))
    }

    fn read_node(&self, value: Value, of: Origin) -> Result<Node, String> {
        Ok(match value {
            Value::Object(map) => Node::Object(
                map.into_iter()
                    .map(|(key, value)| Ok((key, self.read_node(value, of)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Array(items) => Node::List(
                items.into_iter().map(|item| self.read_node(item, of)).collect::<Result<_, _>>()?,
            ),
            Value::String(text) => Node::Value(match text.split_once("||") {
                None => vec![self.alternative(&text, of)?],
                Some(_) => text
                    .split("||")
                    .map(|text| self.alternative(text.trim(), of))
                    .collect::<Result<_, _>>()?,
            }),
            other => Node::Literal(other.to_string()),
        })
    }

    /// Reads one alternative of a string.
    fn alternative(&self, text: &str, of: Origin) -> Result<Alternative, String> {
        let formats = |name: &str, kind| self.format(name, kind);
        let part = |piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text.to_owned())),
            Piece::Placeholder(inner) => {
                Placeholder::parse(inner, of, &formats).map(Part::Placeholder)
            }
        };
        let mut parts = pieces(text)?.into_iter().map(part).collect::<Result<Vec<_>, String>>()?;
        Ok(match parts.pop() {
            Some(Part::Placeholder(alone)) if parts.is_empty() => Alternative::Alone(alone),
            last => Alternative::Text(parts.into_iter().chain(last).collect()),
        })
    }

    /// The format of this name for a value of a kind, and the kind of its result.
    fn format(&self, name: &str, kind: Kind) -> Result<(Format, Kind), String> {
        if let Some(words) = self.words.get(name) {
            return Ok((Format::Words(words.clone()), kind));
        }
        if let Some(text) = self.shapes.get(name) {
            let (of, made) = match kind {
                Kind::List(item) => (*item, Kind::List(&Kind::Json)),
                other => (other, Kind::Json),
            };
            let Kind::Object(_) = of else {
                return Err(format!("cannot have the shape {name}: it is not an object"));
            };
            let node = self
                .node(text, Origin { kind: of, whole: false })
                .map_err(|(_, e)| format!("as {name}: {e}"))?;
            return Ok((Format::Shape(Box::new(node)), made));
        }
        match (name, kind) {
            ("unix" | "rfc3339" | "rfc3339ms", Kind::Time) => {
                Ok((Format::Time(TimeFormat::parse(name, Some(name))?), Kind::Scalar))
            }
            ("unix" | "rfc3339" | "rfc3339ms", _) => Err("is not a time".to_owned()),
            ("joined", Kind::List(_) | Kind::Json) => Ok((Format::Joined, Kind::Scalar)),
            ("count", Kind::List(_) | Kind::Json) => Ok((Format::Count, Kind::Scalar)),
            ("joined" | "count", _) => Err("is not a list".to_owned()),
            ("code", Kind::Scalar) => Ok((Format::Code, Kind::Scalar)),
            ("and-first", Kind::Scalar) => Ok((Format::AndFirst, Kind::Scalar)),
            ("percent", Kind::Scalar) => Ok((Format::Percent, Kind::Scalar)),
            ("code" | "and-first" | "percent", _) => Err(format!("does not take :{name}")),
            _ => Err(format!("has an unknown format; expected one of {}", self.names())),
        }
    }

    fn names(&self) -> String {
        let own = self.words.keys().chain(self.shapes.keys()).map(String::as_str);
        FORMATS.into_iter().chain(own).collect::<Vec<_>>().join(", ")
    }
}

fn json(text: &Spanned<String>) -> Result<Value, Mistake> {
    serde_json::from_str(text.get_ref())
        .map_err(|e| (text.span().start, format!("must be a JSON template: {e}")))
}

//! Schemas that cost the most.

use hooklane_catalog::Schema;
use hooklane_domain::json::RawJson;
use serde_json::{Value, json};

use super::{Choices, Costs, Subject, copies};
use crate::clock::Stopwatch;
use crate::hostile::expressions as shapes;

/// The data that schemas are tried on.
pub struct Schemas {
    data: Vec<(String, RawJson)>,
}

impl Schemas {
    pub fn new() -> anyhow::Result<Self> {
        let nested = format!("{{\"l\":{}1{}}}", "[".repeat(60), "]".repeat(60));
        let data = [
            shapes::list_and_text(),
            shapes::list(),
            shapes::text(),
            shapes::texts(),
            shapes::objects(),
            shapes::keys(),
            nested,
        ];
        let data = data.into_iter().map(|data| {
            let raw = RawJson::parse(&data).map_err(|e| anyhow::anyhow!("{e}"))?;
            Ok((data, raw))
        });
        Ok(Self { data: data.collect::<anyhow::Result<_>>()? })
    }

    fn data(&self, choices: &mut Choices<'_>) -> usize {
        usize::from(choices.among(u16::try_from(self.data.len()).unwrap_or(1)))
    }

    /// The text of a candidate, and the data that it was tried on.
    #[must_use]
    pub fn text(&self, candidate: &[u16]) -> (String, String) {
        let mut choices = Choices::new(candidate);
        let data = self.data(&mut choices);
        let (mut root, defs) = (schema(&mut choices, 5), schema(&mut choices, 3));
        if let Some(root) = root.as_object_mut() {
            root.insert("$defs".to_owned(), json!({"a": defs, "b A": {"$ref": "#/$defs/a"}}));
        }
        (root.to_string(), self.data[data].0.clone())
    }
}

impl Subject for Schemas {
    fn cost(&self, candidate: &[u16]) -> Option<Costs> {
        let data = self.data(&mut Choices::new(candidate));
        let (text, _) = self.text(candidate);
        let watch = Stopwatch::start();
        let schema = Schema::parse(&text).ok();
        let parsing = watch.elapsed().as_nanos() as f64;
        let schema = schema?;
        let watch = Stopwatch::start();
        let judged = schema.judge("data", &self.data[data].1);
        let nanoseconds = watch.elapsed().as_nanos() as f64;
        let charged = schema.cost().map(|cost| cost.0 as f64 / 1_000.0).unwrap_or_default();
        let answer = judged.err().map(|errors| errors.to_string().len()).unwrap_or_default() as f64;
        let price = if nanoseconds > 1_000_000.0 { nanoseconds / charged.max(1.0) } else { 0.0 };
        Some([charged, answer, nanoseconds.max(parsing), price])
    }
}

fn schema(choices: &mut Choices<'_>, depth: u16) -> Value {
    if depth == 0 {
        return leaf(choices);
    }
    let less = depth - 1;
    let many = |choices: &mut Choices<'_>, most: u16| {
        let one = schema(choices, less);
        let n = copies(1 + choices.among(most), one.to_string().len());
        Value::Array(vec![one; n])
    };
    match choices.among(16) {
        0 => leaf(choices),
        1 => json!({"properties": {"l": {"items": schema(choices, less)}}}),
        2 => json!({"properties": {"l": schema(choices, less), "t": schema(choices, less)}}),
        3 => json!({"allOf": many(choices, 60)}),
        4 => json!({"anyOf": many(choices, 60)}),
        5 => json!({"oneOf": many(choices, 60)}),
        6 => json!({"not": schema(choices, less)}),
        7 => {
            json!({"if": schema(choices, less), "then": schema(choices, less), "else": schema(choices, less)})
        }
        8 => json!({"items": schema(choices, less)}),
        9 => json!({"additionalProperties": schema(choices, less)}),
        10 => {
            json!({"patternProperties": {pattern(choices): schema(choices, less), pattern(choices): {}}})
        }
        11 => json!({"propertyNames": schema(choices, less)}),
        12 => json!({"contains": schema(choices, less), "minContains": 0}),
        13 => {
            json!({"$ref": "#/$defs/a", "allOf": [{"$ref": "#/$defs/b%20%41"}, {"$ref": "#/$defs/b%20A"}]})
        }
        14 => {
            json!({"properties": {"m": {"additionalProperties": schema(choices, less), "propertyNames": leaf(choices)}}})
        }
        _ => json!({"prefixItems": many(choices, 20), "items": schema(choices, less)}),
    }
}

const FORMATS: [&str; 8] =
    ["email", "uri", "date-time", "ipv6", "hostname", "uuid", "iri", "idn-hostname"];

fn leaf(choices: &mut Choices<'_>) -> Value {
    match choices.among(14) {
        0 => json!({"type": "string"}),
        1 => json!({"type": ["integer", "object", "array"]}),
        2 => json!({"pattern": pattern(choices)}),
        3 => json!({"uniqueItems": true}),
        4 => json!({"enum": (2..2 + i32::from(choices.among(198))).collect::<Vec<_>>()}),
        5 => json!({"const": {"a": [1, 2, 3]}}),
        6 => json!({"minLength": 1, "maxLength": 300_000}),
        7 => json!({"format": FORMATS[usize::from(choices.among(8))]}),
        8 => json!({"multipleOf": 0.1, "minimum": 0}),
        9 => json!({"minProperties": 1, "required": ["a", "b", "c"]}),
        10 => json!({"contains": {"const": 2}, "minContains": 0}),
        11 => json!({"enum": ["x".repeat(usize::from(choices.among(2_000)))]}),
        12 => json!({"$ref": "#/$defs/a"}),
        _ => json!({"maxItems": 1_000_000, "minItems": 0}),
    }
}

fn pattern(choices: &mut Choices<'_>) -> String {
    let n = 1 + choices.among(200);
    match choices.among(6) {
        0 => format!("[ab]{{1,{n}}}c"),
        1 => format!("^(a|b|ab){{1,{}}}$", n / 4 + 1),
        2 => format!("(a?){{{}}}a{{{}}}c", n / 4 + 1, n / 4 + 1),
        3 => "^([a-z0-9]+)*$".to_owned(),
        4 => format!("[^b]{{{n}}}c"),
        _ => "a.*a.*a.*b".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_copies_fill_no_memory() {
        let schemas = Schemas::new().unwrap();
        // Sixty copies of sixty copies of sixty copies of a leaf: 4 MB without a bound.
        let (text, _) = schemas.text(&[0, 3, 3, 3, 0, 0, 59, 59, 59]);
        assert!((1_000..100_000).contains(&text.len()), "{} bytes", text.len());
    }
}

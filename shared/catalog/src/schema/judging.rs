//! What judging data by a schema costs: one rate for each keyword, and how those of subschemas add up. Every
//! rate is an upper limit, measured with the release profile and doubled or more.

use serde_json::{Map, Value};

use super::cost::{NANOSECOND as NS, Rate};
use super::expand::join;
use super::patterns::Pattern;

/// For a value and a schema: finding the keywords that apply.
const VISIT: u64 = 25 * NS;
/// For a value and a simple keyword.
const CHECK: u64 = 5 * NS;
/// For a number and `multipleOf`, which compares decimal texts.
const MULTIPLE: u64 = 250 * NS;
/// For a character counted.
const COUNT: u64 = NS;
/// For a string with a format, and for each byte of it.
const FORMAT: u64 = 100 * NS;
const FORMAT_BYTE: u64 = 20 * NS;
/// For a byte of text that holds other text: it is decoded and parsed.
const CONTENT_BYTE: u64 = 80 * NS;
/// For a byte of a list whose elements must differ.
const UNIQUE_BYTE: u64 = 80 * NS;
/// For finding a field by its name.
const LOOKUP: u64 = 45 * NS;
/// For a field of the data: finding the schema of its name.
const FIELD: u64 = 40 * NS;
/// For a field of the schema that the data may lack.
const ABSENT: u64 = 4 * NS;
/// For a part of a value in `enum` or `const` that the data is compared with, and for each byte of it.
const COMPARE: u64 = 12 * NS;
const COMPARE_BYTE: u64 = NS / 4;

/// The bytes of a field beside its name and value: `"":` and a comma is in the value's.
const FIELD_BYTES: u64 = 3;

/// What judging by a schema costs, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judging {
    pub(super) rate: Rate,
    /// The memory that patterns take.
    pub(super) memory: usize,
    pub(super) schemas: usize,
    /// Whether some keyword tries several schemas. What the validator notes of each try takes memory.
    pub(super) tries: bool,
    /// The path of the keyword that costs most, and what that costs for each byte.
    heaviest: (u64, String),
}

/// What is wrong with a pattern: its path, and the message.
pub(super) type WrongPattern = (String, String);

impl Judging {
    /// Counts an expanded schema whose patterns take at most so much memory. It ends with the first that is
    /// over the limit, because measuring a large pattern takes a while.
    pub(super) fn of(schema: &Value, most_memory: usize) -> Result<Self, WrongPattern> {
        let mut counter = Counter {
            most_memory,
            memory: 0,
            schemas: 0,
            tries: false,
            heaviest: (0, String::new()),
        };
        let rate = counter.schema(schema, "")?;
        let Counter { memory, schemas, tries, heaviest, .. } = counter;
        Ok(Self { rate, memory, schemas, tries, heaviest })
    }

    /// The path of the keyword that costs most.
    pub(super) fn heaviest(&self) -> &str {
        &self.heaviest.1
    }
}

struct Counter {
    most_memory: usize,
    memory: usize,
    schemas: usize,
    tries: bool,
    heaviest: (u64, String),
}

impl Counter {
    fn schema(&mut self, schema: &Value, path: &str) -> Result<Rate, WrongPattern> {
        self.schemas += 1;
        let mut sum = Rate::of_any(VISIT);
        let Value::Object(keywords) = schema else { return Ok(sum) };
        for (name, value) in keywords {
            let rate = self.assertion(name, value, path)?;
            self.weigh(&rate, || join(path, name));
            sum += rate;
        }
        sum += self.of_same_value(keywords, path)?;
        sum += self.of_elements(keywords, path)?;
        sum += self.of_fields(keywords, path)?;
        Ok(sum)
    }

    fn weigh(&mut self, rate: &Rate, path: impl FnOnce() -> String) {
        let weight = rate.of_largest().0.max(rate.of_many(0).saturating_mul(1 << 18));
        if weight > self.heaviest.0 {
            self.heaviest = (weight, path());
        }
    }

    /// A keyword that has no schema in it.
    fn assertion(&mut self, name: &str, value: &Value, path: &str) -> Result<Rate, WrongPattern> {
        let none = Rate::default();
        Ok(match name {
            "type" => Rate::of_any(CHECK),
            "const" => compared_with(std::slice::from_ref(value)),
            "enum" => compared_with(value.as_array().map_or(&[], Vec::as_slice)),
            "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum" => {
                Rate { number: 2 * CHECK, ..none }
            }
            "multipleOf" => Rate { number: MULTIPLE, ..none },
            "minLength" | "maxLength" => Rate { byte: COUNT, string: CHECK, ..none },
            "pattern" => match value.as_str() {
                Some(text) => self.pattern(text, &join(path, name))?,
                None => none,
            },
            "format" => Rate { byte: FORMAT_BYTE, string: FORMAT, ..none },
            "contentEncoding" | "contentMediaType" => {
                Rate { byte: CONTENT_BYTE, string: FORMAT, ..none }
            }
            "maxItems" | "minItems" | "maxContains" | "minContains" => {
                Rate { array: CHECK, ..none }
            }
            "uniqueItems" => Rate { byte: UNIQUE_BYTE, array: FORMAT, ..none },
            "maxProperties" | "minProperties" => Rate { object: CHECK, ..none },
            "required" => required(value.as_array().map_or(0, Vec::len)),
            "dependentRequired" => {
                // Each name that the data may have is looked up, and if it is there, those of its list.
                let lists = value.as_object().into_iter().flat_map(Map::values);
                let names =
                    lists.map(|list| 1 + list.as_array().map_or(0, Vec::len)).sum::<usize>();
                let object = u64::try_from(names).unwrap_or(u64::MAX).saturating_mul(LOOKUP);
                Rate { object, ..none }
            }
            _ => none,
        })
    }

    fn pattern(&mut self, text: &str, path: &str) -> Result<Rate, WrongPattern> {
        let pattern = Pattern::measure(text).map_err(|wrong| (path.to_owned(), wrong))?;
        self.memory = self.memory.saturating_add(pattern.memory);
        if self.memory > self.most_memory {
            let most = self.most_memory;
            let wrong = format!("brings the patterns to {} bytes; at most {most}", self.memory);
            return Err((path.to_owned(), wrong));
        }
        self.weigh(&pattern.rate, || path.to_owned());
        Ok(pattern.rate)
    }

    /// Schemas that judge the value itself, one after the other.
    fn of_same_value(
        &mut self,
        keywords: &Map<String, Value>,
        path: &str,
    ) -> Result<Rate, WrongPattern> {
        let mut sum = Rate::default();
        for name in ["if", "then", "else", "not"] {
            if let Some(one) = keywords.get(name) {
                sum += self.schema(one, &join(path, name))?;
            }
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            let list = keywords.get(name).and_then(Value::as_array);
            self.tries |= name != "allOf" && list.is_some();
            for (i, one) in list.into_iter().flatten().enumerate() {
                sum += self.schema(one, &format!("{}[{i}]", join(path, name)))?;
            }
        }
        for (key, one) in map(keywords, "dependentSchemas") {
            sum += Rate { object: LOOKUP, ..Rate::default() };
            sum += self.schema(one, &join(&join(path, "dependentSchemas"), key))?;
        }
        Ok(sum)
    }

    /// Schemas that judge elements of a list. Each element may be judged by all of them.
    fn of_elements(
        &mut self,
        keywords: &Map<String, Value>,
        path: &str,
    ) -> Result<Rate, WrongPattern> {
        let mut sum = Rate::default();
        for name in ["items", "contains", "additionalItems"] {
            if let Some(one) = keywords.get(name).filter(|one| !one.is_array()) {
                let element = self.schema(one, &join(path, name))?;
                sum.once = sum.once.saturating_add(element.once);
                sum.elements = sum.elements.saturating_add(element.of_many(0));
            }
        }
        for name in ["prefixItems", "items"] {
            let list = keywords.get(name).and_then(Value::as_array);
            let mut most = 0;
            for (i, one) in list.into_iter().flatten().enumerate() {
                let element = self.schema(one, &format!("{}[{i}]", join(path, name)))?;
                sum.once = sum.once.saturating_add(element.once);
                // The data's bytes are in one element or another.
                most = most.max(element.of_many(0));
            }
            sum.elements = sum.elements.saturating_add(most);
        }
        Ok(sum)
    }

    /// Schemas that judge fields of an object and their names.
    fn of_fields(
        &mut self,
        keywords: &Map<String, Value>,
        path: &str,
    ) -> Result<Rate, WrongPattern> {
        let mut sum = Rate::default();
        let mut named = 0;
        for (key, one) in map(keywords, "properties") {
            let value = self.schema(one, &join(&join(path, "properties"), key))?;
            sum.once = sum.once.saturating_add(value.once);
            sum.object = sum.object.saturating_add(ABSENT);
            // Of large objects each field of the schema is looked up. They take some bytes for each.
            sum.fields = sum.fields.saturating_add(ABSENT / 8);
            let length = u64::try_from(key.len()).unwrap_or(u64::MAX);
            named = named.max(value.of_many(FIELD_BYTES + length) + field_byte());
        }
        let mut any = 0u64;
        for (key, one) in map(keywords, "patternProperties") {
            let path = join(&join(path, "patternProperties"), key);
            let name = self.pattern(key, &path)?;
            let value = self.schema(one, &path)?;
            sum.once = sum.once.saturating_add(name.once).saturating_add(value.once);
            any = any.saturating_add(name.of_many(FIELD_BYTES));
            any = any.saturating_add(value.of_many(FIELD_BYTES));
        }
        for name in ["propertyNames", "additionalProperties"] {
            if let Some(one) = keywords.get(name) {
                let value = self.schema(one, &join(path, name))?;
                sum.once = sum.once.saturating_add(value.once);
                let each = value.of_many(FIELD_BYTES).saturating_add(field_byte());
                any = any.saturating_add(each);
            }
        }
        sum.fields = sum.fields.saturating_add(named).saturating_add(any);
        Ok(sum)
    }
}

/// For each byte of an object: finding the schema of a field, which takes at least `"":1,`.
fn field_byte() -> u64 {
    FIELD / (FIELD_BYTES + 2)
}

/// Looking names up ends with the first that is absent. Each that is present has bytes in the data.
fn required(names: usize) -> Rate {
    if names == 0 {
        return Rate::default();
    }
    Rate { fields: LOOKUP / (FIELD_BYTES + 2), object: LOOKUP, ..Rate::default() }
}

/// A value is compared with those of its kind, part by part.
fn compared_with(options: &[Value]) -> Rate {
    let mut sum = Rate::of_any(CHECK);
    for option in options {
        let cost = parts(option).saturating_mul(COMPARE) + bytes(option) * COMPARE_BYTE;
        let kind = match option {
            Value::Array(_) => &mut sum.array,
            Value::Object(_) => &mut sum.object,
            Value::String(_) => &mut sum.string,
            _ => &mut sum.number,
        };
        *kind = kind.saturating_add(cost);
    }
    sum
}

/// The values in a value, itself included.
fn parts(value: &Value) -> u64 {
    match value {
        Value::Array(items) => 1 + items.iter().map(parts).sum::<u64>(),
        // A field is looked up by its name.
        Value::Object(fields) => 1 + fields.values().map(|one| 3 + parts(one)).sum::<u64>(),
        _ => 1,
    }
}

fn bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, one)| bytes(one) + name.len() as u64).sum()
        }
        _ => 0,
    }
}

fn map<'a>(
    keywords: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    keywords.get(name).and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests;

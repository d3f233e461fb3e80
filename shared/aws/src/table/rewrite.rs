//! Writes items without what a newer version added to them getting lost.
//!
//! During an upgrade two versions write the same items. The older one does not know the newer one's
//! attributes, and `PutItem` would drop them. So an item that is there is written by an update that sets
//! and removes only the attributes that this version knows. It costs the same as `PutItem`.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor, value};
use serde::forward_to_deserialize_any;

use super::{Item, Write};

/// A write of an item that keeps the attributes that this version does not know.
pub(crate) struct Rewrite {
    item: Item,
    known: Vec<&'static str>,
    /// The attributes that are maps and are written field by field, with the fields that this version
    /// knows.
    maps: Vec<(&'static str, &'static [&'static str])>,
    /// Numbers that are added to attributes.
    sums: Vec<(&'static str, AttributeValue)>,
}

impl Rewrite {
    /// Writes `item`. Its attributes are the fields of `T`: one that is not in `item` is removed.
    pub(crate) fn of<T: DeserializeOwned>(item: Item) -> Self {
        Self { item, known: fields::<T>().to_vec(), maps: Vec::new(), sums: Vec::new() }
    }

    /// `attribute` is known as well, although it is no field.
    pub(crate) fn knows(mut self, attribute: &'static str) -> Self {
        self.known.push(attribute);
        self
    }

    /// `attribute` is a map of the fields of `M`, which every such item has. Fields that a newer version
    /// added to the map stay as well.
    pub(crate) fn map<M: DeserializeOwned>(mut self, attribute: &'static str) -> Self {
        self.maps.push((attribute, fields::<M>()));
        self
    }

    /// Adds a number to `attribute`.
    pub(crate) fn add(mut self, attribute: &'static str, number: AttributeValue) -> Self {
        self.sums.push((attribute, number));
        self
    }

    /// Writes whatever is there.
    pub(crate) fn write(self) -> Write {
        let Self { mut item, known, maps, sums } = self;
        let keys = ["pk", "sk"].map(|name| item.remove_entry(name));
        let mut clauses = Clauses::default();
        for name in known.iter().filter(|name| !item.contains_key(**name)) {
            clauses.remove(&[name]);
        }
        let mut item: Vec<_> = item.into_iter().collect();
        item.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, value) in item {
            let fields = maps.iter().find(|(map, _)| *map == name).map(|(_, fields)| *fields);
            match (value, fields) {
                (AttributeValue::M(map), Some(fields)) => clauses.set_fields(&name, map, fields),
                (value, _) => clauses.set(&[&name], value),
            }
        }
        for (name, number) in sums {
            clauses.add(name, number);
        }
        clauses.write(keys.into_iter().flatten().collect())
    }

    /// Writes only over the item with this revision in `attribute`; with revision 0, only if there is none.
    pub(crate) fn over(self, attribute: &str, revision: impl Into<u64>) -> Write {
        match revision.into() {
            0 => Write::put(self.item).if_absent(),
            revision => self.write().if_revision(attribute, revision),
        }
    }
}

/// An update expression in the making. Every name and value has a placeholder, since many names are
/// reserved words.
#[derive(Default)]
struct Clauses {
    sets: Vec<String>,
    removes: Vec<String>,
    adds: Vec<String>,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
}

impl Clauses {
    /// The path of an attribute, or of a field of a map.
    fn path(&mut self, names: &[&str]) -> String {
        let placeholders: Vec<_> = names.iter().map(|name| format!("#{name}")).collect();
        let named = placeholders.iter().cloned().zip(names.iter().map(|name| (*name).to_owned()));
        self.names.extend(named);
        placeholders.join(".")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.push((placeholder.clone(), value));
        placeholder
    }

    fn set(&mut self, names: &[&str], value: AttributeValue) {
        let (path, value) = (self.path(names), self.value(value));
        self.sets.push(format!("{path} = {value}"));
    }

    fn add(&mut self, name: &str, number: AttributeValue) {
        let (path, number) = (self.path(&[name]), self.value(number));
        self.adds.push(format!("{path} {number}"));
    }

    fn remove(&mut self, names: &[&str]) {
        let path = self.path(names);
        self.removes.push(path);
    }

    fn set_fields(&mut self, name: &str, map: Item, known: &[&str]) {
        for field in known.iter().filter(|field| !map.contains_key(**field)) {
            self.remove(&[name, field]);
        }
        let mut map: Vec<_> = map.into_iter().collect();
        map.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (field, value) in map {
            self.set(&[name, &field], value);
        }
    }

    fn write(self, key: Item) -> Write {
        let clauses = [("SET", self.sets), ("REMOVE", self.removes), ("ADD", self.adds)];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<_> =
            clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect();
        let write = Write::update_at(key, clauses.join(" "));
        let write = self
            .names
            .iter()
            .fold(write, |write, (placeholder, name)| write.name(placeholder, name));
        self.values
            .into_iter()
            .fold(write, |write, (placeholder, value)| write.value(&placeholder, value))
    }
}

/// A map of the fields of `M`, with the fields of the `stored` one that this version does not know.
pub(crate) fn with_unknown_fields<M: DeserializeOwned>(
    map: AttributeValue,
    stored: Option<&AttributeValue>,
) -> AttributeValue {
    match (map, stored) {
        (AttributeValue::M(mut map), Some(AttributeValue::M(stored))) => {
            let known = fields::<M>();
            let unknown = stored.iter().filter(|(name, _)| !known.contains(&name.as_str()));
            map.extend(unknown.map(|(name, value)| (name.clone(), value.clone())));
            AttributeValue::M(map)
        }
        (map, _) => map,
    }
}

/// The fields of a struct as serde reads them. A type that is not read as a struct has none.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

/// A source that has nothing but notes which fields it is asked for.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(value::Error::custom("there is only a list of fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::{Deserialize, Serialize};

    use super::super::write::Action;
    use super::*;
    use crate::table::{Key, to_item};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u8>,
        #[serde(rename = "expiresAt")]
        expires_at: u8,
        body: Body,
    }

    #[derive(Serialize, Deserialize)]
    struct Body {
        circuit: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        streak: Option<u8>,
    }

    #[test]
    fn only_known_attributes_are_set_and_removed() {
        let key = Key { pk: "p".to_owned(), sk: "s".to_owned() };
        let body = Body { circuit: 1, streak: None };
        let stored = Stored { name: "n".to_owned(), until: None, expires_at: 2, body };
        let item = to_item(&key, &stored).unwrap();
        let rewrite = || {
            let rewrite = Rewrite::of::<Stored>(item.clone()).knows("u").map::<Body>("body");
            rewrite.add("count", AttributeValue::N("1".to_owned()))
        };

        let write = rewrite().over("revision", 7u64);
        let Action::Update { key: written, expression } = write.action else { panic!() };
        assert_eq!(written, key.attributes());
        let names: HashMap<_, _> = write.terms.names.unwrap();
        let named =
            names.iter().fold(expression, |text, (from, to)| text.replace(from.as_str(), to));
        assert_eq!(
            named,
            "SET body.circuit = :v0, expiresAt = :v1, name = :v2 REMOVE until, u, body.streak \
             ADD count :v3"
        );
        assert_eq!(write.terms.condition.as_deref(), Some("revision = :revision"));

        let write = rewrite().over("revision", 0u64);
        assert!(matches!(write.action, Action::Put(put) if put == item));
        assert_eq!(write.terms.condition.as_deref(), Some("attribute_not_exists(pk)"));
    }
}

//! Reads catalog files. It finds every mistake when Hooklane is built, with the file, the line and what
//! was expected.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{Catalog, Catalogs, FALLBACK};
use crate::definition::Definition;
use crate::schema::Schema;
use hooklane_domain::ids::{CatalogName, ContractName, EventType};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;

/// A mistake in a catalog file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct InvalidCatalog {
    pub file: String,
    /// 1 for the first line.
    pub line: usize,
    pub message: String,
}

/// A catalog file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogTable {
    description: Spanned<String>,
    #[serde(rename = "source")]
    _source: String,
    /// The contracts whose tenants have this catalog unless their settings or the deployment name another.
    #[serde(default)]
    contracts: Vec<Spanned<String>>,
    /// Whether every other catalog includes these types too. A catalog's own type of the same name
    /// takes precedence.
    #[serde(default)]
    everywhere: bool,
    /// The catalogs whose types it has. Of types with the same name, it has the first catalog's.
    #[serde(default)]
    union: Option<Spanned<Vec<Spanned<String>>>>,
    /// Schemas that the types share: `name` is `#/$defs/name` in theirs.
    #[serde(default)]
    schemas: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    types: BTreeMap<Spanned<String>, TypeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeTable {
    category: Spanned<String>,
    description: Spanned<String>,
    sample: Spanned<String>,
    schema: Spanned<String>,
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
    table: CatalogTable,
}

type Types = BTreeMap<EventType, Definition>;

impl Catalogs {
    /// Reads catalog files given as (file name, text).
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidCatalog> {
        let mut read = BTreeMap::new();
        for (name, text) in files {
            let stem = name.strip_suffix(".toml").unwrap_or(name);
            let catalog: CatalogName = stem.parse().map_err(|_| {
                error(name, text, 0, "a catalog file must be named [a-z0-9-]+.toml")
            })?;
            read.insert(catalog, File::read(name, text)?);
        }
        if !read.keys().any(|name| name.as_str() == FALLBACK) {
            let missing = format!("{FALLBACK}.toml");
            return Err(error(&missing, "", 0, "this catalog is required"));
        }
        check_contracts(&read)?;
        let own: BTreeMap<_, _> = read
            .iter()
            .map(|(name, file)| Ok((name, file.types()?)))
            .collect::<Result<_, InvalidCatalog>>()?;
        let everywhere: Vec<&Types> = read
            .iter()
            .filter(|(_, file)| file.table.everywhere)
            .map(|(name, _)| &own[name])
            .collect();
        let whole = |(name, file): (&CatalogName, &File<'_>)| {
            let mut types = own[name].clone();
            for from in
                file.union(&read)?.into_iter().map(|name| &own[name]).chain(everywhere.clone())
            {
                for (name, definition) in from {
                    types.entry(name.clone()).or_insert_with(|| definition.clone());
                }
            }
            let description = file.table.description.get_ref().clone();
            let (contracts, types) = (file.contracts()?, types.into());
            Ok((name.clone(), Catalog { name: name.clone(), description, contracts, types }))
        };
        read.iter().map(whole).collect::<Result<_, _>>().map(Self)
    }
}

impl<'a> File<'a> {
    fn read(name: &'a str, text: &'a str) -> Result<Self, InvalidCatalog> {
        let table: CatalogTable = toml::from_str(text)
            .map_err(|e| error(name, text, e.span().map_or(0, |span| span.start), e.message()))?;
        let file = Self { name, text, table };
        file.check_not_empty("description", &file.table.description)?;
        match &file.table.union {
            Some(union) if !file.table.types.is_empty() => {
                Err(file.error(union, "a union has no types of its own"))
            }
            None if file.table.types.is_empty() => Err(error(name, text, 0, "has no types")),
            _ => Ok(file),
        }
    }

    fn error<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> InvalidCatalog {
        error(self.name, self.text, at.span().start, message)
    }

    fn check_not_empty(&self, key: &str, text: &Spanned<String>) -> Result<(), InvalidCatalog> {
        if text.get_ref().trim().is_empty() {
            return Err(self.error(text, format!("{key} must not be empty")));
        }
        Ok(())
    }

    fn contracts(&self) -> Result<Vec<ContractName>, InvalidCatalog> {
        let parse = |name: &Spanned<String>| {
            let message = format!("the contract {} must be named [a-z0-9-]+", name.get_ref());
            name.get_ref().parse().map_err(|_| self.error(name, message))
        };
        self.table.contracts.iter().map(parse).collect()
    }

    /// The names of the catalogs that it is the union of.
    fn union<'f>(
        &self,
        files: &'f BTreeMap<CatalogName, File<'_>>,
    ) -> Result<Vec<&'f CatalogName>, InvalidCatalog> {
        let Some(union) = &self.table.union else { return Ok(Vec::new()) };
        let find = |name: &Spanned<String>| {
            let found = files.iter().find(|(other, file)| {
                other.as_str() == name.get_ref() && file.table.union.is_none()
            });
            found.map(|(name, _)| name).ok_or_else(|| {
                self.error(
                    name,
                    format!("{} is not a catalog with types of its own", name.get_ref()),
                )
            })
        };
        union.get_ref().iter().map(find).collect()
    }

    fn types(&self) -> Result<Types, InvalidCatalog> {
        let shared = self.shared()?;
        let mut used = BTreeSet::new();
        let mut types = Types::new();
        for (name, table) in &self.table.types {
            let event_type = name
                .get_ref()
                .parse()
                .map_err(|e| self.error(name, format!("the event type {} {e}", name.get_ref())))?;
            types.insert(event_type, self.definition(table, &shared, &mut used)?);
        }
        match self.table.schemas.keys().find(|name| !used.contains(name.get_ref())) {
            Some(unused) => Err(self.error(unused, "no type's schema refers to it")),
            None => Ok(types),
        }
    }

    /// The schemas that the types share.
    fn shared(&self) -> Result<BTreeMap<&str, Value>, InvalidCatalog> {
        let mut shared = BTreeMap::new();
        for (name, text) in &self.table.schemas {
            let value = serde_json::from_str(text.get_ref()).map_err(|e| {
                self.error(text, format!("the schema {} is not JSON ({e})", name.get_ref()))
            })?;
            shared.insert(name.get_ref().as_str(), value);
        }
        Ok(shared)
    }

    fn definition(
        &self,
        table: &TypeTable,
        shared: &BTreeMap<&str, Value>,
        used: &mut BTreeSet<String>,
    ) -> Result<Definition, InvalidCatalog> {
        self.check_not_empty("category", &table.category)?;
        self.check_not_empty("description", &table.description)?;
        let sample = RawJson::parse(table.sample.get_ref())
            .map_err(|e| self.error(&table.sample, format!("sample {e}")))?;
        let wrong = |errors: FieldErrors| self.error(&table.schema, format!("schema: {errors}"));
        let mut schema: Value = serde_json::from_str(table.schema.get_ref())
            .map_err(|e| self.error(&table.schema, format!("schema is not JSON ({e})")))?;
        let defs = needed(&schema, shared);
        if let Value::Object(keywords) = &mut schema
            && !defs.is_empty()
        {
            used.extend(defs.keys().cloned());
            keywords.insert("$defs".to_owned(), Value::Object(defs));
        }
        let schema = Schema::parse(&schema.to_string()).map_err(wrong)?;
        schema.judge("sample", &sample).map_err(|errors| {
            self.error(&table.sample, format!("does not fit its schema: {errors}"))
        })?;
        Ok(Definition {
            category: table.category.get_ref().clone(),
            description: table.description.get_ref().clone(),
            sample,
            schema,
        })
    }
}

/// Checks that no contract goes with two catalogs.
fn check_contracts(files: &BTreeMap<CatalogName, File<'_>>) -> Result<(), InvalidCatalog> {
    let mut seen = BTreeMap::new();
    for file in files.values() {
        for name in &file.table.contracts {
            if let Some(other) = seen.insert(name.get_ref(), file.name) {
                let message = format!("the contract {} goes with {other} already", name.get_ref());
                return Err(file.error(name, message));
            }
        }
    }
    Ok(())
}

/// The shared schemas that this one refers to, directly or through others.
fn needed(schema: &Value, shared: &BTreeMap<&str, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|reference| reference.strip_prefix("#/$defs/"));
                if let Some((name, definition)) = name.and_then(|name| shared.get_key_value(name))
                    && !found.contains_key(*name)
                {
                    found.insert((*name).to_owned(), definition.clone());
                    open.push(definition);
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

fn error(file: &str, text: &str, offset: usize, message: impl Into<String>) -> InvalidCatalog {
    let before = text.get(..offset).unwrap_or(text);
    InvalidCatalog {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        message: message.into(),
    }
}

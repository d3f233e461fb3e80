//! Reads contract files: merges one with those that it extends, and keeps the line of every value for
//! the messages about mistakes.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use hooklane_domain::ids::ContractName;

mod merge;

use merge::{inherit, moved};

/// A mistake in a contract file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct InvalidContract {
    pub file: String,
    /// 1 for the first line.
    pub line: usize,
    pub message: String,
}

/// A contract file as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    name: &'a str,
    text: &'a str,
}

/// All contract files, by the names of their contracts.
pub(super) struct Files<'a>(BTreeMap<ContractName, File<'a>>);

/// The files of one contract. The offset of a value counts through all their texts, one after the
/// other.
pub(super) struct Source<'a> {
    own: File<'a>,
    /// The file that the contract's own file extends, the one that this extends, and so on.
    extended: Vec<File<'a>>,
}

impl<'a> Files<'a> {
    /// Takes files given as (file name, text).
    pub(super) fn new(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidContract> {
        let named = files.into_iter().map(|(name, text)| {
            let file = File { name, text };
            let contract = name.strip_suffix(".toml").unwrap_or(name).parse();
            contract
                .map(|contract| (contract, file))
                .map_err(|_| file.error(0, "a contract file must be named [a-z0-9-]+.toml"))
        });
        named.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn get(&self, name: &ContractName) -> Option<File<'a>> {
        self.0.get(name).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ContractName, File<'a>)> {
        self.0.iter().map(|(name, file)| (name, *file))
    }
}

impl<'a> File<'a> {
    fn error(&self, offset: usize, message: impl Into<String>) -> InvalidContract {
        let before = self.text.get(..offset).unwrap_or(self.text);
        InvalidContract {
            file: self.name.to_owned(),
            line: before.matches('\n').count() + 1,
            message: message.into(),
        }
    }

    fn toml_error(&self, error: &toml::de::Error) -> InvalidContract {
        self.error(error.span().map_or(0, |span| span.start), error.message())
    }

    /// The file that this one extends, and the offset of that statement.
    fn extends(
        &self,
        table: &DeTable<'_>,
        files: &Files<'a>,
    ) -> Result<Option<(Self, usize)>, InvalidContract> {
        let Some(extends) = table.get("extends") else { return Ok(None) };
        let at = extends.span().start;
        let name = extends.get_ref().as_str().unwrap_or_default();
        let found = name.parse::<ContractName>().ok().and_then(|name| files.0.get(&name));
        found.map(|file| Some((*file, at))).ok_or_else(|| {
            let names: Vec<_> = files.0.keys().map(ContractName::as_str).collect();
            self.error(at, format!("extends must name a contract, one of {}", names.join(", ")))
        })
    }
}

impl<'a> Source<'a> {
    /// Reads a contract file, merged with those that it extends.
    pub(super) fn read<T: DeserializeOwned>(
        own: File<'a>,
        files: &Files<'a>,
    ) -> Result<(Self, T), InvalidContract> {
        let mut source = Self { own, extended: Vec::new() };
        let mut merged = DeTable::parse(own.text).map_err(|e| own.toml_error(&e))?;
        let mut read_bytes = own.text.len();
        let mut extends = own.extends(merged.get_ref(), files)?.map(|found| (own, found));
        while let Some((from, (file, at))) = extends {
            if source.files().any(|known| known.name == file.name) {
                let chain: Vec<_> = source.files().chain([file]).map(|file| file.name).collect();
                let message = format!("a contract extends itself: {}", chain.join(", "));
                return Err(from.error(at, message));
            }
            let table = DeTable::parse(file.text).map_err(|e| file.toml_error(&e))?;
            extends = file.extends(table.get_ref(), files)?.map(|found| (file, found));
            inherit(merged.get_mut(), moved(table, read_bytes).into_inner());
            read_bytes += file.text.len();
            source.extended.push(file);
        }
        let read = T::deserialize(toml::Deserializer::from(merged))
            .map_err(|e| source.error(e.span().map_or(0, |span| span.start), e.message()))?;
        Ok((source, read))
    }

    /// A mistake at an offset.
    pub(super) fn error(&self, offset: usize, message: impl Into<String>) -> InvalidContract {
        let mut start = 0;
        for file in self.files() {
            if offset < start + file.text.len() {
                return file.error(offset - start, message);
            }
            start += file.text.len();
        }
        self.own.error(offset, message)
    }

    fn files(&self) -> impl Iterator<Item = File<'a>> {
        std::iter::once(self.own).chain(self.extended.iter().copied())
    }
}

//! Event types that the platform and its tenants add at run time.

use std::collections::BTreeMap;

use hooklane_domain::ids::{EventType, TenantId};

use crate::definition::Definition;

/// Whose types they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The platform, whose types every tenant has.
    Platform,
    Tenant(TenantId),
}

/// A type that was added at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnType {
    pub name: EventType,
    pub definition: Definition,
    /// Counts the writes of its item.
    pub revision: u64,
}

/// The types of one owner, in order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTypes(BTreeMap<EventType, OwnType>);

impl FromIterator<OwnType> for OwnTypes {
    fn from_iter<T: IntoIterator<Item = OwnType>>(types: T) -> Self {
        Self(types.into_iter().map(|own| (own.name.clone(), own)).collect())
    }
}

impl OwnTypes {
    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<&OwnType> {
        self.0.get(name)
    }

    /// The names of the types, in order.
    pub fn names(&self) -> impl Iterator<Item = &EventType> {
        self.0.keys()
    }

    pub fn iter(&self) -> impl Iterator<Item = &OwnType> {
        self.0.values()
    }

    /// The number of types.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Adds a type, or replaces the one of its name.
    pub fn add(&mut self, own: OwnType) {
        self.0.insert(own.name.clone(), own);
    }
}

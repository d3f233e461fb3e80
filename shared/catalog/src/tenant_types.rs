//! The event types of a tenant: its catalog's, the platform's and its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use hooklane_domain::ids::EventType;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::Subscription;

use crate::definition::Definition;
use crate::files::{Catalog, covers};
use crate::own_types::{OwnType, OwnTypes};
use crate::schema::Schema;

mod nearest;

/// Where a type is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Catalog,
    Platform,
    Tenant,
}

/// The event types of a tenant.
#[derive(Debug, Clone)]
pub struct TenantTypes<'a> {
    pub catalog: &'a Catalog,
    pub platform: Arc<OwnTypes>,
    pub tenant: Arc<OwnTypes>,
}

impl TenantTypes<'_> {
    /// These types, with one that the tenant adds.
    #[must_use]
    pub fn with(mut self, own: OwnType) -> Self {
        Arc::make_mut(&mut self.tenant).add(own);
        self
    }

    /// The definition of a type, and where it is defined.
    #[must_use]
    pub fn get(&self, name: &EventType) -> Option<(Source, &Definition)> {
        let tenant = self.tenant.get(name).map(|own| (Source::Tenant, &own.definition));
        let platform = || self.platform.get(name).map(|own| (Source::Platform, &own.definition));
        let catalog = || self.catalog.get(name).map(|definition| (Source::Catalog, definition));
        tenant.or_else(platform).or_else(catalog)
    }

    /// Every type once, in order of their names.
    pub fn types(&self) -> impl Iterator<Item = (&EventType, Source, &Definition)> {
        let names: BTreeSet<&EventType> = self.names().collect();
        names.into_iter().filter_map(|name| {
            self.get(name).map(|(source, definition)| (name, source, definition))
        })
    }

    /// Whether a subscription matches one of these types.
    #[must_use]
    pub fn covers(&self, wanted: &Subscription) -> bool {
        covers(wanted, self.names())
    }

    /// Why a webhook must not subscribe to this, with the most similar names and with what would make it
    /// possible; `None` where it may.
    #[must_use]
    pub fn refusal(&self, wanted: &Subscription) -> Option<String> {
        if self.covers(wanted) {
            return None;
        }
        let refusal = nearest::refusal(wanted, self.names());
        Some(match wanted {
            Subscription::Exactly(name) => {
                format!("{refusal}; to add it, send \"register\": true, or {}", how_to_add(name))
            }
            Subscription::Below(_) | Subscription::All => {
                format!("{refusal}; to subscribe to it all the same, send \"register\": true")
            }
        })
    }

    /// The schema of a type, or why there is none.
    pub fn schema(&self, name: &EventType) -> Result<&Schema, FieldErrors> {
        match self.get(name) {
            Some((_, definition)) => Ok(&definition.schema),
            None => {
                let refusal = nearest::refusal(&Subscription::Exactly(name.clone()), self.names());
                Err(FieldErrors::one("type", format!("{refusal}; to add it, {}", how_to_add(name))))
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &EventType> {
        self.catalog.names().chain(self.platform.names()).chain(self.tenant.names())
    }
}

/// The request that adds a type.
fn how_to_add(name: &EventType) -> String {
    format!("PUT /event-types/{name} with a body such as {{\"sample\": {{\"id\": \"1\"}}}}")
}

//! An OpenAPI 3.1 document of the requests that a tenant's webhooks get: for generators of code, and for tools that
//! show documentation.

use hooklane_catalog::{Definition, TenantTypes};
use hooklane_contract::{Contract, Contracts};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::{ContractName, EventType};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::Subscription;

use crate::catalog::{EventCatalog, Freshness};
use crate::ports::{Expectations, Unavailable};

mod document;
mod example;
mod parts;
mod written;

pub use document::{Document, TooLarge};

/// The most bytes of a document as Lambda writes it in an answer: as a JSON string. The whole answer may have 6 MiB.
pub const MAX_BYTES: usize = 5_500_000;

/// Which requests a document describes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// The contract; `None` for the tenant's.
    pub format: Option<ContractName>,
    /// The event types, as a webhook subscribes to them; none for all.
    pub events: Vec<Subscription>,
}

/// A document, and how a file with it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub file_name: String,
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Describes the requests for the event types that a tenant has now.
pub async fn describe(
    registry: &impl Expectations,
    (catalog, contracts): (&EventCatalog, &Contracts),
    tenant: &Tenant,
    order: &Order,
    now: Timestamp,
) -> Result<Described, DescribeError> {
    let format = order.format.as_ref();
    let named = format.unwrap_or_else(|| catalog.defaults().contract_of(&tenant.settings));
    let known = catalog.types_of(registry, &tenant.id, now, Freshness::Current).await?;
    let (contract, types) =
        chosen(contracts, named, &known, order).map_err(DescribeError::Invalid)?;
    let title = format!("Webhooks of {}", tenant.id);
    let document = Document { title: &title, contract, types: &types };
    let text = document.text(MAX_BYTES).map_err(|TooLarge| {
        let message = format!("names {} event types, too many for one document", types.len());
        DescribeError::Invalid(FieldErrors::one("event", message))
    })?;
    Ok(Described { file_name: format!("webhooks-{named}.openapi.json"), text })
}

type Types<'a> = Vec<(&'a EventType, &'a Definition)>;

fn chosen<'a>(
    contracts: &'a Contracts,
    named: &ContractName,
    known: &'a TenantTypes<'_>,
    order: &Order,
) -> Result<(&'a Contract, Types<'a>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let contract = contracts.get(named);
    if contract.is_none() {
        let names: Vec<_> = contracts.names().map(ContractName::as_str).collect();
        errors.push("format", format!("must be one of {}", names.join(", ")));
    }
    for event in order.events.iter().filter(|event| !known.covers(event)) {
        errors.push("event", format!("{event} is none of the tenant's event types"));
    }
    let is_chosen = |name: &EventType| {
        order.events.is_empty() || order.events.iter().any(|event| event.matches(name))
    };
    let types = known.types().filter(|(name, ..)| is_chosen(name));
    match contract {
        Some(contract) if errors.is_empty() => {
            Ok((contract, types.map(|(name, _, definition)| (name, definition)).collect()))
        }
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests;

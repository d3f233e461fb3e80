//! Event types that a request about a webhook adds to those of its tenant.

use hooklane_catalog::{Definition, OwnType, TenantTypes};
use hooklane_domain::access::quotas::{Exceeded, QuotaName, Quotas};
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::subscription::{OPERATIONAL, Subscription};
use serde_json::value::RawValue;

use super::Rules;
use crate::catalog::Freshness;
use crate::event_types::add_all;
use crate::ports::{Clock, EventTypeStore, Expectations, Refusal, Unavailable};

/// The most types that one request adds: each of them is a write.
const MAX_NEW: usize = 20;

/// What a body says of types that its tenant may lack.
#[derive(Debug, Clone, Default)]
pub(super) struct NewTypes {
    /// Whether what `events` names is to be accepted although it is not known.
    register: bool,
    /// The types that the body describes.
    described: Vec<(EventType, Definition)>,
}

/// The types of a tenant with those that a request adds.
pub(super) struct Extended<'a> {
    pub(super) types: TenantTypes<'a>,
    /// Those that are to be added.
    pub(super) new: Vec<(EventType, Definition)>,
}

impl NewTypes {
    /// Takes `register` and `eventTypes`.
    pub(super) fn read(fields: &mut Fields) -> Self {
        let register = fields.read(&["register"], "true or false").unwrap_or(false);
        let too_many = format!("must have at most {MAX_NEW} event types");
        let elements = fields.read_list::<Box<RawValue>>(
            &["eventTypes", "event_types"],
            "a list of event types",
            MAX_NEW,
            too_many,
        );
        let mut described: Vec<(EventType, Definition)> = Vec::new();
        for (index, element) in elements.unwrap_or_default().iter().enumerate() {
            let path = format!("eventTypes[{index}]");
            match described_in(&path, element.get()) {
                Ok((name, _)) if described.iter().any(|(other, _)| *other == name) => {
                    fields.error(&format!("{path}.type"), "is given twice");
                }
                Ok(one) => described.push(one),
                Err(errors) => fields.merge(errors),
            }
        }
        Self { register, described }
    }

    /// What can be read of them in a body.
    pub(super) fn in_body(body: &str) -> Self {
        Fields::of("", body).map(|mut fields| Self::read(&mut fields)).unwrap_or_default()
    }

    /// Whether a webhook may subscribe to this pattern although it matches no known type.
    pub(super) fn allow(&self, event: &Subscription) -> bool {
        self.register && matches!(event, Subscription::Below(_))
    }

    /// The types of the tenant, with those that it lacks: the types that the body describes and, if it says
    /// `register`, those to which it subscribes. A type that the tenant has stays as it is.
    pub(super) async fn over<'a>(
        self,
        store: &impl Expectations,
        clock: &impl Clock,
        rules: Rules<'a>,
        tenant: &TenantId,
        subscriptions: &[Subscription],
    ) -> Result<Extended<'a>, Unavailable> {
        let (catalog, now) = (rules.catalog, clock.now());
        let types = if self.described.is_empty() {
            catalog.types_for(store, tenant, subscriptions, now).await?
        } else {
            catalog.types_of(store, tenant, now, Freshness::Current).await?
        };
        Ok(self.added_to(types, subscriptions))
    }

    fn added_to<'a>(self, types: TenantTypes<'a>, subscriptions: &[Subscription]) -> Extended<'a> {
        let mut extended = Extended { types, new: Vec::new() };
        for (name, definition) in self.described {
            extended.add(&name, definition);
        }
        for subscription in subscriptions.iter().filter(|_| self.register) {
            if let Subscription::Exactly(name) = subscription {
                extended.add(name, Definition::of_sample(empty()));
            }
        }
        extended
    }
}

impl Extended<'_> {
    fn add(&mut self, name: &EventType, definition: Definition) {
        if self.types.get(name).is_some() {
            return;
        }
        let own = OwnType { name: name.clone(), definition: definition.clone(), revision: 0 };
        self.types = self.types.clone().with(own);
        self.new.push((name.clone(), definition));
    }

    /// Checks that one request may add so many types.
    pub(super) fn check(&self) -> Result<(), FieldErrors> {
        if self.new.len() <= MAX_NEW {
            return Ok(());
        }
        let message = format!("adds at most {MAX_NEW} event types in one request");
        Err(FieldErrors::one("register", message))
    }

    /// Adds the new types. They stay if what follows fails: a type that nobody uses does no harm.
    pub(super) async fn keep(
        &self,
        store: &impl EventTypeStore,
        quotas: &Quotas,
        tenant: &TenantId,
    ) -> Result<Option<Refusal>, Unavailable> {
        if self.new.is_empty() {
            return Ok(None);
        }
        let limit = quotas.of(QuotaName::EventTypes);
        let owned = u64::try_from(self.types.tenant.count()).unwrap_or(u64::MAX);
        let used = owned.saturating_sub(u64::try_from(self.new.len()).unwrap_or(u64::MAX));
        if owned > limit {
            return Ok(Some(Refusal::Over(Exceeded { quota: QuotaName::EventTypes, limit, used })));
        }
        add_all(store, tenant, limit, &self.new).await
    }
}

/// A type as a body describes it: `{type, sample, category?, description?}`.
fn described_in(path: &str, json: &str) -> Result<(EventType, Definition), FieldErrors> {
    let mut fields = Fields::of(path, json)?;
    if !fields.has(&["type"]) {
        fields.error("type", "is required");
    }
    let name = fields.parse::<EventType>(&["type"]);
    if name.as_ref().is_some_and(|name| OPERATIONAL.contains(&name.as_str())) {
        fields.error("type", "is one of Hooklane's own event types");
    }
    let definition = Definition::take_without_schema(&mut fields);
    if fields.take(&["schema"]).is_some() {
        fields.error("schema", "cannot be given here; PUT /event-types/{type} takes one");
    }
    fields.finish()?;
    name.zip(definition).ok_or_else(|| FieldErrors::one(path, "is incomplete"))
}

fn empty() -> RawJson {
    match RawJson::parse("{}") {
        Ok(json) => json,
        Err(_) => unreachable!("the text is JSON"),
    }
}

#[cfg(test)]
mod tests;

//! Previews: the request that a webhook would get, byte for byte, without sending it.

use hooklane_contract::{Contract, Contracts, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::delivery::outcome::AttemptError;
use hooklane_domain::event::{Content, MAX_EVENT_BYTES};
use hooklane_domain::expression::{Input, Preview};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::{Signing, Webhook};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::changed::changed;
use super::registering::{RegisterError, Unsaved, unsaved};
use super::testing::{content, greeting, previewed, test_type};
use super::{ChangeError, Rules};
use crate::attempt;
use crate::ports::{Clock, Entropy, EventStore, Expectations, Unavailable, WebhookStore};

/// What a preview is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewOrder {
    /// The body of a webhook that is not saved, or of a change of one that is.
    draft: Option<String>,
    about: About,
    pub secret: PreviewSecret,
}

/// The event that a preview shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// Data that says that it is a test.
    Greeting,
    /// The sample of a type.
    SampleOf(EventType),
    /// Given data, of a type.
    Payload(EventType, RawJson),
    /// An event that was accepted.
    Event(EventId),
}

/// What a preview is signed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PreviewSecret {
    /// A secret that everybody may know.
    #[default]
    Example,
    /// The webhook's own. With it, a preview is a request that the receiver believes.
    Own,
}

impl std::str::FromStr for PreviewSecret {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "example" => Ok(Self::Example),
            "own" => Ok(Self::Own),
            _ => Err("must be example or own"),
        }
    }
}

impl PreviewOrder {
    /// Reads `{change?, event?, payload?, eventId?, secret?}` of a webhook.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let change = fields.take(&["change"]).map(|field| field.raw.get().to_owned());
        Self::read_fields(fields, change)
    }

    /// Whether it is about a webhook as it would be after a change.
    #[must_use]
    pub fn has_change(&self) -> bool {
        self.draft.is_some()
    }

    /// Reads `{webhook, event?, payload?, eventId?, secret?}`. The webhook needs neither a URL nor events: a form
    /// is previewed while it is filled in.
    pub fn read_with_draft(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let draft = match fields.take(&["webhook"]) {
            Some(field) => match completed(field.raw.get()) {
                Some(draft) => Some(draft),
                None => {
                    fields.error("webhook", "must be a JSON object");
                    None
                }
            },
            None => {
                fields.error("webhook", "is required");
                None
            }
        };
        Self::read_fields(fields, draft)
    }

    fn read_fields(mut fields: Fields, draft: Option<String>) -> Result<Self, FieldErrors> {
        let secret = fields.parse(&["secret"]).unwrap_or_default();
        let event_id: Option<EventId> = fields.parse(&["eventId"]);
        let event_type: Option<EventType> = fields.parse(&["event"]);
        let payload = fields.take(&["payload"]);
        if event_id.is_some() && (event_type.is_some() || payload.is_some()) {
            fields.error("eventId", "cannot be combined with event or payload");
        }
        let payload = payload.and_then(|field| match RawJson::parse(field.raw.get()) {
            Ok(data) => Some(data),
            Err(error) => {
                fields.error("payload", error.to_string());
                None
            }
        });
        fields.finish()?;
        let about = match (event_id, event_type, payload) {
            (Some(id), _, _) => About::Event(id),
            (None, event_type, Some(data)) => {
                About::Payload(event_type.unwrap_or_else(test_type), data)
            }
            (None, Some(event_type), None) => About::SampleOf(event_type),
            (None, None, None) => About::Greeting,
        };
        Ok(Self { draft, about, secret })
    }
}

/// A draft with what every webhook must have.
fn completed(draft: &str) -> Option<String> {
    let mut fields: std::collections::BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(draft).ok()?;
    let defaults = [("url", "\"https://example.com/\""), ("events", "[\"*\"]")];
    for (name, default) in defaults {
        let is_given = fields.get(name).is_some_and(|raw| raw.get() != "null");
        if !is_given {
            fields.insert(name.to_owned(), RawValue::from_string(default.to_owned()).ok()?);
        }
    }
    serde_json::to_string(&fields).ok()
}

/// A request that is not sent.
#[derive(Debug)]
pub struct PreviewedRequest {
    /// The host that it would go to, with the port unless that is the scheme's own.
    pub host: String,
    pub contract: String,
    pub event: EventId,
    pub event_type: EventType,
    /// The secret that it is signed with, if that is the example; `None` for the webhook's own.
    pub example: Option<ExampleSecret>,
    /// What filter and transform make of the event.
    pub expressions: Preview,
    /// Headers, with the values of the webhook's own masked, and the body; or why nothing would be sent.
    pub request: Result<ShownRequest, AttemptError>,
}

/// The parts of a request as they are shown to whoever may not see the webhook's secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct ShownRequest {
    /// In the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// Always UTF-8: every contract writes JSON.
    pub body: String,
}

/// A secret that everybody may know, in the form that the contract's libraries read.
#[derive(Debug, PartialEq, Eq)]
pub struct ExampleSecret {
    pub secret: String,
    pub public_key: Option<String>,
}

/// The bytes of the example's key. Published here, so worth nothing.
const EXAMPLE: [u8; 32] = *b"hooklane example, not a secret!!";

#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("the tenant has no such webhook")]
    MissingWebhook,
    #[error("the tenant has no such event")]
    MissingEvent,
    #[error("the payload is too large")]
    TooLarge,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The webhook could not be saved like this.
    #[error(transparent)]
    Draft(RegisterError),
    /// The webhook could not be changed like this.
    #[error(transparent)]
    Change(ChangeError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Previews the request that one of the tenant's webhooks would get.
pub async fn preview_saved<R: WebhookStore + Expectations>(
    (registry, events): (&R, &impl EventStore),
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    (tenant, id): (&TenantId, WebhookId),
    order: PreviewOrder,
) -> Result<PreviewedRequest, PreviewError> {
    let webhook = registry.get(tenant, id).await?.ok_or(PreviewError::MissingWebhook)?;
    let saved = Unsaved { webhook, samples: Vec::new() };
    preview((registry, events), system, rules, saved, order).await
}

/// Previews the request that one of the tenant's webhooks would get after a change. The change is read by the rules
/// of [`change`](super::change), and nothing is written.
pub async fn preview_change<R: WebhookStore + Expectations>(
    (registry, events): (&R, &impl EventStore),
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    key: (&TenantId, WebhookId),
    (order, shown): (PreviewOrder, impl Fn(&Webhook) -> Map<String, Value>),
) -> Result<PreviewedRequest, PreviewError> {
    let said = (order.draft.as_deref().unwrap_or("{}"), shown);
    let drawn = changed(registry, system, (rules, quotas), key, said).await;
    let drawn = drawn.map_err(|error| match error {
        ChangeError::Invalid(errors) => PreviewError::Invalid(errors.under("change")),
        ChangeError::Missing => PreviewError::MissingWebhook,
        other => PreviewError::Change(other),
    })?;
    preview((registry, events), system, rules, drawn, order).await
}

/// Previews the request that a webhook which is not saved would get. It is read by the rules of
/// [`register`](super::register), and nothing is written.
pub async fn preview_unsaved(
    (registry, events): (&impl Expectations, &impl EventStore),
    system: &(impl Clock + Entropy),
    (rules, quotas): (Rules<'_>, &Quotas),
    tenant: &TenantId,
    order: PreviewOrder,
) -> Result<PreviewedRequest, PreviewError> {
    let draft = order.draft.as_deref().unwrap_or("{}");
    let drawn = unsaved(registry, system, (rules, quotas), tenant.clone(), draft).await;
    let drawn = drawn.map_err(|error| match error {
        RegisterError::Invalid(errors) => PreviewError::Invalid(errors.under("webhook")),
        other => PreviewError::Draft(other),
    })?;
    preview((registry, events), system, rules, drawn, order).await
}

async fn preview(
    (registry, events): (&impl Expectations, &impl EventStore),
    system: &(impl Clock + Entropy),
    rules: Rules<'_>,
    Unsaved { webhook, samples }: Unsaved,
    order: PreviewOrder,
) -> Result<PreviewedRequest, PreviewError> {
    let tenant = webhook.tenant.clone();
    let at = whole_millisecond(system.now());
    let new = EventId::new(at, system.random_id());
    let (event, accepted_at, content) = match order.about {
        About::Greeting => (new, at, greeting(at)),
        About::Payload(event_type, data) => {
            if data.as_str().len() > MAX_EVENT_BYTES {
                return Err(PreviewError::TooLarge);
            }
            (new, at, content(event_type, data))
        }
        About::SampleOf(event_type) => {
            let own = samples.into_iter().find(|(name, _)| *name == event_type);
            let found = match own {
                Some((_, sample)) => Some(sample),
                None => rules.catalog.sample_of(registry, &tenant, &event_type, at).await?,
            };
            let no_sample = || FieldErrors::one("event", "has no sample event");
            let data = found.ok_or_else(|| PreviewError::Invalid(no_sample()))?;
            (new, at, content(event_type, data))
        }
        About::Event(id) => {
            let found = EventStore::get(events, &tenant, &id).await?;
            let event = found.ok_or(PreviewError::MissingEvent)?;
            (event.id, event.accepted_at, event.content)
        }
    };
    let (webhook, example) = match order.secret {
        PreviewSecret::Own => (webhook, None),
        PreviewSecret::Example => with_example(webhook, rules.contracts),
    };
    write(rules.contracts, (&webhook, example), (event, accepted_at, content), at).await
}

/// The webhook with the example's secret, if its contract is known.
fn with_example(webhook: Webhook, contracts: &Contracts) -> (Webhook, Option<ExampleSecret>) {
    let Some(contract) = contracts.get(&webhook.contract) else { return (webhook, None) };
    let secret = example_secret(contract, webhook.signing());
    let example =
        ExampleSecret { secret: secret.expose().to_owned(), public_key: secret.public_key() };
    (Webhook { secret, retiring_secret: None, ..webhook }, Some(example))
}

/// The secret of examples, in the form that the contract's libraries read.
pub(crate) fn example_secret(contract: &Contract, signing: Signing) -> SigningSecret {
    match signing {
        Signing::Ed25519 => SigningSecret::generate_ed25519(EXAMPLE),
        Signing::Hmac => SigningSecret::generate(contract.secret_form(), EXAMPLE),
    }
}

async fn write(
    contracts: &Contracts,
    (webhook, example): (&Webhook, Option<ExampleSecret>),
    (event, accepted_at, content): (EventId, Timestamp, Content),
    at: Timestamp,
) -> Result<PreviewedRequest, PreviewError> {
    let delivery = DeliveryId::new(webhook.id, accepted_at, event.clone());
    let input = Input::new(&event, &webhook.tenant, &content, accepted_at);
    let expressions = previewed(webhook, input).await;
    let subject = Subject { content: &content, delivery: &delivery, webhook, attempt: 1, at };
    let request = attempt::write(contracts, subject).await.map(|(request, _)| ShownRequest {
        headers: webhook.headers.masked_in(request.headers),
        body: request.body,
    });
    Ok(PreviewedRequest {
        host: webhook.url.authority().to_owned(),
        contract: webhook.contract.to_string(),
        event,
        event_type: content.event_type,
        example,
        expressions,
        request,
    })
}

#[cfg(test)]
mod tests;

//! Reads an event as producers send it: to the API, to the event queue, or to the queue through an
//! EventBridge rule or an SNS topic.

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Content, Event, MAX_EVENT_BYTES, OPERATIONAL};
use crate::ids::{ClientsTenant, EventId, EventType, InvalidId, TenantId};
use crate::json::fields::{FieldErrors, Fields};
use crate::json::{RawJson, without_byte_order_mark};

mod envelope;
pub(crate) mod glimpse;
mod notification;

use envelope::read_envelope;
use notification::Notification;

/// An event that was read and is not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The producer's own id, which makes publishing it idempotent.
    pub id: Option<EventId>,
    pub tenant: TenantId,
    pub content: Content,
}

impl NewEvent {
    /// The event as accepted at `now`, under its own id, or under `fallback` where it has none.
    pub fn accept(self, now: Timestamp, fallback: impl FnOnce() -> EventId) -> Event {
        let accepted_at = crate::time::whole_millisecond(now);
        Event {
            id: self.id.unwrap_or_else(fallback),
            tenant: self.tenant,
            content: self.content,
            accepted_at,
            value: None,
        }
    }
}

/// Which tenant an event belongs to when its body does not say.
#[derive(Debug, Clone)]
pub enum DefaultTenant {
    /// The body must name the tenant (the event queue, or the operator at the API who names none).
    None,
    /// This tenant; a body that names another is refused (the API).
    Is(TenantId),
}

/// Why a producer may not publish under an id or a type.
#[derive(Debug, thiserror::Error)]
enum NotTheirs {
    #[error(transparent)]
    Malformed(#[from] InvalidId),
    #[error("must not begin with op_, msg_ or key_, as the ids do that Hooklane makes itself")]
    Derived,
    #[error("is the type of an operational event, which only Hooklane itself publishes")]
    Operational,
}

/// An id that a producer chose: not of a form that Hooklane derives ids in.
struct ProducersId(EventId);

impl FromStr for ProducersId {
    type Err = NotTheirs;
    fn from_str(text: &str) -> Result<Self, NotTheirs> {
        let id: EventId = text.parse()?;
        if id.is_derived() {
            return Err(NotTheirs::Derived);
        }
        Ok(Self(id))
    }
}

/// A type that a producer may publish: no operational event's, which receivers take as Hooklane's word.
struct ProducersType(EventType);

impl FromStr for ProducersType {
    type Err = NotTheirs;
    fn from_str(text: &str) -> Result<Self, NotTheirs> {
        let event_type: EventType = text.parse()?;
        if OPERATIONAL.contains(&event_type.as_str()) {
            return Err(NotTheirs::Operational);
        }
        Ok(Self(event_type))
    }
}

const EVENT_ID: &[&str] = &["id", "eventId", "event_id"];
const TENANT: &[&str] = &["tenant", "tenantId", "tenant_id", "org_id", "orgId"];
const EVENT_TYPE: &[&str] = &["type", "event", "eventType", "event_type"];
const TIMESTAMP: &[&str] = &["timestamp", "created_at", "createdAt"];

/// Reads `{id?, tenant, type, data, metadata?, timestamp?, version?, test?}` and its synonyms.
pub fn from_body(body: &str, tenant: &DefaultTenant) -> Result<NewEvent, FieldErrors> {
    let body = without_byte_order_mark(body);
    check_size(body)?;
    read(Fields::of("", body)?, tenant)
}

/// Like [`from_body`], but reads an EventBridge envelope too (see the module `envelope`). Either may also be the message
/// of a notification of SNS.
pub fn from_envelope_or_body(body: &str, tenant: &DefaultTenant) -> Result<NewEvent, FieldErrors> {
    let body = without_byte_order_mark(body);
    let fields = match Fields::of("", body) {
        Ok(fields) if Notification::is_one(&fields) => return from_notification(fields, tenant),
        other => other,
    };
    check_size(body)?;
    read_either(fields?, tenant)
}

/// The size of a notification itself is SNS's and SQS's matter: it holds the event as an escaped string.
fn from_notification(fields: Fields, tenant: &DefaultTenant) -> Result<NewEvent, FieldErrors> {
    let Notification { message_id, message } = Notification::read(fields)?;
    check_size(&message)?;
    let message = without_byte_order_mark(&message);
    let new = read_either(Fields::of("Message", message)?, tenant)?;
    // SNS may deliver a notification twice, as two messages of SQS.
    let of_the_notification = || EventId::from_message_id(&message_id?).ok();
    Ok(NewEvent { id: new.id.or_else(of_the_notification), ..new })
}

fn read_either(fields: Fields, tenant: &DefaultTenant) -> Result<NewEvent, FieldErrors> {
    if fields.has(&["detail-type"]) { read_envelope(fields, tenant) } else { read(fields, tenant) }
}

fn check_size(body: &str) -> Result<(), FieldErrors> {
    if body.len() <= MAX_EVENT_BYTES {
        return Ok(());
    }
    let message = format!("is {} bytes long; an event has at most {MAX_EVENT_BYTES}", body.len());
    Err(FieldErrors::one("", message))
}

fn read(mut fields: Fields, default: &DefaultTenant) -> Result<NewEvent, FieldErrors> {
    let id = fields.parse::<ProducersId>(EVENT_ID);
    let tenant = read_tenant(&mut fields, default);
    let event_type = required(&mut fields, EVENT_TYPE, Fields::parse::<ProducersType>);
    let data = required(&mut fields, &["data"], read_data);
    let metadata = read_object(&mut fields, &["metadata"]);
    let timestamp = fields.time(TIMESTAMP);
    let version = read_version(&mut fields);
    let test = fields.read::<bool>(&["test", "testMode"], "true or false").unwrap_or(false);
    fields.finish()?;
    complete(id, tenant, event_type, data, |event_type, data| Content {
        event_type,
        data,
        metadata,
        timestamp,
        version,
        test,
    })
}

/// Builds the event. `finish` has reported every missing part before, so none is missing here.
fn complete(
    id: Option<ProducersId>,
    tenant: Option<TenantId>,
    event_type: Option<ProducersType>,
    data: Option<RawJson>,
    content: impl FnOnce(EventType, RawJson) -> Content,
) -> Result<NewEvent, FieldErrors> {
    match (tenant, event_type, data) {
        (Some(tenant), Some(ProducersType(event_type)), Some(data)) => {
            let id = id.map(|ProducersId(id)| id);
            Ok(NewEvent { id, tenant, content: content(event_type, data) })
        }
        _ => Err(FieldErrors::one("", "is incomplete")),
    }
}

fn required<T>(
    fields: &mut Fields,
    names: &[&str],
    read: impl FnOnce(&mut Fields, &[&str]) -> Option<T>,
) -> Option<T> {
    let present = fields.has(names);
    let value = read(fields, names);
    if value.is_none() && !(present && names.iter().any(|name| fields.has_error(name))) {
        fields.error(names[0], "is required");
    }
    value
}

fn read_tenant(fields: &mut Fields, default: &DefaultTenant) -> Option<TenantId> {
    match default {
        DefaultTenant::None => {
            let named = required(fields, TENANT, Fields::parse::<ClientsTenant>);
            named.map(|ClientsTenant(tenant)| tenant)
        }
        DefaultTenant::Is(tenant) => {
            let sent = TENANT.iter().find(|name| fields.has(&[name])).copied();
            if let Some(named) = fields.parse::<TenantId>(TENANT)
                && named != *tenant
            {
                fields.error(sent.unwrap_or(TENANT[0]), "is not the tenant of this request");
            }
            Some(tenant.clone())
        }
    }
}

fn read_data(fields: &mut Fields, names: &[&str]) -> Option<RawJson> {
    let field = fields.take(names)?;
    to_raw(fields, names[0], &field.raw)
}

fn to_raw(fields: &mut Fields, name: &str, raw: &RawValue) -> Option<RawJson> {
    RawJson::from_raw(raw).map_err(|e| fields.error(name, e.to_string())).ok()
}

fn read_object(fields: &mut Fields, names: &[&str]) -> Option<RawJson> {
    let field = fields.take(names)?;
    if !field.raw.get().starts_with('{') {
        fields.error(names[0], "must be a JSON object");
        return None;
    }
    to_raw(fields, names[0], &field.raw)
}

fn is_version(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

fn read_version(fields: &mut Fields) -> Option<String> {
    let version = fields.read::<String>(&["version"], "a string")?;
    if !is_version(&version) {
        fields.error("version", "must have at most 64 visible ASCII characters");
    }
    Some(version)
}

#[cfg(test)]
mod tests;

//! The event item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::payload;
use hooklane_app::ports::{EventSearch, EventStore, Put, Unavailable};
use hooklane_domain::event::ValueDigest;
use hooklane_domain::event::{Content, Event, Fingerprint};
use hooklane_domain::ids::{EventId, TenantId};
use serde::{Deserialize, Serialize};

use super::{Ledger, keys, time};
use crate::failure::corrupt;
use crate::table::{Item, binary, from_item, size, to_item};

/// An accepted event as stored.
#[derive(Serialize, Deserialize)]
struct EventItem {
    /// Tenant.
    t: TenantId,
    /// Event id.
    i: EventId,
    /// When it was accepted, in milliseconds.
    a: i64,
    /// The content's fingerprint.
    f: String,
    /// The content as JSON. If it is compressed, it is in the binary attribute `z` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<String>,
    /// What its tenant can search it by, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<String>,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

const COMPRESSED: &str = "z";
/// A write unit: DynamoDB charges for every KiB that a write begins.
const UNIT: usize = 1024;

impl EventStore for Ledger {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        if self.table.put_new(self.event_item(event)?).await? {
            return Ok(Put::Stored);
        }
        // Perhaps by a call whose answer was lost: then its fingerprint is that of this event.
        let stored = self.event(&event.tenant, &event.id).await?;
        let (stored, _) = stored.ok_or_else(|| corrupt("an event", "it was there and is gone"))?;
        let fingerprint = Fingerprint::from_hex(&stored.f)
            .ok_or_else(|| corrupt("an event", "it has no fingerprint"))?;
        Ok(Put::Exists { fingerprint, accepted_at: time(stored.a)? })
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        match self.event(tenant, id).await? {
            Some((item, compressed)) => to_event(item, compressed).map(Some),
            None => Ok(None),
        }
    }
}

impl EventSearch for Ledger {
    async fn of_some(
        &self,
        tenants: &[TenantId],
        id: &EventId,
    ) -> Result<(Vec<Event>, usize), Unavailable> {
        let keys: Vec<_> = tenants.iter().map(|tenant| keys::event(tenant, id)).collect();
        let (mut found, mut unreadable) = (BTreeMap::new(), 0);
        for item in self.table.get_all(&keys).await? {
            match read(item) {
                Ok(event) => {
                    found.insert(event.tenant.clone(), event);
                }
                Err(error) if error.is_unreadable() => {
                    error.log("event.left_out");
                    unreadable += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok((tenants.iter().filter_map(|tenant| found.remove(tenant)).collect(), unreadable))
    }
}

impl Ledger {
    async fn event(
        &self,
        tenant: &TenantId,
        id: &EventId,
    ) -> Result<Option<(EventItem, Option<Vec<u8>>)>, Unavailable> {
        self.table.get_item(&keys::event(tenant, id)).await?.map(split).transpose()
    }

    fn event_item(&self, event: &Event) -> Result<Item, Unavailable> {
        let json = payload::to_json(&event.content);
        let mut stored = EventItem {
            t: event.tenant.clone(),
            i: event.id.clone(),
            a: event.accepted_at.as_millisecond(),
            f: event.content.fingerprint().to_hex(),
            c: Some(json),
            v: event.value.map(ValueDigest::to_hex),
            expires_at: self.retention.expires_at(event.accepted_at),
        };
        let key = keys::event(&event.tenant, &event.id);
        let plain = to_item(&key, &stored)?;
        let units = |item: &Item| size(item).div_ceil(UNIT);
        // Compressing takes more processor time than all else about a small event, and cannot save a unit there.
        if units(&plain) == 1 {
            return Ok(plain);
        }
        let content = stored.c.take().unwrap_or_default();
        let Some(packed) = payload::deflate(content.as_bytes()) else { return Ok(plain) };
        let mut small = to_item(&key, &stored)?;
        small.insert(COMPRESSED.to_owned(), binary(packed));
        Ok(if units(&small) < units(&plain) { small } else { plain })
    }
}

/// An event from its item.
pub(super) fn read(item: Item) -> Result<Event, Unavailable> {
    let (item, compressed) = split(item)?;
    to_event(item, compressed)
}

fn split(mut item: Item) -> Result<(EventItem, Option<Vec<u8>>), Unavailable> {
    let compressed = match item.remove(COMPRESSED) {
        Some(AttributeValue::B(bytes)) => Some(bytes.into_inner()),
        _ => None,
    };
    Ok((from_item(item)?, compressed))
}

fn to_event(item: EventItem, compressed: Option<Vec<u8>>) -> Result<Event, Unavailable> {
    let content: Content = match (item.c, compressed) {
        (Some(json), _) => payload::from_json(&json)?,
        (None, Some(bytes)) => payload::from_json(&payload::inflate(&bytes)?)?,
        (None, None) => return Err(corrupt("an event", "it has no content")),
    };
    // A digest that cannot be read is one of a newer version: the event cannot be searched for.
    let value = item.v.as_deref().and_then(ValueDigest::from_hex);
    Ok(Event { id: item.i, tenant: item.t, content, accepted_at: time(item.a)?, value })
}

/// A new event as it arrives in the table's stream.
pub struct EventRecord(Event);

impl EventRecord {
    /// Reads the `NewImage` of a stream record, in DynamoDB's JSON.
    pub fn from_image(image: serde_dynamo::Item) -> Result<Self, Unavailable> {
        read(image.into()).map(Self)
    }

    #[must_use]
    pub fn into_event(self) -> Event {
        self.0
    }
}

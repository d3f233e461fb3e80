//! The item of an idempotency record.

use hooklane_app::conflict::decide_anew;
use hooklane_app::ports::{IdempotencyStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Item, Rewrite, Write, number, to_item};

/// An idempotency record as stored. The client's key is in the item's key.
#[derive(Serialize, Deserialize)]
struct IdempotencyItem {
    /// Tenant.
    t: TenantId,
    /// The webhook that is created under the key.
    w: WebhookId,
    /// The body's fingerprint.
    f: String,
    /// When it was written, in milliseconds.
    a: i64,
    /// Whether the webhook was created.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    d: bool,
    /// Until when it holds, in milliseconds. DynamoDB's TTL removes the item up to days later.
    l: i64,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

/// A record that refuses the write and is gone when it is read has expired in between: the write is
/// tried again. This is the number of tries.
const TRIES: u32 = 3;

impl IdempotencyStore for Ledger {
    async fn held(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let stored = self.read_record(tenant, key).await?;
        Ok(stored.filter(|record| record.holds_at(now)))
    }

    async fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> Result<IdempotencyRecord, Unavailable> {
        let held = decide_anew(TRIES, || async {
            if self.put_record(tenant, key, record).await? {
                return Ok(Some(record.clone()));
            }
            self.read_record(tenant, key).await
        });
        held.await?.ok_or_else(|| {
            Unavailable::new("claiming an idempotency key", "its record comes and goes")
        })
    }

    async fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> Result<(), Unavailable> {
        let fulfilled = IdempotencyRecord { fulfilled: true, ..record.clone() };
        let item = record_item(tenant, key, &fulfilled)?;
        self.table.write(Rewrite::of::<IdempotencyItem>(item).write()).await.map(drop)
    }
}

impl Ledger {
    /// Writes the record unless one exists that has not expired. Returns whether it was written.
    async fn put_record(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> Result<bool, Unavailable> {
        let put = Write::put(record_item(tenant, key, record)?)
            .if_holds("attribute_not_exists(pk) OR l <= :now")
            .value(":now", number(record.at.as_millisecond()));
        self.table.write(put).await
    }

    async fn read_record(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let stored =
            self.table.get::<IdempotencyItem>(&keys::idempotency_record(tenant, key)).await?;
        let Some(stored) = stored else { return Ok(None) };
        Ok(Some(IdempotencyRecord {
            webhook: stored.w,
            fingerprint: Fingerprint::from_hex(&stored.f)
                .ok_or_else(|| corrupt("an idempotency record", "it has no fingerprint"))?,
            at: Timestamp::from_millisecond(stored.a)
                .map_err(|e| corrupt("an idempotency record", e))?,
            fulfilled: stored.d,
        }))
    }
}

fn record_item(
    tenant: &TenantId,
    key: &IdempotencyKey,
    record: &IdempotencyRecord,
) -> Result<Item, Unavailable> {
    let until = record.expires_at();
    let stored = IdempotencyItem {
        t: tenant.clone(),
        w: record.webhook,
        f: record.fingerprint.to_hex(),
        a: record.at.as_millisecond(),
        d: record.fulfilled,
        l: until.as_millisecond(),
        expires_at: until.as_second(),
    };
    to_item(&keys::idempotency_record(tenant, key), &stored)
}

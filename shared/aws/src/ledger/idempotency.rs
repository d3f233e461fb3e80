//! The item of an idempotency key.

use hooklane_app::conflict::decide_anew;
use hooklane_app::ports::{IdempotencyStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::{TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::{Ledger, keys};
use crate::failure::corrupt;
use crate::table::{Item, Write, number, to_item};

/// A claim as stored.
#[derive(Serialize, Deserialize)]
struct IdempotencyItem {
    /// Tenant.
    t: TenantId,
    /// The webhook that is made under the key.
    w: WebhookId,
    /// The body's fingerprint.
    f: String,
    /// At, in milliseconds.
    a: i64,
    /// Whether the webhook was made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    d: bool,
    /// The last moment, after which it no longer holds, in milliseconds: the table's own clock removes it
    /// days later.
    l: i64,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

/// A claim that was met and is gone when it is read has expired at this moment: it is claimed again.
const TRIES: u32 = 3;

impl IdempotencyStore for Ledger {
    async fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> Result<IdempotencyRecord, Unavailable> {
        let held = decide_anew(TRIES, || async {
            if self.put_claim(tenant, key, claim).await? {
                return Ok(Some(claim.clone()));
            }
            self.read_claim(tenant, key).await
        });
        held.await?.ok_or_else(|| Unavailable::new("claiming a key", "it comes and goes"))
    }

    async fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> Result<(), Unavailable> {
        let fulfilled = IdempotencyRecord { fulfilled: true, ..claim.clone() };
        self.table.put(claim_item(tenant, key, &fulfilled)?).await
    }
}

impl Ledger {
    /// Whether there was none that holds.
    async fn put_claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> Result<bool, Unavailable> {
        let put = Write::put(claim_item(tenant, key, claim)?)
            .if_holds("attribute_not_exists(pk) OR l <= :now")
            .value(":now", number(claim.at.as_millisecond()));
        self.table.write(put).await
    }

    async fn read_claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let stored = self.table.get::<IdempotencyItem>(&keys::claim(tenant, key)).await?;
        let Some(stored) = stored else { return Ok(None) };
        Ok(Some(IdempotencyRecord {
            webhook: stored.w,
            fingerprint: Fingerprint::from_hex(&stored.f)
                .ok_or_else(|| corrupt("a claim", "no fingerprint"))?,
            at: Timestamp::from_millisecond(stored.a).map_err(|e| corrupt("a claim", e))?,
            fulfilled: stored.d,
        }))
    }
}

fn claim_item(
    tenant: &TenantId,
    key: &IdempotencyKey,
    claim: &IdempotencyRecord,
) -> Result<Item, Unavailable> {
    let until = claim.expires_at();
    let stored = IdempotencyItem {
        t: tenant.clone(),
        w: claim.webhook,
        f: claim.fingerprint.to_hex(),
        a: claim.at.as_millisecond(),
        d: claim.fulfilled,
        l: until.as_millisecond(),
        expires_at: until.as_second(),
    };
    to_item(&keys::claim(tenant, key), &stored)
}

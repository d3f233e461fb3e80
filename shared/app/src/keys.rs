//! The keys of a tenant: created, listed, renamed, rotated and revoked.

use hooklane_domain::Timestamp;
use hooklane_domain::access::key::{Key, KeyName, KeySecret, KeyText, Overlapping};
use hooklane_domain::access::principal::Principal;
use hooklane_domain::access::quotas::Exceeded;
use hooklane_domain::access::scope::{Scope, Scopes};
use hooklane_domain::ids::{KeyId, TenantId};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Overlap;
use secrecy::SecretString;

use crate::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use crate::ports::{Clock, Entropy, KeyStore, Refusal, Unavailable};
use crate::removed::Removed;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no such key")]
    Missing,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The key has a scope that whoever asks for its secret lacks.
    #[error("the {holder} lacks the scope {}, so it cannot give it to a key", .scope.as_str())]
    Beyond { holder: &'static str, scope: Scope },
    #[error(transparent)]
    Overlapping(#[from] Overlapping),
    /// The tenant has as many keys as it may.
    #[error(transparent)]
    TooMany(Exceeded),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A key with its text, which is shown once.
#[derive(Debug)]
pub struct IssuedKey {
    pub key: Key,
    pub text: SecretString,
}

impl IssuedKey {
    fn new(key: Key, secret: KeySecret) -> Self {
        let text = KeyText { tenant: key.tenant.clone(), id: key.id, secret }.write();
        Self { key, text }
    }
}

/// Creates a key of a tenant that may have at most `most`. The body is
/// `{"name": …, "scopes": […], "expiresAt": …}`, the last one optional.
pub async fn create(
    keys: &impl KeyStore,
    system: &(impl Clock + Entropy),
    principal: &Principal,
    (tenant, most): (&TenantId, u64),
    body: &str,
) -> Result<IssuedKey, KeyError> {
    let now = whole_millisecond(system.now());
    let wanted = NewKey::read(body, now).map_err(KeyError::Invalid)?;
    may_give(principal, &wanted.scopes)?;
    let secret = KeySecret::new(system.random());
    let key = Key {
        id: KeyId::new(now, system.random_id()),
        tenant: tenant.clone(),
        name: wanted.name,
        scopes: wanted.scopes,
        hash: secret.hash(),
        former: None,
        created_at: now,
        expires_at: wanted.expires_at,
        last_used_at: None,
        revision: 1,
    };
    match keys.add_key(&key, most).await? {
        None => Ok(IssuedKey::new(key, secret)),
        Some(Refusal::Over(over)) => Err(KeyError::TooMany(over)),
        Some(Refusal::Removed(tombstone)) => {
            Err(KeyError::Removed(Removed { tenant: tenant.clone(), tombstone }))
        }
    }
}

/// Changes the name of a key. The body is `{"name": …}`; without a name, nothing changes.
pub async fn rename(
    keys: &impl KeyStore,
    (tenant, id): (&TenantId, KeyId),
    body: &str,
) -> Result<Key, KeyError> {
    let name = read_name(body).map_err(KeyError::Invalid)?;
    revise(keys, tenant, id, |key| {
        let name = name.clone().unwrap_or_else(|| key.name.clone());
        Ok(Key { name, ..key })
    })
    .await
}

/// Gives a key another secret. The one it had stays valid until the overlap ends; the body is
/// `{"overlapSeconds": …}`, or nothing for a day.
pub async fn rotate(
    keys: &impl KeyStore,
    system: &(impl Clock + Entropy),
    principal: &Principal,
    (tenant, id): (&TenantId, KeyId),
    body: &str,
) -> Result<IssuedKey, KeyError> {
    let overlap = read_overlap(body).map_err(KeyError::Invalid)?;
    let (secret, now) = (KeySecret::new(system.random()), whole_millisecond(system.now()));
    let rotated = revise(keys, tenant, id, |key| {
        // The answer shows the secret: it gives the caller what the key may do.
        may_give(principal, &key.scopes)?;
        Ok(key.rotated(&secret, overlap, now)?)
    });
    Ok(IssuedKey::new(rotated.await?, secret))
}

/// Revokes a key: no request that is recognised from then on finds it.
pub async fn revoke(keys: &impl KeyStore, tenant: &TenantId, id: KeyId) -> Result<(), KeyError> {
    if keys.remove_key(tenant, id).await? { Ok(()) } else { Err(KeyError::Missing) }
}

/// Reads a key, changes it, and writes it if nobody else changed it meanwhile; otherwise it begins again.
async fn revise(
    keys: &impl KeyStore,
    tenant: &TenantId,
    id: KeyId,
    change: impl Fn(Key) -> Result<Key, KeyError>,
) -> Result<Key, KeyError> {
    let once = async || {
        let seen = keys.key(tenant, id).await?.ok_or(KeyError::Missing)?;
        let changed = change(seen.clone())?;
        let written = keys.change_key(&seen, &changed).await?;
        Ok(written.then(|| Key { revision: seen.revision + 1, ..changed }))
    };
    let revised = decide_anew(MAX_TRIES, || async { Ok(once().await.transpose()) }).await?;
    revised.unwrap_or_else(|| Err(always_overtaken("changing a key").into()))
}

fn may_give(principal: &Principal, scopes: &Scopes) -> Result<(), KeyError> {
    let holder = principal.kind();
    principal.lacks(scopes).map_or(Ok(()), |scope| Err(KeyError::Beyond { holder, scope }))
}

struct NewKey {
    name: KeyName,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
}

impl NewKey {
    fn read(body: &str, now: Timestamp) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        if !fields.has(&["name"]) {
            fields.error("name", "is required");
        }
        let name = fields.parse(&["name"]);
        let scopes = Scopes::read(&mut fields);
        let expires_at = fields.time(&["expiresAt", "expires_at"]).map(whole_millisecond);
        if expires_at.is_some_and(|end| end <= now) {
            fields.error("expiresAt", "must be later than now");
        }
        fields.finish()?;
        // Without a name there was a mistake.
        let name = name.ok_or_else(|| FieldErrors::one("name", "is required"))?;
        Ok(Self { name, scopes, expires_at })
    }
}

fn read_name(body: &str) -> Result<Option<KeyName>, FieldErrors> {
    let mut fields = Fields::of("", body)?;
    if fields.take_null(&["name"]) {
        fields.error("name", "must not be null");
    }
    let name = fields.parse(&["name"]);
    fields.finish().map(|()| name)
}

fn read_overlap(body: &str) -> Result<Overlap, FieldErrors> {
    if body.trim().is_empty() {
        return Ok(Overlap::default());
    }
    let mut fields = Fields::of("", body)?;
    let overlap = Overlap::read(&mut fields);
    fields.finish().map(|()| overlap)
}

#[cfg(test)]
mod tests;

//! The keys of tenants. Of a secret, only the hash is stored. The number of a tenant's keys is in its item, and is
//! written in the transaction that adds or removes one.

use hooklane_app::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use hooklane_app::ports::{KeyPage, KeyStore, Refusal, TenantStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key::{FormerSecret, InvalidName, Key, SecretHash, USE_NOTED_EVERY};
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::ids::{KeyId, TenantId};
use serde::{Deserialize, Serialize};

use super::tenants::{KEYS, NOT_REMOVED};
use super::{KEY_PREFIX, Registry, key_key, listed, partition, tenant_key};
use crate::failure::corrupt;
use crate::table::{self, Item, Write, from_item, number, string, text, to_item, value};

/// A key as stored. Its tenant is in its key as well, and every read compares the two.
#[derive(Serialize, Deserialize)]
struct KeyItem {
    id: KeyId,
    tenant: TenantId,
    name: String,
    /// By name. One that this version does not know has no effect.
    scopes: Vec<String>,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<FormerItem>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// In milliseconds, because a condition compares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<i64>,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
struct FormerItem {
    hash: String,
    until: Timestamp,
}

impl FormerItem {
    fn of(former: &FormerSecret) -> Self {
        Self { hash: former.hash.to_string(), until: former.until }
    }
}

impl KeyStore for Registry {
    async fn key(&self, tenant: &TenantId, id: KeyId) -> Result<Option<Key>, Unavailable> {
        let item = self.table.get_item(&key_key(tenant, id)).await?;
        item.map(|item| read(tenant, item)).transpose()
    }

    async fn keys(
        &self,
        tenant: &TenantId,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<KeyPage, Unavailable> {
        let query = self
            .table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(partition(tenant)))
            .expression_attribute_values(":prefix", string(KEY_PREFIX))
            .scan_index_forward(false)
            .limit(table::limit(limit))
            .set_exclusive_start_key(after.map(|id| key_key(tenant, id).attributes()));
        let page = self.table.page(query).await?;
        let next = page.next.as_ref().and_then(id_of);
        let keys = page.items.into_iter().filter_map(|item| for_list(tenant, item)).collect();
        Ok(KeyPage { keys, next })
    }

    async fn add_key(&self, key: &Key, most: u64) -> Result<Option<Refusal>, Unavailable> {
        let item = to_item(&key_key(&key.tenant, key.id), &written(key))?;
        let added = decide_anew(MAX_TRIES, || async {
            let count = Write::update(&tenant_key(&key.tenant), &format!("ADD {KEYS} :one"))
                .if_holds(&format!(
                    "{NOT_REMOVED} AND (attribute_not_exists({KEYS}) OR {KEYS} < :most)"
                ))
                .value(":one", number(1))
                .value(":most", number(most));
            let list = listed(&key.tenant);
            let put = Write::put(item.clone()).if_absent();
            if self.table.transact(vec![put, count, list]).await? {
                return Ok(Some(None));
            }
            let tenant = self.tenant(&key.tenant).await?;
            if let Some(tombstone) = tenant.tombstone {
                return Ok(Some(Some(Refusal::Removed(tombstone))));
            }
            let over = Exceeded { quota: QuotaName::Keys, limit: most, used: tenant.keys };
            Ok((tenant.keys >= most).then_some(Some(Refusal::Over(over))))
        });
        added.await?.ok_or_else(|| always_overtaken("adding a key"))
    }

    async fn change_key(&self, seen: &Key, key: &Key) -> Result<bool, Unavailable> {
        // `name` and `hash` are reserved words of DynamoDB's expressions.
        let set = "SET #name = :name, #hash = :hash";
        let place = key_key(&seen.tenant, seen.id);
        let update = match &key.former {
            Some(former) => {
                Write::update(&place, &format!("{set}, former = :former ADD revision :one"))
                    .value(":former", value("a former secret", FormerItem::of(former))?)
            }
            None => Write::update(&place, &format!("{set} REMOVE former ADD revision :one")),
        };
        let update = update
            .name("#name", "name")
            .name("#hash", "hash")
            .value(":name", string(&key.name))
            .value(":hash", string(key.hash))
            .value(":one", number(1))
            .if_revision("revision", seen.revision);
        self.table.write(update).await
    }

    async fn remove_key(&self, tenant: &TenantId, id: KeyId) -> Result<bool, Unavailable> {
        let delete = Write::delete(&key_key(tenant, id)).if_present();
        // A removed tenant has no count any more, and its keys are cleared.
        let count = Write::update(&tenant_key(tenant), &format!("ADD {KEYS} :less"))
            .if_holds(NOT_REMOVED)
            .value(":less", number(-1));
        self.table.transact(vec![delete, count]).await
    }

    async fn note_use(
        &self,
        tenant: &TenantId,
        id: KeyId,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let every = i64::try_from(USE_NOTED_EVERY.as_millis()).unwrap_or(i64::MAX);
        let due = "attribute_not_exists(last_used_at) OR last_used_at <= :due";
        let note = Write::update(&key_key(tenant, id), "SET last_used_at = :now")
            .if_holds(&format!("attribute_exists(pk) AND ({due})"))
            .value(":now", number(now.as_millisecond()))
            .value(":due", number(now.as_millisecond().saturating_sub(every)));
        self.table.write(note).await
    }
}

fn written(key: &Key) -> KeyItem {
    KeyItem {
        id: key.id,
        tenant: key.tenant.clone(),
        name: key.name.to_string(),
        scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        hash: key.hash.to_string(),
        former: key.former.as_ref().map(FormerItem::of),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at.map(Timestamp::as_millisecond),
        revision: key.revision,
    }
}

/// The key of an item, or `None` if it cannot be read back: it must not hide the others of its list.
fn for_list(tenant: &TenantId, item: Item) -> Option<Key> {
    let id = text(&item, "sk").unwrap_or_default();
    let span = tracing::error_span!("key", key.id = id.trim_start_matches(KEY_PREFIX));
    read(tenant, item).map_err(|error| span.in_scope(|| error.log("key.unreadable"))).ok()
}

/// The id in an item's primary key.
fn id_of(item: &Item) -> Option<KeyId> {
    text(item, "sk")?.strip_prefix(KEY_PREFIX)?.parse().ok()
}

fn read(tenant: &TenantId, item: Item) -> Result<Key, Unavailable> {
    let item: KeyItem = from_item(item)?;
    let wrong = |why: &str| corrupt(format!("the key {}", item.id), why);
    if item.tenant != *tenant {
        return Err(wrong("it belongs to another tenant"));
    }
    let hash = |text: &str| text.parse::<SecretHash>().map_err(|e| wrong(&e.to_string()));
    let former = item.former.as_ref().map(|former| {
        Ok::<_, Unavailable>(FormerSecret { hash: hash(&former.hash)?, until: former.until })
    });
    let last_used_at = item.last_used_at.map(Timestamp::from_millisecond).transpose();
    Ok(Key {
        name: item.name.parse().map_err(|e: InvalidName| wrong(&e.to_string()))?,
        scopes: item.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
        hash: hash(&item.hash)?,
        former: former.transpose()?,
        created_at: item.created_at,
        expires_at: item.expires_at,
        last_used_at: last_used_at.map_err(|e| wrong(&e.to_string()))?,
        revision: item.revision,
        id: item.id,
        tenant: item.tenant,
    })
}

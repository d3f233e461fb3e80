use hooklane_domain::access::key::{FormerSecret, Key, KeySecret};
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::{KeyId, TenantId};

use super::samples::{at, tenant};
use crate::ports::{KeyPage, KeyStore, Refusal, TenantStore};

const HOUR: i64 = 3_600_000;

/// Keys read back whole, belong to their tenant, are counted, change only as they were read, and go with their
/// tenant.
pub async fn keys<S: KeyStore + TenantStore>(store: &S, salt: u128) {
    a_key_is_stored_listed_and_removed(store, &tenant("keys-a", salt), salt).await;
    a_key_changes_only_as_it_was_read(store, &tenant("keys-b", salt), salt).await;
    a_use_is_noted_once_in_an_hour(store, &tenant("keys-c", salt), salt).await;
    additions_never_exceed_the_quota(store, &tenant("keys-d", salt), salt).await;
    keys_go_with_their_tenant(store, &tenant("keys-e", salt), salt).await;
}

/// The n-th key of a tenant, by time.
#[expect(clippy::unwrap_used, reason = "samples are right by construction")]
fn key(tenant: &TenantId, salt: u128, n: u8) -> Key {
    let hash = |byte| KeySecret::new([byte; 32]).hash();
    Key {
        id: KeyId::new(at(n.into()), salt),
        tenant: tenant.clone(),
        name: format!("Schlüssel {n}").parse().unwrap(),
        scopes: [Scope::PublishEvents, Scope::ReadKeys].into_iter().collect(),
        hash: hash(n),
        former: Some(FormerSecret { hash: hash(n + 100), until: at(HOUR) }),
        created_at: at(n.into()),
        expires_at: Some(at(2 * HOUR)),
        last_used_at: None,
        revision: 1,
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_key_is_stored_listed_and_removed<S: KeyStore + TenantStore>(
    store: &S,
    ours: &TenantId,
    salt: u128,
) {
    let all: Vec<_> = (1..=3).map(|n| key(ours, salt, n)).collect();
    assert_eq!(store.key(ours, all[0].id).await.unwrap(), None);
    assert_eq!(store.keys(ours, None, 9).await.unwrap(), KeyPage::default());
    for key in &all {
        assert_eq!(store.add_key(key, 9).await.unwrap(), None);
        assert_eq!(store.key(ours, key.id).await.unwrap().as_ref(), Some(key));
    }
    let plain = Key { former: None, expires_at: None, ..key(ours, salt, 4) };
    assert_eq!(store.add_key(&plain, 9).await.unwrap(), None);
    assert_eq!(store.key(ours, plain.id).await.unwrap().as_ref(), Some(&plain));
    assert!(store.is_listed(ours).await.unwrap(), "a tenant with a key is listed");
    assert_eq!(store.tenant(ours).await.unwrap().keys, 4);

    let page = store.keys(ours, None, 3).await.unwrap();
    assert_eq!(page.keys, [plain.clone(), all[2].clone(), all[1].clone()], "newest first");
    let rest = store.keys(ours, page.next, 3).await.unwrap();
    assert_eq!(rest, KeyPage { keys: vec![all[0].clone()], next: None });

    let other = tenant("keys-other", salt);
    assert_eq!(store.key(&other, plain.id).await.unwrap(), None, "another tenant's");
    assert!(!store.remove_key(&other, plain.id).await.unwrap());
    assert!(store.remove_key(ours, plain.id).await.unwrap());
    assert!(!store.remove_key(ours, plain.id).await.unwrap());
    assert_eq!(store.key(ours, plain.id).await.unwrap(), None);
    assert_eq!(store.tenant(ours).await.unwrap().keys, 3);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_key_changes_only_as_it_was_read<S: KeyStore>(store: &S, ours: &TenantId, salt: u128) {
    let seen = key(ours, salt, 1);
    let renamed = Key { name: "New".parse().unwrap(), former: None, ..seen.clone() };
    assert!(!store.change_key(&seen, &renamed).await.unwrap(), "there is none");
    assert_eq!(store.key(ours, seen.id).await.unwrap(), None);
    assert_eq!(store.add_key(&seen, 9).await.unwrap(), None);
    assert!(store.note_use(ours, seen.id, at(7)).await.unwrap());
    assert!(store.change_key(&seen, &renamed).await.unwrap(), "a use is no change");
    let stored = store.key(ours, seen.id).await.unwrap().unwrap();
    assert_eq!(stored, Key { last_used_at: Some(at(7)), revision: 2, ..renamed.clone() });
    assert!(!store.change_key(&seen, &renamed).await.unwrap(), "it has changed since");
    let other = key(ours, salt, 2);
    let rotated = Key { hash: other.hash, former: other.former, ..stored.clone() };
    assert!(store.change_key(&stored, &rotated).await.unwrap());
    let expected = Key { revision: 3, ..rotated.clone() };
    assert_eq!(store.key(ours, seen.id).await.unwrap(), Some(expected.clone()));
    assert!(store.remove_key(ours, seen.id).await.unwrap());
    assert!(!store.change_key(&expected, &renamed).await.unwrap(), "it was revoked");
    assert_eq!(store.key(ours, seen.id).await.unwrap(), None);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_use_is_noted_once_in_an_hour<S: KeyStore>(store: &S, ours: &TenantId, salt: u128) {
    let key = key(ours, salt, 1);
    let noted = async |ms| store.note_use(ours, key.id, at(ms)).await.unwrap();
    assert!(!noted(0).await, "there is none");
    assert_eq!(store.key(ours, key.id).await.unwrap(), None);
    assert_eq!(store.add_key(&key, 9).await.unwrap(), None);
    for (ms, expected) in
        [(0, true), (1, false), (HOUR - 1, false), (HOUR, true), (0, false), (HOUR + 1, false)]
    {
        assert_eq!(noted(ms).await, expected, "{ms}");
    }
    let stored = store.key(ours, key.id).await.unwrap().unwrap();
    assert_eq!(stored, Key { last_used_at: Some(at(HOUR)), ..key.clone() });
    let uses = futures::future::join_all((0..5).map(|_| noted(3 * HOUR))).await;
    assert_eq!(uses.into_iter().filter(|noted| *noted).count(), 1, "of several at once");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn additions_never_exceed_the_quota<S: KeyStore + TenantStore>(
    store: &S,
    ours: &TenantId,
    salt: u128,
) {
    let keys: Vec<_> = (1..=5).map(|n| key(ours, salt, n)).collect();
    let added = futures::future::join_all(keys.iter().map(|key| store.add_key(key, 2))).await;
    let refused: Vec<_> = added.into_iter().filter_map(Result::unwrap).collect();
    let over = Refusal::Over(Exceeded { quota: QuotaName::Keys, limit: 2, used: 2 });
    assert_eq!(refused, [over; 3]);
    let page = store.keys(ours, None, 9).await.unwrap();
    assert_eq!((page.keys.len(), store.tenant(ours).await.unwrap().keys), (2, 2));
    assert!(store.remove_key(ours, page.keys[0].id).await.unwrap());
    assert_eq!(store.add_key(&key(ours, salt, 6), 2).await.unwrap(), None, "there is room again");
    assert_eq!(store.add_key(&key(ours, salt, 7), 1).await.unwrap(), Some(lowered()));
}

fn lowered() -> Refusal {
    Refusal::Over(Exceeded { quota: QuotaName::Keys, limit: 1, used: 2 })
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn keys_go_with_their_tenant<S: KeyStore + TenantStore>(
    store: &S,
    ours: &TenantId,
    salt: u128,
) {
    let (first, second) = (key(ours, salt, 1), key(ours, salt, 2));
    assert_eq!(store.add_key(&first, 9).await.unwrap(), None);
    let tombstone = Tombstone { reusable_from: at(99_000), emptied: false };
    store.bury(ours, tombstone).await.unwrap();
    let refused = Some(Refusal::Removed(tombstone));
    assert_eq!(store.add_key(&second, 9).await.unwrap(), refused);
    while !store.clear(ours).await.unwrap() {}
    assert_eq!(store.key(ours, first.id).await.unwrap(), None);
    assert_eq!(store.tenant(ours).await.unwrap().keys, 0);
    store.revive(ours, Tombstone { emptied: true, ..tombstone }).await.unwrap();
    assert_eq!(store.add_key(&second, 1).await.unwrap(), None, "its count begins anew");
    assert!(store.remove(ours).await.unwrap());
}

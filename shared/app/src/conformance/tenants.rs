use hooklane_domain::access::quotas::OwnQuotas;
use hooklane_domain::access::tenant::{Tenant, TenantSettings};

use super::samples::{tenant, webhook};
use crate::ports::{TenantIds, TenantStore, WebhookStore};

/// Settings read back, revoked tokens stay revoked, and removing a tenant removes all of it and nothing else.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn tenants<S: TenantStore + TenantIds + WebhookStore>(store: &S, salt: u128) {
    let (ours, other) = (tenant("tenants-a", salt), tenant("tenants-b", salt));
    assert_eq!(store.tenant(&ours).await.unwrap(), Tenant::unknown(ours.clone()));
    assert!(!store.remove(&tenant("tenants-none", salt)).await.unwrap());

    let settings = TenantSettings {
        contract: Some("standard".parse().unwrap()),
        catalog: Some("default".parse().unwrap()),
        strict: true,
        rate_limit: Some(6),
        paused: true,
        quotas: OwnQuotas::default(),
        search_key: Some("orderId".parse().unwrap()),
        inbox_off: true,
    };
    let set = store.set_settings(&ours, &settings, Some(0)).await.unwrap().unwrap();
    assert_eq!((&set.settings, set.revision), (&settings, 1));
    assert_eq!(store.tenant(&ours).await.unwrap(), set);
    assert_eq!(store.set_settings(&ours, &settings, Some(0)).await.unwrap(), None);
    let defaults = TenantSettings::default();
    let again = store.set_settings(&ours, &defaults, None).await.unwrap().unwrap();
    assert_eq!((&again.settings, again.revision), (&defaults, 2));

    store.revoke_tokens(&ours).await.unwrap();
    let revoked = store.tenant(&ours).await.unwrap();
    assert_eq!((revoked.token_generation, revoked.revision), (1, 2));
    store.revoke_tokens(&other).await.unwrap();
    assert_eq!(store.tenant(&other).await.unwrap().token_generation, 1, "a tenant without an item");

    let hook = webhook(&other, salt, 3);
    store.create(&hook).await.unwrap();
    assert_eq!(store.tenant(&other).await.unwrap().token_generation, 1);
    assert_eq!(ids_from(store, &ours).await, [ours.clone(), other.clone()]);
    assert!(store.is_listed(&other).await.unwrap());

    assert!(store.remove(&other).await.unwrap());
    assert!(!store.is_listed(&other).await.unwrap());
    assert!(store.get(&other, hook.id).await.unwrap().is_none());
    let removed = store.tenant(&other).await.unwrap();
    assert_eq!((removed.token_generation, removed.revision), (2, 0), "its tokens stay revoked");
    assert_eq!(ids_from(store, &ours).await, std::slice::from_ref(&ours));
    assert_eq!(store.tenant(&ours).await.unwrap(), revoked);
}

/// The tenants of this check, read in pages of one: whole, and their ids alone.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn ids_from<S: TenantStore + TenantIds>(
    store: &S,
    first: &hooklane_domain::ids::TenantId,
) -> Vec<hooklane_domain::ids::TenantId> {
    let mark = first.as_str().rsplit('-').next().unwrap().to_owned();
    let is_ours = |id: &hooklane_domain::ids::TenantId| {
        id.as_str().starts_with("tenants-") && id.as_str().ends_with(&mark)
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.tenants(after.as_ref(), 1).await.unwrap();
        found.extend(page.tenants.into_iter().map(|tenant| tenant.id).filter(is_ours));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // Others come and go meanwhile, so only those of this check are compared.
    let mut alone = Vec::new();
    loop {
        let (ids, next) = store.tenant_ids(after.as_ref(), 1).await.unwrap();
        assert!(ids.len() <= 1);
        alone.extend(ids.into_iter().filter(is_ours));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(alone, found);
    found
}

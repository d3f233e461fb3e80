//! Lists of webhooks, and the removal of all of them.

use super::*;

/// A tenant with this many webhooks. Every third is switched off.
async fn with_webhooks(count: u128) -> (World, Tenant) {
    let world = World::new();
    let one = world.webhook().await;
    delete(
        (&world.registry, &world.ledger),
        &world.system,
        (&world.tenant, one.id),
        &Precondition::Any,
    )
    .await
    .unwrap();
    for n in 0..count {
        let state = if n % 3 == 0 { WebhookState::Inactive } else { WebhookState::Active };
        let id = WebhookId::new(one.created_at, n);
        assert!(world.registry.create(&Webhook { id, state, ..one.clone() }).await.unwrap());
    }
    let tenant = world.registry.inner.tenant(&world.tenant).await.unwrap();
    (world, tenant)
}

#[tokio::test]
async fn finding_04_a_page_opens_only_its_own_webhooks() {
    let (world, tenant) = with_webhooks(1_300).await;
    let list = async |filters: &Filters, after, place| {
        list(&world.registry, &tenant, filters, after, place).await.unwrap()
    };
    let number = |webhook: &Webhook| webhook.id.to_string();
    let id = |n: u128| WebhookId::new(world.system.now(), n).to_string();
    let inactive = Filters { active: Some(false), ..Filters::default() };
    for (filters, place, first, total) in [
        (&Filters::default(), (0, 20), Some(id(1_299)), 1_300),
        (&Filters::default(), (1_280, 100), Some(id(19)), 1_300),
        (&Filters::default(), (usize::MAX, 20), None, 1_300),
        (&inactive, (0, 20), Some(id(1_299)), 434),
        (&inactive, (430, 20), Some(id(9)), 434),
    ] {
        world.registry.opened.store(0, Ordering::SeqCst);
        let page = list(filters, None, place).await;
        assert_eq!(page.webhooks.first().map(number), first, "{place:?}");
        assert_eq!(page.total, total, "{place:?}");
        let opened = world.registry.opened.load(Ordering::SeqCst);
        assert_eq!(opened, page.webhooks.len());
        assert!(opened <= place.1);
    }
    assert!(world.registry.largest_page.load(Ordering::SeqCst) <= 500);
    let after = Some(WebhookId::new(world.system.now(), 30));
    for (filters, first, total) in [(&Filters::default(), 29, 1_300), (&inactive, 27, 434)] {
        let page = list(filters, after, (0, 5)).await;
        assert_eq!((page.webhooks.first().map(number), page.total), (Some(id(first)), total));
    }
}

#[tokio::test]
async fn suspected_removal_leaves_no_webhook_wherever_a_registration_falls() {
    for when in ["before", "between", "after"] {
        let world = World::new();
        let (registry, tenant) = (&world.registry.inner, &world.tenant);
        world.webhook().await;
        // The request is checked before the removal, and written at some time during it.
        let checked = world.registry.get(tenant, world.webhook().await.id).await.unwrap().unwrap();
        let late = Webhook { id: WebhookId::new(checked.created_at, 77), ..checked };
        let room = Room::of(&world.quotas, world.system.now());
        let register = async || world.registry.register(&late, room).await.unwrap();
        let tombstone = Tombstone { reusable_from: world.system.now(), emptied: false };
        let mut written = None;
        if when == "before" {
            written = Some(register().await);
        }
        registry.bury(tenant, tombstone).await.unwrap();
        if when == "between" {
            written = Some(register().await);
        }
        while !registry.clear(tenant).await.unwrap() {}
        if when == "after" {
            written = Some(register().await);
        }
        let refused = matches!(written, Some(Written::Refused(Refusal::Removed(_))));
        assert_eq!(refused, when != "before", "{when}");
        assert_eq!(world.count().await, 0, "{when}");
    }
}

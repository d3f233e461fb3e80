use hooklane_domain::Timestamp;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, WebhookState};

use super::*;
use crate::fakes::MemoryRegistry;
use crate::ports::TenantStore as _;

/// Every third of these webhooks is switched off.
async fn with_webhooks(count: u128) -> (MemoryRegistry, Tenant) {
    let (registry, now) = (MemoryRegistry::default(), Timestamp::from_second(0).unwrap());
    for n in 0..count {
        let webhook = Webhook::new(Essentials {
            id: WebhookId::new(now, n),
            tenant: "acme".parse().unwrap(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: now,
        });
        let state = if n % 3 == 0 { WebhookState::Inactive } else { WebhookState::Active };
        assert!(registry.create(&Webhook { state, ..webhook }).await.unwrap());
    }
    let tenant = registry.tenant(&"acme".parse().unwrap()).await.unwrap();
    (registry, tenant)
}

#[tokio::test]
async fn following_the_cursor_lists_every_webhook_once_and_ends_without_one() {
    let (registry, tenant) = with_webhooks(12).await;
    let all = Filters::default();
    let inactive = Filters { active: Some(false), ..Filters::default() };
    let nothing = Filters { event: None, status: Some(StateName::Paused), ..Filters::default() };
    for (filters, total) in [(&all, 12), (&inactive, 4), (&nothing, 0)] {
        for limit in [1, 2, 4, 5, 12, 100] {
            let (mut listed, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let page = list(&registry, &tenant, filters, after, (0, limit)).await.unwrap();
                listed.extend(page.webhooks.iter().map(|webhook| webhook.id));
                (after, pages) = (page.next, pages + 1);
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(listed.len(), total, "{limit}");
            assert!(listed.is_sorted_by(|one, next| one > next), "{limit}");
            assert_eq!(pages, total.div_ceil(limit).max(1), "no page more than needed: {limit}");
        }
    }
}

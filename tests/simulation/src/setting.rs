//! The tenant and the webhooks of every scenario.

use futures::FutureExt as _;
use hooklane_app::fakes::MemoryRegistry;
use hooklane_app::ports::WebhookStore as _;
use hooklane_contract::Contracts;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use crate::time::at;

pub(crate) struct Setting {
    pub(crate) tenant: TenantId,
    pub(crate) event_type: EventType,
    pub(crate) contracts: Contracts,
    /// By number; the last one's receiver is the dead one.
    pub(crate) webhooks: Vec<WebhookId>,
    pub(crate) registry: MemoryRegistry,
}

impl Setting {
    /// The healthy webhooks and the dead one. All follow the contract `prism`.
    pub(crate) fn of(healthy: u16) -> Self {
        #[expect(clippy::unwrap_used, reason = "constants")]
        let (tenant, event_type, contract, secret): (TenantId, EventType, _, _) = (
            "tenant".parse().unwrap(),
            "order.created".parse().unwrap(),
            "prism".parse().unwrap(),
            "a-signing-secret".parse().unwrap(),
        );
        #[expect(clippy::unwrap_used, reason = "a constant")]
        let url = TargetUrl::from_stored("https://example.com/hook").unwrap();
        let registry = MemoryRegistry::default();
        let webhooks = (0..=healthy).map(|number| WebhookId::new(at(0), number.into()));
        let webhooks: Vec<_> = webhooks.collect();
        for id in &webhooks {
            let webhook = Webhook::new(Essentials {
                id: *id,
                tenant: tenant.clone(),
                url: url.clone(),
                events: vec![Subscription::All],
                secret: Clone::clone(&secret),
                contract: Clone::clone(&contract),
                created_at: at(0),
            });
            // The fake answers at once, and nothing fails.
            let _ = registry.create(&webhook).now_or_never();
        }
        let contracts = hooklane_bundled_contracts::load();
        Self { tenant, event_type, contracts, webhooks, registry }
    }
}

//! A ledger with a clock, and deliveries in it.

use std::sync::Arc;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use jiff::SignedDuration;

use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};
use crate::figures::{Asking, look};
use crate::ports::{Clock as _, DeliveryStore as _, WebhookStore as _};

pub(super) struct World {
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) system: Arc<FakeSystem>,
    pub(super) tenant: TenantId,
    pub(super) began: Timestamp,
}

pub(super) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(super) fn answered(number: u32, at: Timestamp, status: u16, duration_ms: u32) -> Attempt {
    let outcome = Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    });
    let (request_headers, remarks) = (Vec::new(), Vec::new());
    Attempt {
        number,
        at,
        duration_ms,
        request_headers,
        outcome,
        remarks,
        measure: Measure::Unknown,
    }
}

pub(super) fn turn() -> Turn {
    Turn { generation: 0, owner: MessageId("m".to_owned()) }
}

impl World {
    pub(super) fn new() -> Self {
        let began = "2024-01-15T10:00:00Z".parse().unwrap();
        let system = Arc::new(FakeSystem::at(began));
        let ledger = Arc::new(MemoryLedger::default());
        ledger.watch(Arc::clone(&system));
        Self { ledger, system, tenant: "acme".parse().unwrap(), began }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.system.now()
    }

    pub(super) fn pass(&self, time: SignedDuration) {
        self.system.pass(time);
    }

    pub(super) fn asking(&self) -> Asking {
        Asking::at(self.now(), SignedDuration::from_hours(30 * 24))
    }

    pub(super) fn webhook(&self, n: u128) -> WebhookId {
        WebhookId::new(self.began, n)
    }

    pub(super) async fn register(&self, registry: &MemoryRegistry, n: u128) {
        let webhook = Webhook::new(Essentials {
            id: self.webhook(n),
            tenant: self.tenant.clone(),
            url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: self.began,
        });
        assert!(registry.create(&webhook).await.unwrap());
    }

    pub(super) fn fresh(&self, webhook: WebhookId, event: &str) -> Delivery {
        let id = DeliveryId::new(webhook, self.now(), event.parse().unwrap());
        Delivery::unwritten(id, self.tenant.clone(), "order.created".parse().unwrap())
    }

    /// Delivers an event at once.
    pub(super) async fn deliver(&self, webhook: WebhookId, event: &str) -> Delivery {
        self.succeed(self.fresh(webhook, event)).await
    }

    pub(super) async fn succeed(&self, delivery: Delivery) -> Delivery {
        let attempt = answered(delivery.next_number(), self.now(), 200, 40);
        self.save(delivery.after(&attempt, Next::Delivered, turn())).await
    }

    /// An event whose first attempt fails.
    pub(super) async fn fail(&self, webhook: WebhookId, event: &str) -> Delivery {
        let delivery = self.fresh(webhook, event);
        let attempt = answered(1, self.now(), 503, 90);
        let again = Next::RetryAt(self.now() + minutes(5));
        self.save(delivery.after(&attempt, again, turn())).await
    }

    async fn save(&self, delivery: Delivery) -> Delivery {
        self.ledger.save(&delivery).await.unwrap().written().unwrap()
    }

    pub(super) async fn look(&self, webhook: WebhookId, window: Window) -> Report {
        look(&*self.ledger, (&self.tenant, webhook), window, self.asking()).await.unwrap()
    }
}

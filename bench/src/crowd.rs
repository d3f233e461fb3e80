//! A tenant with many webhooks and deliveries, stored by the adapters as the functions store them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::ports::{
    DeliveryStore as _, EventIndexWriter as _, EventStore as _, WebhookStore as _, Written,
};
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::registry::Registry;
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Room;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, State, Turn};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use crate::clock::now_ms;
use crate::world::{LEDGER, REGISTRY, World};

/// The tenant.
pub const TENANT: &str = "crowd";
const TYPE: &str = "order.created";
/// The events were accepted in so many hours, evenly. The newest one is some minutes old.
const HOURS: i64 = 20;
/// One delivery in so many failed once and waits.
const FAILING: usize = 40;
const CONCURRENCY: usize = 64;

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub webhooks: usize,
    /// Each goes to every webhook.
    pub events: usize,
}

impl Size {
    #[must_use]
    pub const fn deliveries(self) -> usize {
        self.webhooks * self.events
    }
}

/// What pages are asked about.
#[derive(Debug, Clone)]
pub struct Crowd {
    pub webhook: String,
    pub event: String,
    /// One that waits for its second attempt.
    pub delivery: String,
}

/// The adapters of a world's tables.
pub struct Stores {
    pub ledger: Ledger,
    registry: Registry,
    /// What the ledger takes for the present, in milliseconds since 1970.
    now: Arc<AtomicI64>,
}

impl Stores {
    #[must_use]
    pub fn of(world: &World) -> Self {
        let config = world.client_config();
        let now = Arc::new(AtomicI64::new(now_ms()));
        let clock = Arc::clone(&now);
        let clock = move || {
            Timestamp::from_millisecond(clock.load(Ordering::Relaxed))
                .unwrap_or(Timestamp::UNIX_EPOCH)
        };
        let ledger = Ledger::new(&config, LEDGER.to_owned(), Retention::days(30)).by(clock);
        let vault = Vault::new(Secret::new(&config, "data-key".to_owned()));
        let registry = Registry::new(&config, REGISTRY.to_owned(), vault);
        Self { ledger, registry, now }
    }

    /// Sets the present.
    pub fn at(&self, ms: i64) {
        self.now.store(ms, Ordering::Relaxed);
    }

    /// A webhook for everything.
    pub async fn webhook(
        &self,
        tenant: &TenantId,
        n: u128,
        created_ms: i64,
    ) -> anyhow::Result<WebhookId> {
        let created_at = Timestamp::from_millisecond(created_ms)?;
        let webhook = Webhook::new(Essentials {
            id: WebhookId::new(created_at, n),
            tenant: tenant.clone(),
            url: TargetUrl::from_stored("https://example.com/hook").context("the URL")?,
            events: vec!["*".parse()?],
            secret: "a-signing-secret".parse()?,
            contract: "standard".parse()?,
            created_at,
        });
        let room = Room { webhooks: 100_000, expression_cost: 0, now: created_at };
        if self.registry.register(&webhook, room).await? != Written::Yes {
            bail!("the webhook {} is there already", webhook.id);
        }
        Ok(webhook.id)
    }

    /// A delivery of the event with this id whose first attempt was answered with this status within a second.
    pub async fn deliver(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        (event, accepted_ms): (&str, i64),
        status: u16,
    ) -> anyhow::Result<Delivery> {
        let at = Timestamp::from_millisecond(accepted_ms)?;
        let id = DeliveryId::new(webhook, at, event.parse()?);
        let new = Delivery::unwritten(id, tenant.clone(), TYPE.parse()?);
        let response = Response {
            status,
            status_text: String::new(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: "{\"received\":true}".to_owned(),
        };
        let request_headers =
            ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"];
        let request_headers = request_headers.map(|name| (name.to_owned(), "v".repeat(48)));
        let attempt = Attempt {
            number: 1,
            at,
            duration_ms: 40,
            request_headers: request_headers.to_vec(),
            outcome: Outcome::Answered(response),
            remarks: Vec::new(),
            measure: Measure::Body(400),
        };
        let next = match attempt.outcome.is_success() {
            true => Next::Delivered,
            false => Next::RetryAt(Timestamp::from_millisecond(now_ms() + 3_600_000)?),
        };
        if !attempt.outcome.is_success() {
            self.ledger.keep_attempt(&new, &attempt).await?;
        }
        let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
        let saved = self.ledger.save(&new.after(&attempt, next, turn)).await?;
        saved.written().context("the delivery is there already")
    }

    /// An event and its place in the index.
    pub async fn event(&self, tenant: &TenantId, id: &str, accepted_ms: i64) -> anyhow::Result<()> {
        let content = Content {
            event_type: TYPE.parse()?,
            data: RawJson::parse(&data_of(id))?,
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        let event = Event {
            id: id.parse()?,
            tenant: tenant.clone(),
            content,
            accepted_at: Timestamp::from_millisecond(accepted_ms)?,
            value: None,
        };
        self.ledger.put(&event).await?;
        self.index(tenant, &[(id.to_owned(), accepted_ms)]).await
    }

    /// The places of events in the index, which one batch of the stream brought.
    pub async fn index(&self, tenant: &TenantId, events: &[(String, i64)]) -> anyhow::Result<()> {
        let entry = |(id, accepted_ms): &(String, i64)| {
            anyhow::Ok(Entry {
                accepted_at: Timestamp::from_millisecond(*accepted_ms)?,
                id: id.parse()?,
                event_type: TYPE.parse()?,
                test: false,
                bytes: u32::try_from(data_of(id).len()).ok(),
                value: None,
            })
        };
        let entries = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let now = Timestamp::from_millisecond(self.now.load(Ordering::Relaxed))?;
        for chunk in Chunk::of_events(entries) {
            self.ledger.keep(tenant, &chunk, now).await?;
        }
        Ok(())
    }
}

fn data_of(id: &str) -> String {
    format!("{{\"orderId\":\"{id}\",\"note\":\"{}\"}}", "x".repeat(400))
}

/// Stores a tenant of this size.
pub async fn gather(stores: &Stores, size: Size) -> anyhow::Result<Crowd> {
    let tenant: TenantId = TENANT.parse()?;
    let present = now_ms();
    let create = |n: usize| stores.webhook(&tenant, n as u128, present - 72 * 3_600_000);
    let webhooks: Vec<WebhookId> = futures::stream::iter(0..size.webhooks)
        .map(create)
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let apart = HOURS * 3_600_000 / i64::try_from(size.events)?;
    let mut last = None;
    for n in 0..size.events {
        let id = format!("evt-{n:04}");
        let accepted_ms = present - 5 * 60_000 - apart * i64::try_from(size.events - 1 - n)?;
        stores.at(accepted_ms + 1_000);
        stores.event(&tenant, &id, accepted_ms).await?;
        let deliver = |(w, webhook): (usize, &WebhookId)| {
            let status = if (w + n).is_multiple_of(FAILING) { 503 } else { 200 };
            stores.deliver(&tenant, *webhook, (&id, accepted_ms), status)
        };
        // Owned, because the stream's future must hold for every lifetime.
        let each: Vec<_> = webhooks.iter().enumerate().map(deliver).collect();
        let saved: Vec<Delivery> =
            futures::stream::iter(each).buffered(CONCURRENCY).try_collect().await?;
        let waits = saved.into_iter().find(|saved| matches!(saved.state, State::Waiting { .. }));
        if let Some(waits) = waits {
            last = Some((id, waits.id));
        }
    }
    let (event, delivery) = last.context("no delivery waits")?;
    let (webhook, delivery) = (delivery.webhook().to_string(), delivery.to_string());
    Ok(Crowd { webhook, event, delivery })
}

//! A queue full of deliveries, and nothing else: for figures of how long they take and what they cost.

use futures::future::join_all;
use hooklane_app::payload;
use hooklane_app::ports::DispatchQueue as _;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::event::{DefaultTenant, from_body};
use hooklane_domain::ids::DeliveryId;
use jiff::SignedDuration;
use serde_json::json;

use super::fault_rates::FaultRates;
use super::journal::Published;
use super::limits::Units;
use super::pipeline::Pipeline;

/// Virtual time between two steps in which there is work.
const STEP: SignedDuration = SignedDuration::from_millis(100);
/// Far more virtual time than a load takes.
const MAX_VIRTUAL_TIME: SignedDuration = SignedDuration::from_hours(6);

/// What a load cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) deliveries: usize,
    /// Requests that the receivers read. All were accepted.
    pub(crate) posts: usize,
    /// Until the last delivery had ended, in virtual seconds.
    pub(crate) seconds: i64,
    /// Writes that were throttled, because a key had no unit left.
    pub(crate) throttled: u64,
}

/// Deliveries that are due now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) deliveries: usize,
    /// The number of webhooks that share them.
    pub(crate) webhooks: usize,
    /// Messages that all instances together work on at once.
    pub(crate) at_once: usize,
    pub(crate) rates: FaultRates,
    pub(crate) units: Units,
}

impl Load {
    /// Makes all of the deliveries. Their receivers accept everything.
    pub(crate) async fn run(self, seed: u64) -> Cost {
        let mut pipeline = Pipeline::with(seed, (self.rates, self.units)).await;
        pipeline.received_at_once = self.at_once;
        pipeline.fill(self).await;
        let seconds = pipeline.drain().await;
        let entries = pipeline.environment.journal.entries();
        let posts = entries.deliveries.values().map(|record| record.posts.len()).sum();
        let throttled = entries.counts().get("over the write units of a key").copied();
        let throttled = throttled.unwrap_or(0);
        Cost { deliveries: self.deliveries, posts, seconds, throttled }
    }
}

impl Pipeline {
    /// Puts the messages into the delivery queue that `fanout` would send.
    async fn fill(&self, load: Load) {
        // Those without a rate limit.
        let webhooks = &self.webhooks[..load.webhooks];
        let now = self.environment.now();
        let mut messages = Vec::new();
        for number in 0..load.deliveries {
            let webhook = &webhooks[number % load.webhooks];
            let tenant = webhook.tenant.clone();
            let data = json!({ "tenant": tenant.as_str(), "n": number });
            let id = format!("e{number}");
            let body = json!({ "id": id, "type": "order.created", "data": data }).to_string();
            let new = from_body(&body, &DefaultTenant::Is(tenant.clone())).unwrap();
            let event: Event = new.accept(now, || unreachable!("it has an id"));
            let published = Published {
                event_type: "order.created".to_owned(),
                data: data.to_string(),
                accepted: true,
            };
            let key = (tenant.clone(), event.id.clone());
            self.environment.journal.entries().published.insert(key, published);
            messages.push(Message::Deliver(Deliver {
                tenant,
                delivery: DeliveryId::new(webhook.id, event.accepted_at, event.id.clone()),
                event_type: event.content.event_type.clone(),
                generation: 0,
                payload: payload::pack(&event.content),
            }));
        }
        self.environment.queues.dispatch(Lane::Fast, &messages).await.unwrap();
    }

    /// Runs `delivery` until both queues are empty. Returns how many virtual seconds that took.
    async fn drain(&mut self) -> i64 {
        loop {
            let mut works = self.deliver_some(Lane::Fast);
            works.extend(self.deliver_some(Lane::Slow));
            let worked = !works.is_empty();
            let this = &*self;
            let results = join_all(works.into_iter().map(|work| this.perform(work))).await;
            for (work, result) in results {
                self.settle(work, result);
            }
            let now = self.environment.now();
            let took = now.duration_since(self.began_at);
            let Some(next) = self.environment.queues.next_visible() else {
                assert_eq!(self.environment.journal.entries().unfinished(), Vec::<&_>::new());
                return took.as_secs();
            };
            assert!(took < MAX_VIRTUAL_TIME, "the load does not end");
            let until_next = next.duration_since(now);
            self.environment.advance(if worked { STEP } else { until_next.max(STEP) });
        }
    }
}

//! Why an event reached a webhook of its tenant, or did not.

use std::collections::BTreeMap;
use std::sync::Arc;

use hooklane_domain::Timestamp;
use hooklane_domain::event::Event;
use hooklane_domain::explanation::{
    Explanation, Facts, FilterAnswer, Found, Subject, Verdict, asks_filter, explain,
};
use hooklane_domain::expression::Budget;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::health::Health;
use hooklane_domain::webhook::Webhook;

use super::{EventDetail, MAX_EXPLAINED, ReadDelivery, event_page};
use crate::evaluation::judge_within;
use crate::outlook::{Outlook, standing};
use crate::ports::{DeliveryStore, EventStore, HealthStore, Unavailable, WebhookStore};

/// An event with its deliveries, and what became of it at each webhook.
#[derive(Debug)]
pub struct ExplainedEvent {
    pub detail: EventDetail,
    pub outlook: Outlook,
    /// In the order of the webhooks, newest first.
    pub webhooks: Vec<ExplainedWebhook>,
}

#[derive(Debug)]
pub struct ExplainedWebhook {
    pub id: WebhookId,
    /// As it is now; `None` if it cannot be read back.
    pub webhook: Option<Webhook>,
    /// Whether there is a delivery under the id that the event and the webhook give.
    pub delivery: Option<DeliveryId>,
    /// Whether its filter was evaluated for this explanation.
    pub evaluated: bool,
    pub explanation: Explanation,
}

/// An event in detail, with the explanation for each of the webhooks that follow `after`; or `None` if the
/// tenant has no such event. Filters are evaluated with the budget that `fanout` has for one event.
pub async fn explain_event<L: EventStore + DeliveryStore>(
    registry: &(impl WebhookStore + HealthStore),
    ledger: &L,
    (tenant, tenant_paused, after): (&TenantId, bool, Option<WebhookId>),
    id: &EventId,
    now: Timestamp,
) -> Result<Option<ExplainedEvent>, Unavailable> {
    let page = event_page(registry, ledger, (tenant, after), id, MAX_EXPLAINED).await?;
    let Some(page) = page else { return Ok(None) };
    let ids: Vec<_> = page.reads.iter().map(|read| read.id.webhook()).collect();
    let known = Known::read(registry, (tenant, tenant_paused), &ids).await?;
    let subject = Subject::of(&page.event);
    let facts = page.reads.iter().filter_map(|read| known.facts(read));
    let asked = facts.filter(|facts| asks_filter(&subject, facts));
    let mut answers = filter_answers(&page.event, asked).await;
    let mut webhooks = Vec::with_capacity(ids.len());
    for read in &page.reads {
        let id = read.id.webhook();
        let answer = answers.remove(&id);
        let facts = known.facts(read);
        webhooks.push(ExplainedWebhook {
            id,
            explanation: facts
                .as_ref()
                .map_or(UNREADABLE, |facts| explain(&subject, facts, answer, now)),
            webhook: facts.map(|facts| facts.webhook.clone()),
            delivery: (!matches!(read.found, Ok(None))).then(|| read.id.clone()),
            evaluated: answer.is_some_and(|answer| answer != FilterAnswer::OverBudget),
        });
    }
    let outlook = known.outlook(now);
    Ok(Some(ExplainedEvent { detail: page.into_detail(), outlook, webhooks }))
}

/// The webhooks as they are now.
struct Known {
    webhooks: BTreeMap<WebhookId, (Webhook, Health)>,
    tenant_paused: bool,
}

impl Known {
    async fn read(
        registry: &(impl WebhookStore + HealthStore),
        (tenant, tenant_paused): (&TenantId, bool),
        ids: &[WebhookId],
    ) -> Result<Self, Unavailable> {
        let webhooks = registry.some(tenant, ids).await?;
        let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
        let healths = registry.healths(&ids).await?;
        let webhooks = ids.into_iter().zip(webhooks.into_iter().zip(healths)).collect();
        Ok(Self { webhooks, tenant_paused })
    }

    fn facts<'a>(&'a self, read: &'a ReadDelivery) -> Option<Facts<'a>> {
        let (webhook, health) = self.webhooks.get(&read.id.webhook())?;
        let delivery = match &read.found {
            Ok(Some(delivery)) => Found::Delivery(delivery),
            Ok(None) => Found::Nothing,
            Err(_) => Found::Unreadable,
        };
        let standing = standing(webhook, health, self.tenant_paused);
        Some(Facts { webhook, delivery, standing, skipped: health.skipped })
    }

    fn outlook(&self, now: Timestamp) -> Outlook {
        let standings = self
            .webhooks
            .iter()
            .map(|(id, (webhook, health))| (*id, standing(webhook, health, self.tenant_paused)));
        Outlook::new(now, standings)
    }
}

/// The explanation of a webhook that cannot be read back.
const UNREADABLE: Explanation = Explanation { verdict: Verdict::Unreadable, changed_since: false };

/// What the filters of these webhooks say of the event now.
async fn filter_answers(
    event: &Event,
    asked: impl Iterator<Item = Facts<'_>>,
) -> BTreeMap<WebhookId, FilterAnswer> {
    let (ids, filters): (Vec<_>, Vec<_>) =
        asked.map(|facts| (facts.webhook.id, facts.webhook.filter.clone())).unzip();
    let answers = judge_within(&Arc::new(Budget::of_event()), event, filters).await;
    ids.into_iter().zip(answers).collect()
}

#[cfg(test)]
mod tests;

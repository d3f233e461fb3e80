//! What `fanout` reads of a tenant's webhooks. It asks for no secret.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::BoxStream;
use hooklane_app::ports::{Outline, OutlinePage, RoutePage, RouteStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::expression::Filter;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::{Metadata, Route, WebhookState};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{RouteRegistry, VERSION, WEBHOOK_PREFIX, partition, tenant_key, webhook_key};
use crate::failure::{corrupt, unreadable};
use crate::table::{self, Item, Key, from_item, string, text};

#[derive(Deserialize)]
struct RouteItem {
    id: WebhookId,
    events: Vec<Subscription>,
    #[serde(default)]
    filter: Option<String>,
    /// That there is one is all that counts here, in whatever form.
    #[serde(default)]
    transform: Option<IgnoredAny>,
    test_mode: bool,
    #[serde(default)]
    slow: bool,
    created_at: Timestamp,
}

/// The part of the tenant item that routes depend on.
#[derive(Default, Deserialize)]
struct TenantState {
    #[serde(default)]
    tombstone: Option<Tombstone>,
}

#[derive(Deserialize)]
struct OutlineItem {
    sk: String,
    state: WebhookState,
    events: Vec<Subscription>,
    #[serde(default)]
    metadata: Metadata,
}

impl RouteStore for RouteRegistry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        let item = self.table.get_together(&tenant_key(tenant)).await?.unwrap_or_default();
        Ok(item.get(VERSION).map_or(0, |version| match version {
            AttributeValue::N(digits) => digits.parse().unwrap_or(0),
            _ => 0,
        }))
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        // Its webhooks are deleted, or being deleted.
        if after.is_none() && self.is_removed(tenant).await? {
            return Ok(RoutePage::default());
        }
        let names = "sk, id, events, #filter, #transform, test_mode, #state, slow, created_at";
        let start = after.map(|sk| Key { pk: partition(tenant), sk: sk.to_owned() }.attributes());
        let query = self.webhooks_query(tenant, Some(names)).set_exclusive_start_key(start);
        let read = self.table.page(query).await?;
        let mut page =
            RoutePage { next: read.next.and_then(|key| text(&key, "sk")), ..Default::default() };
        for item in read.items {
            let key = text(&item, "sk").unwrap_or_default();
            let read =
                is_subscribed(&item).and_then(|subscribed| Ok((subscribed, from_item(item)?)));
            let (subscribed, item): (bool, RouteItem) = match read {
                Ok(read) => read,
                Err(error) => {
                    let id = key.trim_start_matches(WEBHOOK_PREFIX);
                    page.unreadable.push(format!("{id}: {}", error.chain()));
                    continue;
                }
            };
            if subscribed {
                page.routes.push(Route {
                    webhook: item.id,
                    events: item.events,
                    filter: item.filter.map(Filter::from_stored),
                    transforms: item.transform.is_some(),
                    test_mode: item.test_mode,
                    lane: if item.slow { Lane::Slow } else { Lane::Fast },
                    created_at: item.created_at,
                });
            }
        }
        Ok(page)
    }
}

/// Whether the webhook of an item gets deliveries. One in a state that this version does not know does:
/// its deliveries wait for a version that knows it.
fn is_subscribed(item: &Item) -> Result<bool, Unavailable> {
    let what = "a stored WH item";
    let state = item.get("state").cloned().ok_or_else(|| corrupt(what, "it has no state"))?;
    match serde_dynamo::from_attribute_value::<_, WebhookState>(state) {
        Ok(state) => Ok(state.is_subscribed()),
        Err(why) => match unreadable(what, &why) {
            newer if newer.is_newer() => Ok(true),
            corrupt => Err(corrupt),
        },
    }
}

impl RouteRegistry {
    async fn is_removed(&self, tenant: &TenantId) -> Result<bool, Unavailable> {
        let state: TenantState = self.table.get(&tenant_key(tenant)).await?.unwrap_or_default();
        Ok(state.tombstone.is_some())
    }

    pub(super) async fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<OutlinePage, Unavailable> {
        let query = self
            .table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(partition(tenant)))
            .expression_attribute_values(":prefix", string(WEBHOOK_PREFIX))
            .projection_expression("sk, #state, events, #metadata")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#metadata", "metadata")
            .scan_index_forward(false)
            .limit(table::limit(limit))
            .set_exclusive_start_key(after.map(|id| webhook_key(tenant, id).attributes()));
        let page = self.table.page(query).await?;
        let id = |sk: &str| sk.strip_prefix(WEBHOOK_PREFIX)?.parse::<WebhookId>().ok();
        let next = page.next.as_ref().map(|key| {
            let sk = text(key, "sk").unwrap_or_default();
            id(&sk).ok_or_else(|| corrupt("a list of webhooks", "a key has no webhook id"))
        });
        let mut outlines = Vec::new();
        for item in page.items {
            let sk = text(&item, "sk");
            match from_item::<OutlineItem>(item).ok().and_then(|item| {
                let OutlineItem { sk, state, events, metadata } = item;
                Some(Outline { id: id(&sk)?, state, events, metadata })
            }) {
                Some(outline) => outlines.push(outline),
                None => tracing::error!(webhook.id = sk, "webhook.left_out"),
            }
        }
        Ok(OutlinePage { outlines, next: next.transpose()? })
    }

    /// The ids of webhooks, whatever else their items hold.
    pub(super) async fn ids(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        let query = self
            .table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(partition(tenant)))
            .expression_attribute_values(":prefix", string(WEBHOOK_PREFIX))
            .projection_expression("sk")
            .scan_index_forward(false)
            .limit(table::limit(limit))
            .set_exclusive_start_key(after.map(|id| webhook_key(tenant, id).attributes()));
        let items = self.table.page(query).await?.items;
        let id = |item: &Item| text(item, "sk")?.strip_prefix(WEBHOOK_PREFIX)?.parse().ok();
        let ids = items.iter().map(|item| {
            id(item).ok_or_else(|| corrupt("a list of webhooks", "a key has no webhook id"))
        });
        ids.collect()
    }

    /// Every webhook item of a tenant, newest first, read consistently.
    pub(super) fn webhook_items(
        &self,
        tenant: &TenantId,
        projection: Option<&str>,
    ) -> BoxStream<'static, Result<Item, Unavailable>> {
        self.table.stream(self.webhooks_query(tenant, projection))
    }

    fn webhooks_query(&self, tenant: &TenantId, projection: Option<&str>) -> QueryFluentBuilder {
        let query = self
            .table
            .query("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", string(partition(tenant)))
            .expression_attribute_values(":prefix", string(WEBHOOK_PREFIX))
            .scan_index_forward(false);
        match projection {
            // These are reserved words.
            Some(projection) => {
                let query = query.projection_expression(projection);
                let reserved =
                    [("#state", "state"), ("#filter", "filter"), ("#transform", "transform")];
                // DynamoDB refuses a placeholder that is not used.
                reserved
                    .into_iter()
                    .filter(|(placeholder, _)| projection.contains(placeholder))
                    .fold(query, |query, (placeholder, name)| {
                        query.expression_attribute_names(placeholder, name)
                    })
            }
            None => query,
        }
    }
}

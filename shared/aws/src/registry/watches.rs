//! The watch list: one partition, in order of webhook ids.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use hooklane_app::ports::{Look, Sweep, Unavailable, Watch, WatchList};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::{Registry, WATCHED, watch_key};
use crate::table::{self, Rewrite, Write, from_item, number, string, text, to_item, value};

#[derive(Deserialize)]
struct WatchItem {
    sk: WebhookId,
    tenant: TenantId,
    marked: Timestamp,
    due: Timestamp,
    sweep: SweepItem,
    #[serde(default)]
    parked: i64,
    /// Absent unless it was put off.
    #[serde(default)]
    apart: bool,
}

#[derive(Serialize, Deserialize)]
struct SweepItem {
    due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<DeliveryId>,
    pending: bool,
}

impl SweepItem {
    fn of(sweep: &Sweep) -> Self {
        Self { due: sweep.due_at, after: sweep.after.clone(), pending: sweep.pending }
    }
}

/// What a look writes.
#[derive(Serialize, Deserialize)]
struct Looked {
    due: Timestamp,
    sweep: SweepItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apart: Option<bool>,
}

impl WatchList for Registry {
    async fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let mark = mark(tenant, webhook, parked, now)?;
        let written = self.table.write_returning(mark, ReturnValue::AllNew).await?;
        let written: WatchItem = from_item(written.unwrap_or_default())?;
        Ok(u64::try_from(written.parked).unwrap_or(0))
    }

    async fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<Watch>, Unavailable> {
        let mut watches = Vec::new();
        let mut start = after.map(|id| watch_key(id).attributes());
        loop {
            let query = self
                .table
                .query("pk = :pk")
                .expression_attribute_values(":pk", string(WATCHED))
                .limit(table::limit(limit))
                .set_exclusive_start_key(start);
            let page = self.table.page(query).await?;
            for item in page.items {
                let webhook = text(&item, "sk");
                match from_item::<WatchItem>(item) {
                    Ok(watch) => watches.push(Watch::from(watch)),
                    Err(_) => tracing::error!(webhook.id = webhook, "watch.left_out"),
                }
            }
            start = page.next;
            if watches.len() >= limit || start.is_none() {
                watches.truncate(limit);
                return Ok(watches);
            }
        }
    }

    async fn looked(&self, seen: &Watch, next: Look, released: u64) -> Result<(), Unavailable> {
        let fewer = number(-i64::try_from(released).unwrap_or(i64::MAX));
        let key = watch_key(seen.webhook);
        let Look { due_at, sweep, apart } = next;
        let looked =
            Looked { due: due_at, sweep: SweepItem::of(&sweep), apart: apart.then_some(true) };
        let looked = Rewrite::of::<Looked>(to_item(&key, &looked)?)
            .map::<SweepItem>("sweep")
            .add("parked", fewer.clone())
            .write()
            .if_holds("marked = :seen")
            .value(":seen", string(seen.marked_at));
        if self.table.write(looked).await? {
            return Ok(());
        }
        // It was marked again, so the next look stays due. Or it is off the list and stays off.
        let how = if apart { "SET apart = :apart" } else { "REMOVE apart" };
        let how = Write::update(&key, &format!("{how} ADD parked :fewer")).value(":fewer", fewer);
        let how = if apart { how.value(":apart", AttributeValue::Bool(true)) } else { how };
        self.table.write(how.if_present()).await.map(drop)
    }

    async fn unwatch(&self, seen: &Watch) -> Result<bool, Unavailable> {
        let delete = Write::delete(&watch_key(seen.webhook))
            .if_holds("marked = :seen")
            .value(":seen", string(seen.marked_at));
        self.table.write(delete).await
    }
}

impl From<WatchItem> for Watch {
    fn from(item: WatchItem) -> Self {
        let sweep =
            Sweep { due_at: item.sweep.due, after: item.sweep.after, pending: item.sweep.pending };
        Self {
            tenant: item.tenant,
            webhook: item.sk,
            marked_at: item.marked,
            look: Look { due_at: item.due, sweep, apart: item.apart },
            parked: u64::try_from(item.parked).unwrap_or(0),
        }
    }
}

/// The write that puts a webhook on the watch list and makes it due. A sweep that has begun goes on.
pub(super) fn mark(
    tenant: &TenantId,
    webhook: WebhookId,
    parked: u32,
    now: Timestamp,
) -> Result<Write, Unavailable> {
    let new = Watch::new(tenant.clone(), webhook, now);
    let update = "SET tenant = :tenant, marked = :now, due = :now, \
                  sweep = if_not_exists(sweep, :sweep) ADD parked :parked";
    Ok(Write::update(&watch_key(webhook), update)
        .value(":tenant", string(tenant))
        .value(":now", string(now))
        .value(":sweep", value("a sweep", SweepItem::of(&new.look.sweep))?)
        .value(":parked", number(parked)))
}

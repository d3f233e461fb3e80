//! The requests that test inboxes keep. Each has one of a hundred slots, so that a further one writes over the
//! oldest, and nothing has to be trimmed. How many were taken is in an item of its own.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_app::conflict::{MAX_TRIES, decide_anew};
use hooklane_app::ports::{InboxLog, RequestPage, Unavailable, newer};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::inbox::{
    Admission, Flow, KEPT, KEPT_FOR, KeptRequest, RequestNumber, SecretAge, Verdict,
};
use serde::{Deserialize, Serialize};

use super::{Ledger, keys, time};
use crate::failure::corrupt;
use crate::table::{Item, Key, Write, binary, from_item, number, to_item};

/// The counts are kept for this many seconds after the newest request, longer than any request.
const FLOW_KEPT: i64 = 30 * 86_400;
/// Deletions that are made at the same time.
const AT_ONCE: usize = 10;

/// The counts of an inbox.
#[derive(Default, Deserialize)]
struct FlowItem {
    /// Requests ever taken.
    #[serde(default)]
    n: u64,
    /// Those that were cleared.
    #[serde(default)]
    c: u64,
    /// Minute and day of the newest, and the requests in them.
    #[serde(default)]
    m: i64,
    #[serde(default)]
    i: u32,
    #[serde(default)]
    d: i64,
    #[serde(default)]
    j: u32,
}

impl FlowItem {
    fn flow(&self) -> Flow {
        Flow {
            taken: self.n,
            cleared: self.c,
            minute: self.m,
            in_minute: self.i,
            day: self.d,
            in_day: self.j,
        }
    }
}

/// A request. Its body is the attribute `b`.
#[derive(Serialize, Deserialize)]
struct RequestItem {
    /// Tenant.
    t: TenantId,
    /// Number.
    n: u64,
    /// When it arrived, in milliseconds.
    a: i64,
    /// Method.
    m: String,
    /// Headers, and whether some were left out.
    #[serde(default)]
    h: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    i: bool,
    /// Bytes of the whole body.
    z: u64,
    /// What its signature says, by name; the webhook that it says so of; by how many seconds it is stale.
    v: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w: Option<WebhookId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    o: Option<i64>,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

const VERIFIED: &str = "verified";
const BY_PREVIOUS: &str = "previous";
const STALE: &str = "stale";
const WRONG: &str = "wrong";
const UNSIGNED: &str = "unsigned";
const NO_WEBHOOK: &str = "no-webhook";

impl RequestItem {
    fn of(tenant: &TenantId, request: &KeptRequest) -> Self {
        let (v, w, o) = match request.verdict {
            Verdict::Verified { webhook, secret: SecretAge::Current } => {
                (VERIFIED, Some(webhook), None)
            }
            Verdict::Verified { webhook, secret: SecretAge::Previous } => {
                (BY_PREVIOUS, Some(webhook), None)
            }
            Verdict::Stale { webhook, seconds } => (STALE, Some(webhook), Some(seconds)),
            Verdict::WrongSignature => (WRONG, None, None),
            Verdict::NotSigned => (UNSIGNED, None, None),
            Verdict::NoWebhook => (NO_WEBHOOK, None, None),
        };
        Self {
            t: tenant.clone(),
            n: request.number.0,
            a: request.at.as_millisecond(),
            m: request.method.clone(),
            h: request.headers.clone(),
            i: request.headers_cut,
            z: request.size,
            v: v.to_owned(),
            w,
            o,
            expires_at: request.at.as_second() + KEPT_FOR.as_secs(),
        }
    }

    fn verdict(&self) -> Result<Verdict, Unavailable> {
        Ok(match (self.v.as_str(), self.w) {
            (VERIFIED, Some(webhook)) => Verdict::Verified { webhook, secret: SecretAge::Current },
            (BY_PREVIOUS, Some(webhook)) => {
                Verdict::Verified { webhook, secret: SecretAge::Previous }
            }
            (STALE, Some(webhook)) => Verdict::Stale { webhook, seconds: self.o.unwrap_or(0) },
            (WRONG, _) => Verdict::WrongSignature,
            (UNSIGNED, _) => Verdict::NotSigned,
            (NO_WEBHOOK, _) => Verdict::NoWebhook,
            (VERIFIED | BY_PREVIOUS | STALE, None) => {
                return Err(corrupt("a request of an inbox", "it names no webhook"));
            }
            (other, _) => return Err(newer("a request of an inbox", format!("verdict {other}"))),
        })
    }
}

/// The number of the request in an item.
fn number_in(item: &Item) -> Option<u64> {
    item.get("n")?.as_n().ok()?.parse().ok()
}

fn read(tenant: &TenantId, mut item: Item) -> Result<KeptRequest, Unavailable> {
    let body = match item.remove("b") {
        None => Vec::new(),
        Some(AttributeValue::B(bytes)) => bytes.into_inner(),
        Some(_) => return Err(corrupt("a request of an inbox", "its body is no bytes")),
    };
    let item: RequestItem = from_item(item)?;
    if item.t != *tenant {
        return Err(corrupt("a request of an inbox", "it belongs to another tenant"));
    }
    Ok(KeptRequest {
        number: RequestNumber(item.n),
        at: time(item.a)?,
        verdict: item.verdict()?,
        method: item.m,
        headers: item.h,
        headers_cut: item.i,
        body,
        size: item.z,
    })
}

/// The request in an item, or `None` if it cannot be read back: it must not hide the others.
fn for_list(tenant: &TenantId, item: Item) -> Option<KeptRequest> {
    read(tenant, item).map_err(|error| error.log("inbox_request.unreadable")).ok()
}

impl Ledger {
    async fn flow(&self, tenant: &TenantId) -> Result<Flow, Unavailable> {
        let item = self.table.get::<FlowItem>(&keys::inbox_counts(tenant)).await?;
        Ok(item.unwrap_or_default().flow())
    }

    /// Those of these requests that are still kept, in the order of their numbers.
    async fn requests(
        &self,
        tenant: &TenantId,
        numbers: &[u64],
        now: Timestamp,
    ) -> Result<Vec<KeptRequest>, Unavailable> {
        let slots: Vec<Key> =
            numbers.iter().map(|n| keys::inbox_request(tenant, RequestNumber(*n))).collect();
        let items = self.table.get_all(&slots).await?;
        // A slot may have a request that another one has pushed out, but that could not be kept.
        let there =
            items.into_iter().filter(|item| number_in(item).is_some_and(|n| numbers.contains(&n)));
        let mut requests: Vec<_> = there.filter_map(|item| for_list(tenant, item)).collect();
        requests.retain(|one| one.at.saturating_add(KEPT_FOR).is_ok_and(|end| now < end));
        requests.sort_by_key(|request| std::cmp::Reverse(request.number));
        Ok(requests)
    }
}

impl InboxLog for Ledger {
    async fn admit_request(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        let key = keys::inbox_counts(tenant);
        let admitted = decide_anew(MAX_TRIES, || async {
            let seen = self.flow(tenant).await?;
            let admission = seen.admit(now);
            let Admission::Taken(_, flow) = admission else { return Ok(Some(admission)) };
            let count = "SET n = :n, m = :m, i = :i, d = :d, j = :j, expiresAt = :end";
            let write = Write::update(&key, count)
                .value(":n", number(flow.taken))
                .value(":m", number(flow.minute))
                .value(":i", number(flow.in_minute))
                .value(":d", number(flow.day))
                .value(":j", number(flow.in_day))
                .value(":end", number(now.as_second() + FLOW_KEPT))
                .if_revision("n", seen.taken);
            Ok(self.table.write(write).await?.then_some(admission))
        });
        // So many at once are too many. That is the sender's doing and no fault of Hooklane.
        Ok(admitted.await?.unwrap_or(Admission::Refused { seconds: 1 }))
    }

    async fn keep_request(
        &self,
        tenant: &TenantId,
        request: &KeptRequest,
    ) -> Result<(), Unavailable> {
        let key = keys::inbox_request(tenant, request.number);
        let mut item = to_item(&key, &RequestItem::of(tenant, request))?;
        if !request.body.is_empty() {
            item.insert("b".to_owned(), binary(request.body.clone()));
        }
        self.table.put(item).await
    }

    async fn kept_requests(
        &self,
        tenant: &TenantId,
        before: Option<RequestNumber>,
        limit: usize,
        now: Timestamp,
    ) -> Result<RequestPage, Unavailable> {
        let numbers = self.flow(tenant).await?.numbers().rev();
        let numbers: Vec<_> = numbers
            .filter(|number| before.is_none_or(|RequestNumber(end)| *number < end))
            .collect();
        let mut page = RequestPage::default();
        // One more than asked for tells whether there is a next page.
        for some in numbers.chunks(limit.saturating_add(1).min(100)) {
            page.requests.extend(self.requests(tenant, some, now).await?);
            if page.requests.len() > limit {
                page.requests.truncate(limit);
                page.next = page.requests.last().map(|request| request.number);
                break;
            }
        }
        Ok(page)
    }

    async fn kept_request(
        &self,
        tenant: &TenantId,
        number: RequestNumber,
        now: Timestamp,
    ) -> Result<Option<KeptRequest>, Unavailable> {
        if !self.flow(tenant).await?.numbers().contains(&number.0) {
            return Ok(None);
        }
        Ok(self.requests(tenant, &[number.0], now).await?.pop())
    }

    async fn clear_requests(&self, tenant: &TenantId) -> Result<(), Unavailable> {
        let flow = self.flow(tenant).await?;
        if flow.taken == 0 {
            return Ok(());
        }
        // From here on nobody sees them, so that a deletion that fails leaves nothing that is shown.
        let clear = Write::update(&keys::inbox_counts(tenant), "SET c = :c")
            .value(":c", number(flow.emptied().cleared));
        self.table.write(clear).await?;
        // All slots that a request can be in, whatever was pushed out meanwhile. A newer request stays.
        let last = flow.taken;
        let slots = (last.saturating_sub(KEPT) + 1..=last).map(RequestNumber);
        let deletions: Vec<_> = slots
            .map(|number_of| {
                Write::delete(&keys::inbox_request(tenant, number_of))
                    .if_holds("n <= :last")
                    .value(":last", number(last))
            })
            .collect();
        futures::stream::iter(deletions)
            .map(|delete| self.table.write(delete))
            .buffer_unordered(AT_ONCE)
            .try_for_each(async |_| Ok(()))
            .await
    }
}

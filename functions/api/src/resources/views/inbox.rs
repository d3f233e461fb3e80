use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hooklane_app::inbox;
use hooklane_contract::Contracts;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::inbox::{Inbox, InboxAnswer, KeptRequest, SecretAge, Verdict};
use hooklane_domain::webhook::headers::MASK;
use hooklane_domain::webhook::network::NetworkRules;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::gate::caller::Caller;
use crate::resources::words::{InboxSecret, InboxVerdict};

/// A tenant's test inbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Inbox)]
pub(crate) struct InboxView {
    /// Whether the operator lets the tenant have a test inbox.
    available: bool,
    /// Whether it takes requests.
    enabled: bool,
    /// Where webhooks send to. Absent if the tenant has not turned its inbox on yet, or if it is not `available`.
    /// Masked for callers without the scope `webhooks:write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://hooks.example.com/inbox/acme.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    )]
    url: Option<String>,
    answer: InboxAnswerView,
    /// When it was changed last; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    updated_at: Option<String>,
}

/// What an inbox answers with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxAnswer)]
struct InboxAnswerView {
    #[schema(minimum = 200, maximum = 499, example = 200)]
    status: u16,
    #[schema(minimum = 0, maximum = 2, example = 0)]
    delay_seconds: u8,
}

impl InboxView {
    pub(crate) fn new(
        inbox: Option<&Inbox>,
        network: &NetworkRules,
        (tenant, caller): (&Tenant, &Caller),
    ) -> Self {
        let is_available = inbox::is_available(network, tenant);
        let answer = inbox.map_or_else(InboxAnswer::default, |inbox| inbox.answer);
        let url =
            inbox.filter(|_| is_available).and_then(|inbox| inbox::url_of(network, &inbox.token));
        let masked = network.inboxes().map(|inboxes| format!("{inboxes}{MASK}"));
        Self {
            available: is_available,
            enabled: is_available && inbox.is_some_and(|inbox| inbox.on),
            url: if sees_all(caller) { url } else { url.and(masked) },
            answer: InboxAnswerView {
                status: answer.status(),
                delay_seconds: answer.delay_seconds(),
            },
            updated_at: inbox.map(|inbox| time(inbox.updated_at)),
        }
    }
}

/// A request that an inbox keeps.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxRequest)]
pub(crate) struct InboxRequestView {
    #[schema(example = "req_17")]
    id: String,
    #[schema(format = DateTime)]
    received_at: String,
    #[schema(example = "POST")]
    method: String,
    verdict: InboxVerdict,
    /// The webhook whose signature it has; absent if it has none's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    webhook_id: Option<String>,
    /// Which secret of the webhook signed it; present if it is `verified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<InboxSecret>,
    /// How long before its arrival the signed time is, or how long after it if negative; present if it is `stale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 4000)]
    stale_by_seconds: Option<i64>,
    /// Names are in lower case, as the gateway passes them on.
    headers: Vec<InboxHeaderView>,
    /// Whether headers were left out, because all together are longer than 4 KiB.
    headers_cut: bool,
    /// The body, or its beginning; absent if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "{\"type\":\"order.created\"}")]
    body: Option<String>,
    /// The body, or its beginning, in base64; present if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body_base64: Option<String>,
    /// Whether only the first 16 KiB of the body are kept.
    body_cut: bool,
    /// The size of the whole body, in bytes.
    #[schema(example = 24)]
    size: u64,
}

/// A header of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = InboxHeader)]
struct InboxHeaderView {
    #[schema(example = "content-type")]
    name: String,
    #[schema(example = "application/json")]
    value: String,
}

impl InboxRequestView {
    pub(crate) fn new(request: &KeptRequest, contracts: &Contracts, caller: &Caller) -> Self {
        let all = sees_all(caller);
        let (webhook, secret, stale_by_seconds) = match request.verdict {
            Verdict::Verified { webhook, secret } => (Some(webhook), Some(secret), None),
            Verdict::Stale { webhook, seconds } => (Some(webhook), None, Some(seconds)),
            _ => (None, None, None),
        };
        let headers = request.headers.iter().map(|(name, value)| InboxHeaderView {
            name: name.clone(),
            value: if all || inbox::is_harmless(contracts, name) { value } else { MASK }.to_owned(),
        });
        let text = std::str::from_utf8(&request.body).ok();
        Self {
            id: request.number.to_string(),
            received_at: time(request.at),
            method: request.method.clone(),
            verdict: request.verdict.into(),
            webhook_id: webhook.map(|id| id.to_string()),
            secret: secret.map(|age: SecretAge| age.into()),
            stale_by_seconds,
            headers: headers.collect(),
            headers_cut: request.headers_cut,
            body: text.map(str::to_owned),
            body_base64: text.is_none().then(|| STANDARD.encode(&request.body)),
            body_cut: request.is_cut(),
            size: request.size,
        }
    }
}

/// Whoever may change webhooks may see what is in their headers and their URLs.
fn sees_all(caller: &Caller) -> bool {
    caller.allows(Scope::WriteWebhooks).is_ok()
}

use std::collections::BTreeMap;

use hooklane_app::webhooks::{Overview, Warning, WarningKind};
use hooklane_contract::{Contract, Contracts};
use hooklane_domain::Timestamp;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::delivery::retry;
use hooklane_domain::figures::report::Report;
use hooklane_domain::webhook::headers::MASK;
use hooklane_domain::webhook::limits::TimeLimit;
use hooklane_domain::webhook::masking::masked;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::secret::SecretForm;
use hooklane_domain::webhook::{Metadata, Webhook};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::overview::WebhookHealthView;
use super::{WarningView, time};
use crate::gate::caller::Caller;
use crate::resources::schemas::{RateLimit, RetryPolicy};
use crate::resources::words::{Signing, WebhookStatus};

#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView {
    #[schema(example = "wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D")]
    id: String,
    /// The tenant's own id of it. Paths take it as `ext:` and this id in place of `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "crm-4711")]
    external_id: Option<String>,
    #[schema(example = "Orders")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "For the ledger of the billing system")]
    description: Option<String>,
    /// What the tenant keeps beside it.
    #[schema(example = json!({"team": "payments"}))]
    metadata: BTreeMap<String, String>,
    /// For a token without the scope webhooks:write, whatever may be a token of the receiver's is masked.
    #[schema(example = "https://example.com/hooks")]
    url: String,
    #[schema(example = json!(["order.*", "user.created"]))]
    events: Vec<String>,
    /// Returned only when the webhook is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
    /// The wire format.
    #[schema(example = "standard")]
    contract: String,
    /// The custom headers, with masked values.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"authorization": "***"}))]
    headers: BTreeMap<String, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_policy: Option<RetryPolicy>,
    /// The name of the preset that `retryPolicy` is; absent if it is none of those that every webhook may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "quick")]
    retry_preset: Option<&'static str>,
    /// The webhook's own time limit for an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, nullable = false, minimum = 1, maximum = 30)]
    timeout_seconds: Option<u64>,
    /// The webhook's own rate limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rate_limit: Option<RateLimit>,
    /// A CEL expression that selects events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "event.data.total > 100.0")]
    filter: Option<String>,
    /// A CEL expression that makes the data to send from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "{'id': event.data.orderId}")]
    transform: Option<String>,
    /// The address ranges that deliveries may go to. Absent if the operator's rules alone decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["203.0.113.0/24"]))]
    target_cidrs: Vec<String>,
    signing: Signing,
    /// The public key with which receivers verify Ed25519 signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public_key: Option<String>,
    test_mode: bool,
    active: bool,
    status: WebhookStatus,
    created_at: String,
    updated_at: String,
    /// What the webhook does and its tenant may not expect; only in the answer to a request that saved it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningView>,
    /// How it is doing; where webhooks are read or listed. Absent if what is stored of it cannot be read back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    health: Option<WebhookHealthView>,
}

impl WebhookView {
    pub(crate) fn new(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            external_id: webhook.external_id.as_ref().map(ToString::to_string),
            name: webhook.name.clone(),
            description: webhook.description.clone(),
            metadata: owned(&webhook.metadata),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(ToString::to_string).collect(),
            secret: None,
            contract: webhook.contract.to_string(),
            headers: webhook.headers.names().map(|name| (name.to_owned(), MASK)).collect(),
            retry_policy: webhook.retry_policy.as_ref().map(RetryPolicy::new),
            retry_preset: webhook.retry_policy.as_ref().and_then(retry::RetryPolicy::preset_name),
            timeout_seconds: webhook.timeout.map(TimeLimit::seconds),
            rate_limit: webhook.rate_limit.map(RateLimit::new),
            filter: webhook.filter.as_ref().map(|filter| filter.as_str().to_owned()),
            transform: webhook.transform.as_ref().map(|t| t.as_str().to_owned()),
            target_cidrs: webhook.target_cidrs.iter().flat_map(TargetCidrs::iter).collect(),
            signing: webhook.signing().into(),
            public_key: webhook.secret.public_key(),
            test_mode: webhook.test_mode,
            active: webhook.state.is_active(),
            status: webhook.state.into(),
            created_at: time(webhook.created_at),
            updated_at: time(webhook.updated_at),
            warnings: Vec::new(),
            health: None,
        }
    }

    pub(crate) fn with_health(
        self,
        overview: Option<&Overview>,
        figures: Option<&Report>,
        now: Timestamp,
    ) -> Self {
        let view = |overview| WebhookHealthView::new(overview, figures, now);
        Self { health: overview.map(view), ..self }
    }

    /// The fields of the answer, for a comparison with what a client sends.
    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    pub(crate) fn with_warnings(self, warnings: Vec<Warning>) -> Self {
        let code = |kind| match kind {
            WarningKind::ShortRetryPolicy => "short_retry_policy",
            WarningKind::UnmatchedPattern => "unmatched_pattern",
        };
        let view = |Warning { kind, field, detail }| WarningView {
            code: code(kind),
            field: field.into(),
            detail,
        };
        Self { warnings: warnings.into_iter().map(view).collect(), ..self }
    }

    /// As a caller sees it. One who may change the webhook may see its URL whole.
    pub(crate) fn seen_by(caller: &Caller, webhook: &Webhook) -> Self {
        let view = Self::new(webhook);
        match caller.allows(Scope::WriteWebhooks) {
            Ok(()) => view,
            Err(_) => Self { url: masked(&webhook.url), ..view },
        }
    }

    /// With the secret, in the form that libraries for the contract expect. Only the answer to a
    /// registration uses this.
    pub(crate) fn with_secret(webhook: &Webhook, contracts: &Contracts) -> Self {
        Self { secret: Some(shown_secret(webhook, contracts)), ..Self::new(webhook) }
    }
}

/// A webhook as clients see it, with its secret, so that a client can send back also what registering answered. What
/// a change says of it in the same words changes nothing.
#[must_use]
pub fn shown_fields(webhook: &Webhook, contracts: &Contracts) -> Map<String, Value> {
    WebhookView::with_secret(webhook, contracts).fields()
}

fn owned(metadata: &Metadata) -> BTreeMap<String, String> {
    metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn shown_secret(webhook: &Webhook, contracts: &Contracts) -> String {
    let form = contracts.get(&webhook.contract).map_or(SecretForm::Text, Contract::secret_form);
    webhook.secret.shown(form).expose_secret().to_owned()
}

/// A webhook's signing secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Secret)]
pub(crate) struct SecretView {
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
    /// The public key with which receivers verify Ed25519 signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public_key: Option<String>,
    /// When the previous secret expires; present while both secrets are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    previous_secret_expires_at: Option<String>,
}

impl SecretView {
    pub(crate) fn new(webhook: &Webhook, contracts: &Contracts, now: Timestamp) -> Self {
        let retiring = webhook.retiring_secret.as_ref().filter(|old| now < old.until);
        Self {
            secret: shown_secret(webhook, contracts),
            public_key: webhook.secret.public_key(),
            previous_secret_expires_at: retiring.map(|old| time(old.until)),
        }
    }
}

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scope;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"contract": "standard", "catalog": "default", "strict": false, "requestsPerMinute": 600}))]
pub(crate) struct TenantSettings {
    /// The default contract (wire format) of this tenant's webhooks. It also determines the format of
    /// the API's responses to this tenant. If omitted, the deployment's (`DefaultContract`).
    #[schema(example = "standard")]
    contract: Option<String>,
    /// The event catalog. If omitted, the deployment's (`DefaultCatalog`); if that names none, the catalog of the
    /// platform guide that the contract belongs to; otherwise `hooklane`, which has only Hooklane's own types.
    #[schema(example = "hooklane")]
    catalog: Option<String>,
    /// Whether to refuse events of unknown types and events whose data does not match the type's schema.
    strict: Option<bool>,
    /// The limit of API requests made with the tenant's keys and tokens; 0 means unlimited. Also accepted as
    /// `rateLimit`.
    #[schema(maximum = 1000000, example = 600)]
    requests_per_minute: Option<u32>,
    /// Whether all its webhooks are paused: no attempts are made.
    paused: Option<bool>,
    /// Quotas that take the place of the deployment's.
    quotas: Option<Quotas>,
    /// The key of its events' `metadata` by whose value deliveries can be searched for (`metadata` in lists of
    /// deliveries). It holds for events that are accepted from now on.
    #[schema(pattern = "^[A-Za-z0-9_.-]{1,64}$", example = "orderId")]
    search_key: Option<String>,
    /// Whether it may have a test inbox; `true` if omitted. Where the deployment has turned them off (`TestInboxes`),
    /// it has none.
    test_inbox: Option<bool>,
}

/// The quotas of one tenant. Those that are left out are the deployment's.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OwnQuotas)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Quotas {
    /// Its webhooks.
    #[schema(minimum = 1, maximum = 10000, example = 2000)]
    webhooks: Option<u64>,
    /// The steps that all its filters and transforms together can need on the largest event.
    #[schema(minimum = 1, maximum = 100_000_000_000_u64)]
    expression_cost: Option<u64>,
    /// The event types that it adds.
    #[schema(minimum = 1, maximum = 100)]
    event_types: Option<u64>,
    /// The event types and patterns that one webhook subscribes to.
    #[schema(minimum = 1, maximum = 100)]
    events_per_webhook: Option<u64>,
    /// The bytes of all names and values of one webhook's custom headers.
    #[schema(minimum = 1, maximum = 6144)]
    header_bytes_per_webhook: Option<u64>,
    /// The tokens that are created for it in a day (UTC).
    #[schema(minimum = 1, maximum = 1_000_000)]
    tokens_per_day: Option<u64>,
    /// Its tests that run at the same time.
    #[schema(minimum = 1, maximum = 100)]
    concurrent_tests: Option<u64>,
    /// The recoveries that it starts in a day (UTC).
    #[schema(minimum = 1, maximum = 1000)]
    recoveries_per_day: Option<u64>,
    /// Its recoveries that look for skipped events at the same time.
    #[schema(minimum = 1, maximum = 10)]
    concurrent_scans: Option<u64>,
    /// Its keys, expired ones too.
    #[schema(minimum = 1, maximum = 1000)]
    keys: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"scopes": ["webhooks:read", "events:publish"], "expiresInSeconds": 3600}))]
pub(crate) struct NewToken {
    /// What it permits.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 20, example = json!(["webhooks:read"]))]
    scopes: Vec<String>,
    /// Lifetime; one hour if omitted. Also accepted as `expiresIn`.
    #[schema(minimum = 60, maximum = 86400, example = 3600)]
    expires_in_seconds: Option<u32>,
}

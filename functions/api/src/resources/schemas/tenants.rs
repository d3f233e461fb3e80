use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantSettings {
    /// The contract of webhooks that do not name one, and of the API's answers to this tenant.
    #[schema(example = "standard")]
    contract: Option<String>,
    /// The event catalog; `default` if omitted. `hooklane` contains only the types that every catalog has,
    /// for a platform that adds all its types at run time.
    #[schema(example = "default")]
    catalog: Option<String>,
    /// Whether only events of known types with data that matches the type's schema are accepted.
    strict: Option<bool>,
    /// API requests per minute with its tokens; 0 means unlimited.
    #[schema(maximum = 1000000, example = 600)]
    rate_limit: Option<u32>,
    /// Whether all its webhooks are paused: no attempts are made.
    paused: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewToken {
    /// All scopes if omitted.
    #[schema(min_items = 1)]
    scopes: Option<Vec<Scope>>,
    /// Lifetime in seconds; one hour if omitted.
    #[schema(minimum = 60, maximum = 86400, example = 3600)]
    expires_in: Option<u32>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) enum Scope {
    #[serde(rename = "webhooks:read")]
    ReadWebhooks,
    #[serde(rename = "webhooks:write")]
    WriteWebhooks,
    #[serde(rename = "events:publish")]
    PublishEvents,
}

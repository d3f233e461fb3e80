use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantSettings {
    /// The default contract (wire format) of this tenant's webhooks. It also determines the format of
    /// the API's responses to this tenant.
    #[schema(example = "standard")]
    contract: Option<String>,
    /// The event catalog; `default` if omitted. `hooklane` has only Hooklane's built-in types: choose
    /// it if the platform adds all of its own types through the API.
    #[schema(example = "default")]
    catalog: Option<String>,
    /// Whether to refuse events of unknown types and events whose data does not match the type's schema.
    strict: Option<bool>,
    /// The limit of API requests per minute made with the tenant's tokens; 0 means unlimited.
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

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantSettings {
    /// The contract of its webhooks that name none, and of the API's answers to it.
    #[schema(example = "standard")]
    contract: Option<String>,
    /// The event catalog it publishes from, `default` where it is left out. `hooklane` has the types that
    /// are in every catalog and no other, for a platform whose types are all added at run time.
    #[schema(example = "default")]
    catalog: Option<String>,
    /// Only events of known types, whose data fits the type's schema, are accepted.
    strict: Option<bool>,
    /// API requests a minute of its tokens; 0 for as many as it likes.
    #[schema(maximum = 1000000, example = 600)]
    rate_limit: Option<u32>,
    /// No attempts are made for any of its webhooks.
    paused: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewToken {
    /// All of them where it is left out.
    #[schema(min_items = 1)]
    scopes: Option<Vec<Scope>>,
    /// Seconds from now; an hour where it is left out.
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

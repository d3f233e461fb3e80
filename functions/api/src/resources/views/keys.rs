use hooklane_app::keys::IssuedKey;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key::Key;
use hooklane_domain::access::scope::Scope;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::schemas;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Key)]
pub(crate) struct KeyView {
    #[schema(example = "key_01HM6ADZ000000000000000000")]
    id: String,
    #[schema(example = "Billing")]
    name: String,
    #[schema(example = json!(["events:publish"]))]
    #[schema(value_type = Vec<schemas::Scope>)]
    scopes: Vec<&'static str>,
    #[schema(format = DateTime)]
    created_at: String,
    /// From then on it is refused. Absent if it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    expires_at: Option<String>,
    /// When it was used last. It is noted at most once an hour, so it may have been used up to an hour later.
    /// Absent if it was never used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    last_used_at: Option<String>,
    /// When the secret before the last rotation expires; present while both secrets are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    previous_secret_expires_at: Option<String>,
    /// The text that is sent as the bearer token. Only the answers to a creation and to a rotation show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "hlk_acme_key_01HM6ADZ000000000000000000_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc_ba1Tu-"
    )]
    secret: Option<String>,
}

impl KeyView {
    pub(crate) fn new(key: &Key, now: Timestamp) -> Self {
        let former = key.former.as_ref().filter(|former| now < former.until);
        Self {
            id: key.id.to_string(),
            name: key.name.to_string(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            created_at: time(key.created_at),
            expires_at: key.expires_at.map(time),
            last_used_at: key.last_used_at.map(time),
            previous_secret_expires_at: former.map(|former| time(former.until)),
            secret: None,
        }
    }

    pub(crate) fn issued(issued: &IssuedKey, now: Timestamp) -> Self {
        let secret = Some(issued.text.expose_secret().to_owned());
        Self { secret, ..Self::new(&issued.key, now) }
    }
}

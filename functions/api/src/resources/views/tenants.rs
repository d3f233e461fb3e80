use std::collections::BTreeMap;

use hooklane_app::tenants::{IssuedToken, QuotaUse};
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tenant;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::schemas;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    #[schema(example = "acme")]
    id: String,
    /// The default contract (wire format) of this tenant's webhooks. It also determines the format of
    /// the API's responses to this tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "standard")]
    contract: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "hooklane")]
    catalog: Option<String>,
    /// Whether to refuse events of unknown types and events whose data does not match the type's schema.
    strict: bool,
    /// The limit of API requests per minute made with the tenant's keys and tokens; 0 means unlimited. Absent if
    /// the deployment's default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 600)]
    requests_per_minute: Option<u32>,
    /// Whether all its webhooks are paused: no attempts are made.
    paused: bool,
    /// The quotas that take the place of the deployment's, by name. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!({"webhooks": 2000}))]
    quotas: Option<BTreeMap<String, u64>>,
    /// The key of its events' `metadata` by whose value deliveries can be searched for. Absent if none was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "orderId")]
    search_key: Option<String>,
    /// Whether it may have a test inbox, where the deployment lets tenants have one.
    test_inbox: bool,
    /// What it uses of its quotas, by name; only where a single tenant is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, QuotaView>>)]
    usage: Option<UsageView>,
    /// If it is being removed: when its id can be used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    reusable_at: Option<String>,
}

/// What a tenant uses of its quotas, by name.
pub(crate) type UsageView = BTreeMap<&'static str, QuotaView>;

/// A quota of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Quota)]
pub(crate) struct QuotaView {
    #[schema(example = 1000)]
    limit: u64,
    /// Absent if it is not known yet, or if the quota is not about the tenant as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 12)]
    used: Option<u64>,
}

pub(crate) fn usage_view(usage: &[QuotaUse]) -> UsageView {
    let view = |row: &QuotaUse| QuotaView { limit: row.limit, used: row.used };
    usage.iter().map(|row| (row.quota.as_str(), view(row))).collect()
}

impl TenantView {
    pub(crate) fn new(tenant: &Tenant) -> Self {
        let settings = &tenant.settings;
        Self {
            id: tenant.id.to_string(),
            contract: settings.contract.as_ref().map(ToString::to_string),
            catalog: settings.catalog.as_ref().map(ToString::to_string),
            strict: settings.strict,
            requests_per_minute: settings.rate_limit,
            paused: settings.paused,
            quotas: (!settings.quotas.is_empty()).then(|| {
                settings.quotas.iter().map(|(name, limit)| (name.to_owned(), limit)).collect()
            }),
            search_key: settings.search_key.as_ref().map(|key| key.as_str().to_owned()),
            test_inbox: !settings.inbox_off,
            usage: None,
            reusable_at: tenant.tombstone.map(|tombstone| time(tombstone.reusable_from)),
        }
    }

    pub(crate) fn with_usage(tenant: &Tenant, usage: &[QuotaUse]) -> Self {
        Self { usage: Some(usage_view(usage)), ..Self::new(tenant) }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
pub(crate) struct TokenView {
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJl")]
    token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    #[schema(example = "acme")]
    tenant: String,
    #[schema(value_type = Vec<schemas::Scope>, example = json!(["webhooks:read"]))]
    scopes: Vec<&'static str>,
    expires_at: String,
}

impl TokenView {
    pub(crate) fn new(issued: &IssuedToken) -> Self {
        Self {
            token: issued.token.expose_secret().to_owned(),
            token_type: "Bearer",
            tenant: issued.claims.tenant.to_string(),
            scopes: issued.claims.scopes.iter().map(Scope::as_str).collect(),
            expires_at: time(issued.claims.expires_at),
        }
    }
}

//! Tenants' settings and tokens: the operator's side.

use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Day, Exceeded, OwnQuotas, QuotaName, Quotas};
use hooklane_domain::access::scope::Scopes;
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::access::token::TokenClaims;
use hooklane_domain::ids::TenantId;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::ports::{Clock, DailyCounts, Entropy, TenantStore, Unavailable};
use crate::precondition::Precondition;
use crate::removed::{Removed, usable};

mod removal;
mod usage;

pub use removal::{Removal, remove};
pub use usage::{QuotaUse, usage};

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The precondition does not hold for the current revision.
    #[error("the settings have changed since they were read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What settings are checked against: they may name these contracts and catalogs.
#[derive(Debug, Clone, Copy)]
pub struct SettingsRules<'a> {
    pub contracts: &'a Contracts,
    pub catalogs: &'a Catalogs,
}

const MAX_RATE: u32 = 1_000_000;

/// Replaces a tenant's settings with those of a JSON body. A setting that the body leaves out takes its
/// default. What `GET` shows beside the settings may be in it.
pub async fn set(
    tenants: &impl TenantStore,
    rules: SettingsRules<'_>,
    id: &TenantId,
    precondition: &Precondition,
    body: &str,
    now: Timestamp,
) -> Result<Tenant, SettingsError> {
    let current = usable(tenants, id, now).await?.map_err(SettingsError::Removed)?;
    let settings = read(body, rules, &current).map_err(SettingsError::Invalid)?;
    let revision = match precondition {
        Precondition::Any => None,
        Precondition::OneOf(_) => Some(current.revision),
    };
    if revision.is_some_and(|revision| !precondition.holds(revision)) {
        return Err(SettingsError::Changed);
    }
    // A tenant whose settings were never set is registered by this.
    if current.revision > 0 && settings == current.settings {
        return Ok(current);
    }
    if let Some(set) = tenants.set_settings(id, &settings, revision).await? {
        return Ok(set);
    }
    // Somebody changed the settings in between, or removed the tenant.
    let removed = usable(tenants, id, now).await?.err();
    Err(removed.map_or(SettingsError::Changed, SettingsError::Removed))
}

fn read(
    body: &str,
    rules: SettingsRules<'_>,
    current: &Tenant,
) -> Result<TenantSettings, FieldErrors> {
    let mut fields = Fields::of("", body)?;
    fields.fixed(&["id"], current.id.as_str());
    // What it uses changes by itself, so what a client read may be out of date.
    fields.take(&["usage"]);
    fields.read_only(&["reusableAt"]);
    let kept = &current.settings;
    let (contracts, catalogs) = (rules.contracts.names(), rules.catalogs.names());
    let contract_names = &["contract", "defaultContract"];
    let settings = TenantSettings {
        contract: named(&mut fields, contract_names, contracts, kept.contract.as_ref()),
        catalog: named(&mut fields, &["catalog"], catalogs, kept.catalog.as_ref()),
        strict: fields.read(&["strict"], "true or false").unwrap_or(false),
        rate_limit: rate_limit(&mut fields),
        paused: fields.read(&["paused"], "true or false").unwrap_or(false),
        quotas: OwnQuotas::read(&mut fields),
        search_key: fields.parse(&["searchKey"]),
        inbox_off: fields.read(&["testInbox"], "true or false") == Some(false),
    };
    fields.finish().map(|()| settings)
}

/// Reads a field that must be one of `choices`, or stay what it is.
fn named<'a, T: Clone + std::fmt::Display + 'a>(
    fields: &mut Fields,
    names: &[&str],
    choices: impl Iterator<Item = &'a T>,
    kept: Option<&'a T>,
) -> Option<T> {
    let text = fields.read::<String>(names, "a string")?;
    if let Some(kept) = kept.filter(|kept| kept.to_string() == text) {
        return Some(kept.clone());
    }
    let choices: Vec<_> = choices.map(|choice| (choice, choice.to_string())).collect();
    let found = choices.iter().find(|(_, name)| *name == text);
    if found.is_none() {
        let names_of_choices: Vec<_> = choices.iter().map(|(_, name)| name.as_str()).collect();
        fields.error(names[0], format!("must be one of {}", names_of_choices.join(", ")));
    }
    found.map(|(choice, _)| (*choice).clone())
}

const RATE_NAMES: [&str; 4] =
    ["requestsPerMinute", "requests_per_minute", "rateLimit", "rate_limit"];
const LIFETIME_NAMES: [&str; 4] =
    ["expiresInSeconds", "expires_in_seconds", "expiresIn", "expires_in"];

fn rate_limit(fields: &mut Fields) -> Option<u32> {
    let expected = format!("a whole number of requests a minute from 0 to {MAX_RATE}");
    let limit = fields.whole(&RATE_NAMES, 0..=MAX_RATE.into(), &expected)?;
    u32::try_from(limit).ok()
}

/// A new token and what it says.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    pub token: SecretString,
    pub claims: TokenClaims,
}

#[derive(Debug, thiserror::Error)]
pub enum IssueTokenError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Removed(Removed),
    /// As many tokens as may be were created for the tenant today.
    #[error("{over}")]
    Quota {
        over: Exceeded,
        /// Until the quota has room again.
        seconds: i64,
    },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

const DEFAULT_SECONDS: i64 = 3_600;
const MIN_SECONDS: i64 = 60;
/// A day: tokens are short-lived.
const MAX_SECONDS: i64 = 86_400;

/// Issues a token for a tenant. The body is `{"scopes": […], "expiresInSeconds": seconds}`, the second one
/// optional.
pub async fn issue_token(
    (tenants, counts): (&impl TenantStore, &impl DailyCounts),
    system: &(impl Clock + Entropy),
    key: &SecretString,
    defaults: &Quotas,
    id: &TenantId,
    body: &str,
) -> Result<IssuedToken, IssueTokenError> {
    let (scopes, seconds) = read_token_request(body).map_err(IssueTokenError::Invalid)?;
    let now = system.now();
    let tenant = usable(tenants, id, now).await?.map_err(IssueTokenError::Removed)?;
    let limit = defaults.under(&tenant.settings.quotas).of(QuotaName::TokensPerDay);
    let counted = counts.count_one(id, QuotaName::TokensPerDay, Day::at(now), limit).await?;
    if counted.is_none() {
        let over = Exceeded { quota: QuotaName::TokensPerDay, limit, used: limit };
        let seconds = Day::at(now).ends_at() - now.as_second();
        return Err(IssueTokenError::Quota { over, seconds });
    }
    let lifetime = SignedDuration::from_secs(seconds);
    let expires_at = now
        .checked_add(lifetime)
        .map_err(|e| Unavailable::new("computing when a token expires", e))?;
    let claims = TokenClaims {
        tenant: id.clone(),
        scopes,
        issued_at: now,
        expires_at,
        generation: tenant.token_generation,
    };
    Ok(IssuedToken { token: claims.sign(key).into(), claims })
}

fn read_token_request(body: &str) -> Result<(Scopes, i64), FieldErrors> {
    // Without a body nothing is named: that is the mistake, and not that nothing is no JSON.
    let body = if body.trim().is_empty() { "{}" } else { body };
    let mut fields = Fields::of("", body)?;
    let scopes = Scopes::read(&mut fields);
    let expected = format!("a whole number of seconds from {MIN_SECONDS} to {MAX_SECONDS}");
    let range = MIN_SECONDS.unsigned_abs()..=MAX_SECONDS.unsigned_abs();
    let seconds = fields.whole(&LIFETIME_NAMES, range, &expected);
    let seconds = seconds.and_then(|s| i64::try_from(s).ok()).unwrap_or(DEFAULT_SECONDS);
    fields.finish().map(|()| (scopes, seconds))
}

#[cfg(test)]
mod tests;

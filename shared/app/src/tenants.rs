//! Tenants' settings and tokens: the operator's side.

use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::access::token::{Scope, TokenClaims};
use hooklane_domain::ids::TenantId;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::ports::{Clock, Entropy, TenantStore, Unavailable};
use crate::precondition::Precondition;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The precondition does not hold for the current revision.
    #[error("the settings have changed since they were read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
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
/// default.
pub async fn set(
    tenants: &impl TenantStore,
    rules: SettingsRules<'_>,
    id: &TenantId,
    precondition: &Precondition,
    body: &str,
) -> Result<Tenant, SettingsError> {
    let settings = read(body, rules).map_err(SettingsError::Invalid)?;
    let revision = match precondition {
        Precondition::Any => None,
        Precondition::OneOf(_) => Some(tenants.tenant(id).await?.revision),
    };
    if revision.is_some_and(|revision| !precondition.holds(revision)) {
        return Err(SettingsError::Changed);
    }
    tenants.set_settings(id, &settings, revision).await?.ok_or(SettingsError::Changed)
}

fn read(body: &str, rules: SettingsRules<'_>) -> Result<TenantSettings, FieldErrors> {
    let mut fields = Fields::of("", body)?;
    let settings = TenantSettings {
        contract: named(&mut fields, &["contract", "defaultContract"], rules.contracts.names()),
        catalog: named(&mut fields, &["catalog"], rules.catalogs.names()),
        strict: fields.read(&["strict"], "true or false").unwrap_or(false),
        rate_limit: rate_limit(&mut fields),
        paused: fields.read(&["paused"], "true or false").unwrap_or(false),
    };
    fields.finish().map(|()| settings)
}

/// Reads a field that must be one of `choices`.
fn named<'a, T: Clone + std::fmt::Display + 'a>(
    fields: &mut Fields,
    names: &[&str],
    choices: impl Iterator<Item = &'a T>,
) -> Option<T> {
    let text = fields.read::<String>(names, "a string")?;
    let choices: Vec<_> = choices.map(|choice| (choice, choice.to_string())).collect();
    let found = choices.iter().find(|(_, name)| *name == text);
    if found.is_none() {
        let names_of_choices: Vec<_> = choices.iter().map(|(_, name)| name.as_str()).collect();
        fields.error(names[0], format!("must be one of {}", names_of_choices.join(", ")));
    }
    found.map(|(choice, _)| (*choice).clone())
}

fn rate_limit(fields: &mut Fields) -> Option<u32> {
    let expected = format!("a whole number of requests a minute from 0 to {MAX_RATE}");
    let limit = fields.read_whole(&["rateLimit", "rate_limit"], &expected)?;
    let within = u32::try_from(limit).ok().filter(|limit| *limit <= MAX_RATE);
    if within.is_none() {
        fields.error("rateLimit", format!("must be {expected}"));
    }
    within
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
    Unavailable(#[from] Unavailable),
}

/// The most scopes that a request names, each as often as it likes.
const MAX_SCOPES: usize = 20;
const DEFAULT_SECONDS: i64 = 3_600;
const MIN_SECONDS: i64 = 60;
/// A day: tokens are short-lived.
const MAX_SECONDS: i64 = 86_400;

/// Issues a token for a tenant. The body is `{"scopes": […], "expiresIn": seconds}`, both optional.
pub async fn issue_token(
    tenants: &impl TenantStore,
    system: &(impl Clock + Entropy),
    key: &SecretString,
    id: &TenantId,
    body: &str,
) -> Result<IssuedToken, IssueTokenError> {
    let (scopes, seconds) = read_token_request(body).map_err(IssueTokenError::Invalid)?;
    let tenant = tenants.tenant(id).await?;
    let now = system.now();
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

fn read_token_request(body: &str) -> Result<(Vec<Scope>, i64), FieldErrors> {
    let body = if matches!(body.trim(), "" | "null") { "{}" } else { body };
    let mut fields = Fields::of("", body)?;
    let mut scopes = Vec::new();
    let too_many = format!("must name at most {MAX_SCOPES} scopes");
    match fields.read_list::<String>(&["scopes"], "a list of scopes", MAX_SCOPES, too_many) {
        None => scopes.extend(Scope::ALL),
        Some(names) => {
            if names.is_empty() {
                fields.error("scopes", "must name at least one scope");
            }
            for (i, name) in names.iter().enumerate() {
                match name.parse() {
                    Ok(scope) if scopes.contains(&scope) => {}
                    Ok(scope) => scopes.push(scope),
                    Err(message) => fields.error(&format!("scopes[{i}]"), message),
                }
            }
        }
    }
    let expected = format!("a whole number of seconds from {MIN_SECONDS} to {MAX_SECONDS}");
    let seconds = fields.read_whole(&["expiresIn", "expires_in"], &expected);
    let seconds = seconds.map_or(DEFAULT_SECONDS, |s| i64::try_from(s).unwrap_or(i64::MAX));
    if !(MIN_SECONDS..=MAX_SECONDS).contains(&seconds) {
        fields.error("expiresIn", format!("must be {expected}"));
    }
    fields.finish().map(|()| (scopes, seconds))
}

#[cfg(test)]
mod tests;

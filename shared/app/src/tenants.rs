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
    /// The caller said which revision it knows, and that is not the current one.
    #[error("the settings have changed since they were read")]
    Changed,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What settings may name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub contracts: &'a Contracts,
    pub catalogs: &'a Catalogs,
}

const MAX_RATE: u32 = 1_000_000;

/// Sets a tenant's settings to what a JSON body says; what it leaves out is the default. With known
/// revisions it is one of these that is replaced, or none.
pub async fn set(
    tenants: &impl TenantStore,
    names: Names<'_>,
    id: &TenantId,
    known: &Precondition,
    body: &str,
) -> Result<Tenant, SettingsError> {
    let settings = read(body, names).map_err(SettingsError::Invalid)?;
    let revision = match known {
        Precondition::Any => None,
        Precondition::OneOf(_) => Some(tenants.tenant(id).await?.revision),
    };
    if revision.is_some_and(|revision| !known.holds(revision)) {
        return Err(SettingsError::Changed);
    }
    tenants.set_settings(id, &settings, revision).await?.ok_or(SettingsError::Changed)
}

fn read(body: &str, known: Names<'_>) -> Result<TenantSettings, FieldErrors> {
    let mut fields = Fields::of("", body)?;
    let settings = TenantSettings {
        contract: named(&mut fields, &["contract", "defaultContract"], known.contracts.names()),
        catalog: named(&mut fields, &["catalog"], known.catalogs.names()),
        strict: fields.read(&["strict"], "true or false").unwrap_or(false),
        rate_limit: rate_limit(&mut fields),
        paused: fields.read(&["paused"], "true or false").unwrap_or(false),
    };
    fields.finish().map(|()| settings)
}

fn named<'a, T: Clone + std::fmt::Display + 'a>(
    fields: &mut Fields,
    names: &[&str],
    known: impl Iterator<Item = &'a T>,
) -> Option<T> {
    let text = fields.read::<String>(names, "a string")?;
    let known: Vec<_> = known.map(|name| (name, name.to_string())).collect();
    let found = known.iter().find(|(_, name)| *name == text);
    if found.is_none() {
        let names_known: Vec<_> = known.iter().map(|(_, name)| name.as_str()).collect();
        fields.error(names[0], format!("must be one of {}", names_known.join(", ")));
    }
    found.map(|(name, _)| (*name).clone())
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

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct Minted {
    pub token: SecretString,
    pub claims: TokenClaims,
}

#[derive(Debug, thiserror::Error)]
pub enum MintError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

const DEFAULT_SECONDS: i64 = 3_600;
const MIN_SECONDS: i64 = 60;
/// Tokens are short-lived: a day at most.
const MAX_SECONDS: i64 = 86_400;

/// Makes a token for a tenant: `{"scopes": […], "expiresIn": seconds}`, both optional.
pub async fn mint(
    tenants: &impl TenantStore,
    system: &(impl Clock + Entropy),
    key: &SecretString,
    id: &TenantId,
    body: &str,
) -> Result<Minted, MintError> {
    let (scopes, seconds) = read_wish(body).map_err(MintError::Invalid)?;
    let tenant = tenants.tenant(id).await?;
    let now = system.now();
    let lifetime = SignedDuration::from_secs(seconds);
    let expires_at = now
        .checked_add(lifetime)
        .map_err(|e| Unavailable::new("telling when a token expires", e))?;
    let claims = TokenClaims {
        tenant: id.clone(),
        scopes,
        issued_at: now,
        expires_at,
        generation: tenant.token_generation,
    };
    Ok(Minted { token: claims.sign(key).into(), claims })
}

fn read_wish(body: &str) -> Result<(Vec<Scope>, i64), FieldErrors> {
    let body = if matches!(body.trim(), "" | "null") { "{}" } else { body };
    let mut fields = Fields::of("", body)?;
    let mut scopes = Vec::new();
    match fields.read::<Vec<String>>(&["scopes"], "a list of scopes") {
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

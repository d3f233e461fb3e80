//! Signing in to the operator's pages, and from there to those of a tenant.

use hooklane_domain::Timestamp;
use hooklane_domain::access::key_mark::KeyMark;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::operator::{OperatorPass, Purpose};
use hooklane_domain::access::portal::{Access, FormToken, Look, Pass, Purpose as PortalPurpose};
use hooklane_domain::ids::TenantId;
use secrecy::SecretString;

use crate::portal::{IssuedLink, Shut};
use crate::ports::{Clock, Entropy, TenantStore};

/// A link that signs in whoever holds this operator key.
#[must_use]
pub fn link(clock: &impl Clock, operator: &SecretString, token: &SecretString) -> IssuedLink {
    let pass = OperatorPass::link(KeyMark::of(operator, token), clock.now());
    IssuedLink { expires_at: pass.expires_at, pass: pass.sign(Purpose::Link, token) }
}

/// A session for whoever holds the operator key with this mark, signed.
#[must_use]
pub fn session(
    key: KeyMark,
    system: &(impl Clock + Entropy),
    token: &SecretString,
) -> (OperatorPass, SecretString) {
    let pass = OperatorPass::session(key, FormToken::new(system.random_id()), system.now());
    let text = pass.sign(Purpose::Session, token);
    (pass, text)
}

/// The pass in a text, if its operator key is still one. Both rings may be a few minutes old: who is refused as
/// invalid is asked for again with newer ones.
pub fn admit(
    (purpose, text): (Purpose, &str),
    (operators, tokens): (&KeyRing, &KeyRing),
    now: Timestamp,
) -> Result<OperatorPass, Shut> {
    let pass = OperatorPass::verify(purpose, text, tokens, now)?;
    if pass.key.is_of(operators, tokens) { Ok(pass) } else { Err(Shut::Invalid) }
}

/// Whether the operator may still look with this pass of a tenant's portal. A tenant's own people may.
#[must_use]
pub fn admits(pass: &Pass, operators: &KeyRing, tokens: &KeyRing) -> bool {
    pass.operator.as_ref().is_none_or(|key| key.is_of(operators, tokens))
}

/// A session in the portal of a tenant for the operator, signed, which ends with the operator's own.
pub async fn view(
    tenants: &impl TenantStore,
    system: &(impl Clock + Entropy),
    token: &SecretString,
    operator: &OperatorPass,
    (tenant, access): (&TenantId, Access),
) -> Result<(Pass, SecretString), Shut> {
    if tenant.is_canary() {
        return Err(Shut::Invalid);
    }
    let tenant = tenants.tenant(tenant).await?;
    if tenant.tombstone.is_some() {
        return Err(Shut::Invalid);
    }
    let pass = Pass {
        tenant: tenant.id,
        access,
        issued_at: system.now(),
        expires_at: operator.expires_at,
        generation: tenant.token_generation,
        form: Some(FormToken::new(system.random_id())),
        look: Look::default(),
        back: None,
        delivery: None,
        operator: Some(operator.key.clone()),
    };
    let text = pass.sign(PortalPurpose::Session, token).into();
    Ok((pass, text))
}

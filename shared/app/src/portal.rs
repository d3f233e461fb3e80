//! Signing in to the portal: the operator's link, and what becomes of it.

use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::portal::{
    Accent, Access, Font, FormToken, LINK_LASTS, Locale, Logo, Look, Mode, Pass, Purpose,
    ReturnUrl, SESSION_LASTS,
};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::access::token::InvalidToken;
use hooklane_domain::ids::TenantId;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::unseen;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use crate::ports::{Clock, Entropy, LogoStore, TenantStore, Unavailable};
use crate::removed::{Removed, usable};

/// A link and how long it can be exchanged.
#[derive(Debug, Clone)]
pub struct IssuedLink {
    /// The signed pass, for the link's query.
    pub pass: SecretString,
    pub expires_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The longest name of a platform, in characters.
const MAX_NAME: usize = 40;
/// The longest name of a time zone, in bytes.
const MAX_ZONE: usize = 64;

/// Issues a link to the portal of a tenant. The body is
/// `{"scope", "returnUrl", "theme": {"mode", "accent", "accentDark", "name", "logo", "logoDark", "font"}, "locale",
/// "timeZone"}`; all but `scope` may be left out.
///
/// The pass holds the marks of logos. The logos themselves are kept for as long as a session of this link may show
/// them.
pub async fn link(
    (tenants, logos): (&impl TenantStore, &impl LogoStore),
    clock: &impl Clock,
    key: &SecretString,
    id: &TenantId,
    body: &str,
) -> Result<IssuedLink, LinkError> {
    let wanted = Wanted::read(body).map_err(LinkError::Invalid)?;
    let now = clock.now();
    let tenant = usable(tenants, id, now).await?.map_err(LinkError::Removed)?;
    let expires_at = now
        .checked_add(LINK_LASTS)
        .map_err(|e| Unavailable::new("computing when a link expires", e))?;
    for logo in &wanted.logos {
        keep(logos, logo, expires_at).await?;
    }
    let pass = Pass {
        tenant: id.clone(),
        access: wanted.access,
        issued_at: now,
        expires_at,
        generation: tenant.token_generation,
        form: None,
        look: wanted.look,
        back: wanted.back,
        delivery: None,
        operator: None,
    };
    Ok(IssuedLink { pass: pass.sign(Purpose::Link, key).into(), expires_at })
}

/// How much longer than needed a logo is kept, so that one that is named day by day is written once a week.
const KEPT_LONGER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Keeps a logo for every session of a link that expires then.
async fn keep(
    logos: &impl LogoStore,
    logo: &Logo,
    expires_at: Timestamp,
) -> Result<(), Unavailable> {
    let after =
        |at: Timestamp, by| at.saturating_add::<SignedDuration>(by).unwrap_or(Timestamp::MAX);
    let last_needed = after(expires_at, SESSION_LASTS);
    match logos.logo(&logo.mark().hash).await? {
        Some((_, until)) if until >= last_needed => Ok(()),
        _ => logos.keep_logo(logo, after(last_needed, KEPT_LONGER)).await,
    }
}

struct Wanted {
    access: Access,
    look: Look,
    logos: Vec<Logo>,
    back: Option<ReturnUrl>,
}

impl Wanted {
    fn read(body: &str) -> Result<Self, FieldErrors> {
        let body = if body.trim().is_empty() { "{}" } else { body };
        let mut fields = Fields::of("", body)?;
        if !fields.has(&["scope"]) {
            fields.error("scope", "is required: read or manage");
        }
        let access = fields.parse::<Access>(&["scope"]).unwrap_or(Access::Read);
        let back = fields.parse::<ReturnUrl>(&["returnUrl", "return_url"]);
        let locale = fields.parse::<Locale>(&["locale"]);
        let zone = fields.read::<String>(&["timeZone", "time_zone"], "a text");
        if zone.as_ref().is_some_and(|zone| !is_zone(zone)) {
            fields.error("timeZone", "must be the IANA name of a time zone, such as Europe/Berlin");
        }
        let theme = fields.take(&["theme"]).map(|theme| read_theme(theme.raw.get()));
        let (look, logos) = theme
            .transpose()
            .unwrap_or_else(|errors| {
                fields.merge(errors);
                None
            })
            .unwrap_or_default();
        fields.finish()?;
        Ok(Self { access, back, logos, look: Look { locale, zone, ..look } })
    }
}

fn is_zone(name: &str) -> bool {
    name.len() <= MAX_ZONE && TimeZone::get(name).is_ok()
}

/// The look, and the logos that it names.
fn read_theme(json: &str) -> Result<(Look, Vec<Logo>), FieldErrors> {
    let mut fields = Fields::of("theme", json)?;
    let mode = fields.parse::<Mode>(&["mode"]).unwrap_or_default();
    let accent = fields.parse::<Accent>(&["accent"]);
    let accent_dark = fields.parse::<Accent>(&["accentDark", "accent_dark"]);
    if let Some(Err(faint)) = accent.map(Accent::on_light) {
        fields.error("accent", faint.to_string());
    }
    if let Some(Err(faint)) = accent_dark.map(Accent::on_dark) {
        fields.error("accentDark", faint.to_string());
    }
    let name = fields.read::<String>(&["name"], "a text");
    if name.as_ref().is_some_and(|name| !is_name(name)) {
        let message = format!("must be 1 to {MAX_NAME} visible characters");
        fields.error("name", message);
    }
    let font = fields.parse::<Font>(&["font"]).unwrap_or_default();
    let logo = fields.parse::<Logo>(&["logo"]);
    let logo_dark = fields.parse::<Logo>(&["logoDark", "logo_dark"]);
    if logo.is_some() && name.is_none() && !fields.has_error("name") {
        fields.error("name", "is required with a logo: it is read out in its place");
    }
    if logo_dark.is_some() && logo.is_none() && !fields.has_error("logo") {
        fields.error("logo", "is required with logoDark");
    }
    fields.finish()?;
    let mark = |logo: &Option<Logo>| logo.as_ref().map(|logo| logo.mark().clone());
    let look = Look {
        mode,
        accent,
        accent_dark,
        name,
        font,
        logo: mark(&logo),
        logo_dark: mark(&logo_dark),
        locale: None,
        zone: None,
    };
    Ok((look, [logo, logo_dark].into_iter().flatten().collect()))
}

fn is_name(name: &str) -> bool {
    let visible = name.chars().all(|one| !unseen::is_unseen(one));
    visible && !name.trim().is_empty() && name.chars().count() <= MAX_NAME
}

/// Why somebody is not let in. They are told the same whatever it is, but for a link that was valid.
#[derive(Debug, thiserror::Error)]
pub enum Shut {
    /// The pass is none, or none of this tenant, or the operator revoked it.
    #[error("the pass is not valid")]
    Invalid,
    #[error("the pass has expired")]
    Expired,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<InvalidToken> for Shut {
    fn from(error: InvalidToken) -> Self {
        match error {
            InvalidToken::Expired => Self::Expired,
            InvalidToken::Shape | InvalidToken::Signature => Self::Invalid,
        }
    }
}

/// The pass in a text and the tenant that it is for, as it is now: a revoked pass stops working immediately.
/// `keys` may be a few minutes old: where their signature does not fit, the caller tries again with newer ones.
pub async fn admit(
    tenants: &impl TenantStore,
    (purpose, text): (Purpose, &str),
    (keys, now): (&KeyRing, Timestamp),
    named: &TenantId,
) -> Result<(Pass, Tenant), Shut> {
    let pass = Pass::verify(purpose, text, keys, now)?;
    if pass.tenant != *named || named.is_canary() {
        return Err(Shut::Invalid);
    }
    let tenant = tenants.tenant(named).await?;
    if tenant.token_generation != pass.generation || tenant.tombstone.is_some() {
        return Err(Shut::Invalid);
    }
    Ok((pass, tenant))
}

/// The session that a link is exchanged for, signed.
#[must_use]
pub fn session(
    link: Pass,
    system: &(impl Clock + Entropy),
    key: &SecretString,
) -> (Pass, SecretString) {
    let session = link.session(FormToken::new(system.random_id()), system.now());
    let text = session.sign(Purpose::Session, key);
    (session, text.into())
}

#[cfg(test)]
mod tests;

use hooklane_domain::access::portal::Mode;
use secrecy::ExposeSecret as _;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};

const KEY: &str = "the-key-that-signs";

fn now() -> Timestamp {
    "2026-10-13T11:00:00Z".parse().unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn ring() -> KeyRing {
    KeyRing::parse(KEY).unwrap()
}

async fn issued(registry: &MemoryRegistry, body: &str) -> Result<IssuedLink, LinkError> {
    let stores = (registry, &MemoryLedger::default());
    link(stores, &FakeSystem::at(now()), &KEY.into(), &acme(), body).await
}

async fn mistakes(body: &str) -> String {
    match issued(&MemoryRegistry::default(), body).await {
        Err(LinkError::Invalid(errors)) => errors.to_string(),
        other => panic!("{body}: {other:?}"),
    }
}

#[tokio::test]
async fn a_link_becomes_a_session_of_its_tenant() {
    let registry = MemoryRegistry::default();
    let body = r##"{"scope": "manage", "returnUrl": "https://shop.example/settings", "locale": "de-CH",
        "timeZone": "Europe/Zurich", "theme": {"mode": "dark", "accent": "#0a5a76", "name": "Fernhill"}}"##;
    let link = issued(&registry, body).await.unwrap();
    assert_eq!(link.expires_at, now() + LINK_LASTS);
    let text = link.pass.expose_secret();
    let (pass, tenant) =
        admit(&registry, (Purpose::Link, text), (&ring(), now()), &acme()).await.unwrap();
    assert_eq!((pass.access, pass.look.mode, &tenant.id), (Access::Manage, Mode::Dark, &acme()));
    let (session, text) = session(pass, &FakeSystem::at(now()), &KEY.into());
    let text = text.expose_secret();
    let (read, _) =
        admit(&registry, (Purpose::Session, text), (&ring(), now()), &acme()).await.unwrap();
    assert_eq!(read, session);
    assert_eq!(read.back.unwrap().as_str(), "https://shop.example/settings");
}

#[tokio::test]
async fn a_pass_opens_no_other_tenant_and_ends_with_the_tenants_tokens() {
    let registry = MemoryRegistry::default();
    let link = issued(&registry, r#"{"scope": "read"}"#).await.unwrap();
    let text = link.pass.expose_secret();
    let opens = async |tenant: &str, at| {
        let tenant = tenant.parse().unwrap();
        admit(&registry, (Purpose::Link, text), (&ring(), at), &tenant).await.map(|_| ())
    };
    assert!(opens("acme", now()).await.is_ok());
    assert!(matches!(opens("globex", now()).await, Err(Shut::Invalid)));
    assert!(matches!(opens("acme", link.expires_at).await, Err(Shut::Expired)));
    registry.revoke_tokens(&acme()).await.unwrap();
    assert!(matches!(opens("acme", now()).await, Err(Shut::Invalid)));
}

#[tokio::test]
async fn every_mistake_of_a_request_is_named() {
    for (body, named) in [
        ("", "scope: is required: read or manage"),
        (r#"{"scope": "all"}"#, "scope: must be one of read, manage"),
        (r#"{"scope": "read", "scopes": []}"#, "scopes"),
        (r#"{"scope": "read", "returnUrl": "javascript:alert(1)"}"#, "returnUrl: must be an https"),
        (r#"{"scope": "read", "locale": "x"}"#, "locale: must be a language tag"),
        (r#"{"scope": "read", "timeZone": "Mars/Base"}"#, "timeZone: must be the IANA name"),
        (r##"{"scope": "read", "theme": {"accent": "#ffdd00"}}"##, "theme.accent: has a contrast"),
        (r##"{"scope": "read", "theme": {"accentDark": "#000000"}}"##, "theme.accentDark: has a"),
        (r#"{"scope": "read", "theme": {"accent": "red"}}"#, "theme.accent: must be a colour"),
        (r#"{"scope": "read", "theme": {"name": "a\u202eb"}}"#, "theme.name: must be 1 to 40"),
        (r#"{"scope": "read", "theme": {"icon": "x"}}"#, "theme.icon: is not a known field"),
        (
            r#"{"scope": "read", "theme": {"font": "Comic Sans"}}"#,
            "theme.font: must be one of system",
        ),
        (r#"{"scope": "read", "theme": {"logo": "x"}}"#, "theme.logo: must be a picture"),
        (r#"{"scope": "read", "theme": {"logo": 7}}"#, "theme.logo: must be a string"),
        (r#"{"scope": "read", "theme": []}"#, "theme"),
    ] {
        let found = mistakes(body).await;
        assert!(found.contains(named), "{body}: {found}");
    }
}

/// `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"/>`
const WIDE: &str = "data:image/svg+xml;base64,\
    PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDMiLz4=";

#[tokio::test]
async fn a_logo_needs_a_name_and_one_for_dark_ground_needs_another() {
    let nameless = format!(r#"{{"scope": "read", "theme": {{"logo": "{WIDE}"}}}}"#);
    assert!(mistakes(&nameless).await.starts_with("theme.name: is required with a logo"));
    let dark = format!(r#"{{"scope": "read", "theme": {{"name": "a", "logoDark": "{WIDE}"}}}}"#);
    assert!(mistakes(&dark).await.starts_with("theme.logo: is required with logoDark"));
    let blank = format!(r#"{{"scope": "read", "theme": {{"name": " ", "logo": "{WIDE}"}}}}"#);
    assert_eq!(mistakes(&blank).await, "theme.name: must be 1 to 40 visible characters");
}

/// The pass has the mark alone, and the logo is there for as long as the last session of the link.
#[tokio::test]
async fn a_logo_is_kept_beside_the_pass_and_written_once_a_week() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    let system = FakeSystem::at(now());
    let body = format!(
        r#"{{"scope": "read", "theme": {{"name": "Fernhill", "logo": "{WIDE}", "font": "serif"}}}}"#
    );
    let issued = async || {
        let key = KEY.into();
        let link = link((&registry, &ledger), &system, &key, &acme(), &body).await.unwrap();
        let asked = (Purpose::Link, link.pass.expose_secret());
        let (pass, _) = admit(&registry, asked, (&ring(), system.now()), &acme()).await.unwrap();
        assert!(link.pass.expose_secret().len() < 600, "the picture is not in it");
        let mark = pass.look.logo.clone().unwrap();
        let (logo, until) = ledger.logo(&mark.hash).await.unwrap().unwrap();
        assert_eq!((logo.media_type(), logo.mark()), ("image/svg+xml", &mark));
        assert!(until >= link.expires_at + SESSION_LASTS);
        (mark, pass.look.font, until)
    };
    let (mark, font, first) = issued().await;
    assert_eq!((mark.width, mark.height, font), (1_000, 333, Font::Serif));
    system.pass(SignedDuration::from_hours(6 * 24));
    assert_eq!(issued().await.2, first, "nothing was written");
    system.pass(SignedDuration::from_hours(2 * 24));
    let (_, _, then) = issued().await;
    assert_eq!(then, first + SignedDuration::from_hours(8 * 24), "it was nearly over");
}

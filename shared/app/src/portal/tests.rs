use hooklane_domain::access::portal::Mode;
use secrecy::ExposeSecret as _;

use super::*;
use crate::fakes::{FakeSystem, MemoryRegistry};

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
    link(registry, &FakeSystem::at(now()), &KEY.into(), &acme(), body).await
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
        (r#"{"scope": "read", "theme": {"logo": "x"}}"#, "theme.logo"),
        (r#"{"scope": "read", "theme": []}"#, "theme"),
    ] {
        let found = mistakes(body).await;
        assert!(found.contains(named), "{body}: {found}");
    }
}

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;

use super::*;
use crate::fakes::{FakeSystem, MemoryRegistry};

const DAY: i64 = 86_400;

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn system() -> FakeSystem {
    FakeSystem::at("2024-01-15T10:30:00Z".parse().unwrap())
}

async fn made(
    registry: &MemoryRegistry,
    system: &FakeSystem,
    by: &Principal,
    scopes: &str,
) -> Result<IssuedKey, KeyError> {
    let body = format!(r#"{{"name":"CI","scopes":{scopes}}}"#);
    create(registry, system, by, (&acme(), 50), &body).await
}

fn holder(scopes: &[Scope]) -> Principal {
    Principal::Token { tenant: acme(), scopes: scopes.iter().copied().collect() }
}

fn read(text: &SecretString) -> KeyText {
    KeyText::parse(text.expose_secret()).unwrap()
}

#[tokio::test]
async fn a_new_key_is_stored_as_a_hash_and_its_text_opens_it() {
    let (registry, system) = (MemoryRegistry::default(), system());
    let issued =
        made(&registry, &system, &Principal::Operator, r#"["events:publish"]"#).await.unwrap();
    let text = read(&issued.text);
    let stored = registry.key(&text.tenant, text.id).await.unwrap().unwrap();
    assert_eq!(stored, issued.key);
    assert_eq!(stored.verify(&text.secret, system.now()), Ok(()));
    let shown = format!("{issued:?}");
    let text = issued.text.expose_secret();
    let secret = &text[text.len() - 50..text.len() - 7];
    assert!(!shown.contains(secret), "{shown}");
    let another =
        made(&registry, &system, &Principal::Operator, r#"["events:publish"]"#).await.unwrap();
    assert_ne!((another.key.id, another.key.hash), (issued.key.id, issued.key.hash));
}

#[tokio::test]
async fn every_mistake_of_a_new_key_is_named() {
    let (registry, system) = (MemoryRegistry::default(), system());
    for (body, paths) in [
        ("{}", vec!["name", "scopes"]),
        (r#"{"name":"","scopes":["all"]}"#, vec!["name", "scopes[0]"]),
        (r#"{"name":1,"scopes":[]}"#, vec!["name", "scopes"]),
        (r#"{"name":null,"scopes":null}"#, vec!["name", "scopes"]),
        (
            r#"{"name":"a","scopes":["keys:read"],"expiresAt":"2024-01-15T10:30:00Z"}"#,
            vec!["expiresAt"],
        ),
        (r#"{"name":"a","scopes":["keys:read"],"expiresAt":"soon"}"#, vec!["expiresAt"]),
        (r#"{"name":"a","scopes":["keys:read"],"colour":1}"#, vec!["colour"]),
        ("[]", vec![""]),
        ("", vec![""]),
    ] {
        let made = create(&registry, &system, &Principal::Operator, (&acme(), 50), body).await;
        let Err(KeyError::Invalid(errors)) = made else { panic!("{body}") };
        let found: Vec<_> = errors.into_vec().into_iter().map(|e| e.path).collect();
        assert_eq!(found, paths, "{body}");
    }
    let body = r#"{"name":"a","scopes":["keys:read"],"expiresAt":"2024-01-15T10:30:00.001Z"}"#;
    let made = create(&registry, &system, &Principal::Operator, (&acme(), 50), body).await.unwrap();
    assert_eq!(made.key.expires_at, Some("2024-01-15T10:30:00.001Z".parse().unwrap()));
}

/// What a principal lacks it cannot take from a key that has it, whichever way.
#[tokio::test]
async fn nobody_gets_a_secret_with_more_scopes_than_they_have() {
    let (registry, system) = (MemoryRegistry::default(), system());
    for given in Scope::ALL {
        for held in Scope::ALL {
            let by = holder(&[Scope::WriteKeys, held]);
            let wanted = format!(r#"["keys:write","{}"]"#, given.as_str());
            let fits = given == held || given == Scope::WriteKeys;
            let created = made(&registry, &system, &by, &wanted).await;
            assert_eq!(created.is_ok(), fits, "{held:?} creates {given:?}");
            let theirs = made(&registry, &system, &Principal::Operator, &wanted).await.unwrap().key;
            let rotated = rotate(&registry, &system, &by, (&acme(), theirs.id), "").await;
            assert_eq!(rotated.is_ok(), fits, "{held:?} rotates {given:?}");
            if let Err(KeyError::Beyond { holder, scope }) = rotated {
                assert_eq!((holder, scope), ("token", given));
                let stored = registry.key(&acme(), theirs.id).await.unwrap().unwrap();
                assert_eq!(stored, theirs, "nothing was written");
            }
            revoke(&registry, &acme(), theirs.id).await.unwrap();
            if let Ok(created) = created {
                revoke(&registry, &acme(), created.key.id).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_until_the_overlap_ends() {
    let (registry, system) = (MemoryRegistry::default(), system());
    let by = Principal::Operator;
    let first = made(&registry, &system, &by, r#"["keys:read"]"#).await.unwrap();
    let place = (&acme(), first.key.id);
    let second = rotate(&registry, &system, &by, place, "").await.unwrap();
    assert_eq!(second.key.id, first.key.id);
    let valid = async |text: &SecretString| {
        let text = read(text);
        let stored = registry.key(&text.tenant, text.id).await.unwrap().unwrap();
        stored.verify(&text.secret, system.now()).is_ok()
    };
    assert!(valid(&first.text).await && valid(&second.text).await);
    let third = rotate(&registry, &system, &by, place, r#"{"overlapSeconds":60}"#).await;
    assert!(matches!(third, Err(KeyError::Overlapping(_))));
    system.pass(SignedDuration::from_secs(DAY));
    assert!(!valid(&first.text).await && valid(&second.text).await);
    let third = rotate(&registry, &system, &by, place, r#"{"overlapSeconds":0}"#).await.unwrap();
    assert!(!valid(&second.text).await && valid(&third.text).await);
    for bad in
        [r#"{"overlapSeconds":604801}"#, r#"{"overlapSeconds":-1}"#, r#"{"overlapSeconds":"1"}"#]
    {
        let Err(KeyError::Invalid(errors)) = rotate(&registry, &system, &by, place, bad).await
        else {
            panic!("{bad}")
        };
        assert_eq!(errors.as_slice()[0].path, "overlapSeconds");
    }
}

#[tokio::test]
async fn a_key_is_renamed_and_revoked() {
    let (registry, system) = (MemoryRegistry::default(), system());
    let key = made(&registry, &system, &Principal::Operator, r#"["keys:read"]"#).await.unwrap().key;
    let place = (&acme(), key.id);
    let renamed = rename(&registry, place, r#"{"name":"Build"}"#).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.revision), ("Build", 2));
    assert_eq!(rename(&registry, place, "{}").await.unwrap().name.as_str(), "Build");
    for bad in [r#"{"name":null}"#, r#"{"name":""}"#, r#"{"scopes":[]}"#, ""] {
        assert!(matches!(rename(&registry, place, bad).await, Err(KeyError::Invalid(_))), "{bad}");
    }
    revoke(&registry, &acme(), key.id).await.unwrap();
    assert!(matches!(revoke(&registry, &acme(), key.id).await, Err(KeyError::Missing)));
    assert!(matches!(rename(&registry, place, "{}").await, Err(KeyError::Missing)));
    let rotated = rotate(&registry, &system, &Principal::Operator, place, "").await;
    assert!(matches!(rotated, Err(KeyError::Missing)));
}

use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::scope::Scope;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};

const STANDARD: (&str, &str) =
    ("standard.toml", include_str!("../../../../contracts/standard.toml"));

const CATALOG: &str = r#"
description = "All"
source = "Us"
[types."a"]
category = "all"
description = "One"
sample = '{}'
schema = '{}'
"#;

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn settings(body: &str) -> Result<TenantSettings, Vec<String>> {
    let contracts = Contracts::load([STANDARD]).unwrap();
    let catalogs = Catalogs::load([("hooklane.toml", CATALOG)]).unwrap();
    let rules = SettingsRules { contracts: &contracts, catalogs: &catalogs };
    read(body, rules, &Tenant::unknown(acme()))
        .map_err(|e| e.into_vec().into_iter().map(|e| e.path).collect())
}

#[test]
fn a_setting_that_is_left_out_takes_its_default() {
    assert_eq!(settings("{}"), Ok(TenantSettings::default()));
    let all = settings(
        r#"{"contract":"standard","catalog":"hooklane","strict":true,"requestsPerMinute":0,"paused":true,
            "testInbox":false}"#,
    )
    .unwrap();
    assert_eq!(all.contract.unwrap().as_str(), "standard");
    assert_eq!(all.catalog.unwrap().as_str(), "hooklane");
    assert_eq!((all.strict, all.rate_limit, all.paused), (true, Some(0), true));
    assert!(all.inbox_off && !settings(r#"{"testInbox":true}"#).unwrap().inbox_off);
}

#[test]
fn every_wrong_setting_is_reported() {
    for (body, paths) in [
        (r#"{"contract":"nonsense","catalog":"none"}"#, vec!["contract", "catalog"]),
        (r#"{"strict":"yes","paused":1}"#, vec!["strict", "paused"]),
        (r#"{"requestsPerMinute":-1}"#, vec!["requestsPerMinute"]),
        (r#"{"rateLimit":1000001}"#, vec!["rateLimit"]),
        (r#"{"testInbox":"off"}"#, vec!["testInbox"]),
        (r#"{"colour":1}"#, vec!["colour"]),
        ("[]", vec![""]),
    ] {
        assert_eq!(settings(body), Err(paths.into_iter().map(str::to_owned).collect()), "{body}");
    }
}

#[tokio::test]
async fn a_token_carries_the_requested_scopes_and_its_tenants_generation() {
    let registry = MemoryRegistry::default();
    let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
    let system = FakeSystem::at(now);
    let key: SecretString = "the-key-of-tokens".into();
    registry.revoke_tokens(&acme()).await.unwrap();
    let stores = (&registry, &MemoryLedger::default());
    let quotas = Quotas::default();
    let issue = async |body: &str| issue_token(stores, &system, &key, &quotas, &acme(), body).await;

    let one = issue(r#"{"scopes":["webhooks:read"]}"#).await.unwrap().claims;
    assert_eq!(one.scopes, [Scope::ReadWebhooks].into_iter().collect());
    assert_eq!(one.expires_at.as_second() - now.as_second(), 3_600);
    assert_eq!((one.generation, &one.tenant), (1, &acme()));

    let some = issue(r#"{"scopes":["events:publish","events:publish"],"expiresIn":60}"#).await;
    let some = some.unwrap();
    assert_eq!(some.claims.scopes, [Scope::PublishEvents].into_iter().collect());
    let ring = KeyRing::parse("the-key-of-tokens").unwrap();
    let read = TokenClaims::verify(secrecy::ExposeSecret::expose_secret(&some.token), &ring, now);
    assert_eq!(read, Ok(some.claims));

    for (body, path) in [
        ("", "scopes"),
        ("{}", "scopes"),
        (r#"{"expiresIn":60}"#, "scopes"),
        (r#"{"scopes":[]}"#, "scopes"),
        (r#"{"scopes":["webhooks:read","everything"]}"#, "scopes[1]"),
        (r#"{"scopes":["keys:read"],"expiresInSeconds":59}"#, "expiresInSeconds"),
        (r#"{"scopes":["keys:read"],"expiresIn":86401}"#, "expiresIn"),
        (r#"{"scopes":["keys:read"],"tenant":"other"}"#, "tenant"),
    ] {
        let Err(IssueTokenError::Invalid(errors)) = issue(body).await else { panic!("{body}") };
        assert_eq!(errors.as_slice()[0].path, path, "{body}");
    }
}

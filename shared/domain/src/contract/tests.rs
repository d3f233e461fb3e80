use jiff::Timestamp;
use secrecy::SecretString;

use super::*;
use crate::event::Content;
use crate::ids::{DeliveryId, WebhookId};
use crate::json::RawJson;
use crate::webhook::{CustomHeaders, Essentials, Webhook};

mod extends;
mod mistakes;
mod templates;

const STANDARD: &str = include_str!("../../../../contracts/standard.toml");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The contract of the first file, which may extend the others.
fn contract(files: &[(&str, &str)]) -> Result<Contract, InvalidContract> {
    let contracts = Contracts::load(files.iter().copied())?;
    let name = files[0].0.trim_end_matches(".toml").parse().unwrap();
    Ok(contracts.get(&name).unwrap().clone())
}

fn standard() -> Contract {
    contract(&[("standard.toml", STANDARD)]).unwrap()
}

fn webhook(headers: &[(&str, &str)]) -> Webhook {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), SecretString::from(*v))).collect();
    Webhook {
        name: "Hook".to_owned(),
        headers: CustomHeaders::from_stored(headers),
        ..Webhook::new(Essentials {
            id: WebhookId::new(at("2024-01-15T10:00:00Z"), 1),
            tenant: "t1".parse().unwrap(),
            url: crate::target::TargetUrl::from_stored("https://example.com/hook").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at("2024-01-15T10:00:00Z"),
        })
    }
}

fn content(data: &str) -> Content {
    Content {
        event_type: "user.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: Some(at("2024-01-15T10:30:00.5Z")),
        version: None,
        test: false,
    }
}

fn request(contract: &Contract, webhook: &Webhook, data: &str) -> WireRequest {
    request_of(contract, webhook, &content(data))
}

fn request_of(contract: &Contract, webhook: &Webhook, content: &Content) -> WireRequest {
    let delivery =
        DeliveryId::new(webhook.id, at("2024-01-15T10:30:01Z"), "evt-1".parse().unwrap());
    contract.request(Subject {
        content,
        delivery: &delivery,
        webhook,
        attempt: 1,
        at: at("2024-01-15T10:30:02Z"),
    })
}

#[test]
fn standard_on_the_wire() {
    let request =
        request(&standard(), &webhook(&[]), r#"{"n": 1234567890123456789, "s": "\u00e9"}"#);
    insta::assert_snapshot!(request.body, @r#"{"type":"user.created","timestamp":"2024-01-15T10:30:00.500Z","data":{"n":1234567890123456789,"s":"\u00e9"}}"#);
    let headers: Vec<_> = request.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    insta::assert_snapshot!(headers.join("\n"), @r"
    Content-Type: application/json
    User-Agent: Hooklane/1.0
    webhook-id: evt-1
    webhook-signature: v1,6rSAEvvyU6CPgzQmgCKnZ5JuS8iq2i251JiQX9dI8yU=
    webhook-timestamp: 1705314602
    ");
}

#[test]
fn what_is_shown_of_a_request_gives_no_secret_away() {
    let request =
        request(&standard(), &webhook(&[("Authorization", "Bearer secret")]), r#"{"a":1}"#);
    let shown = format!("{:?}", request.shown_headers);
    assert!(shown.contains("***") && !shown.contains("Bearer"));
    let signature = &request.headers.iter().find(|(n, _)| n == "webhook-signature").unwrap().1;
    assert!(!shown.contains(signature.as_str()) && shown.contains(&signature[..12]));
}

#[test]
fn a_webhooks_own_user_agent_wins() {
    let request = request(&standard(), &webhook(&[("user-agent", "Mine/1.0")]), "{}");
    let agents: Vec<_> = request
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case("user-agent"))
        .map(|(_, v)| v.as_str())
        .collect();
    assert_eq!(agents, ["Mine/1.0"]);
}

#[test]
fn custom_headers_are_checked() {
    let contract = standard();
    let check = |name: &str, value: &str| {
        CustomHeaders::new(vec![(name.to_owned(), value.to_owned())], &contract)
    };
    assert!(check("X-Custom-Header", "custom-value").is_ok());
    assert!(check("User-Agent", "YourApp/1.0").is_ok());
    assert!(check("Authorization", "Bearer x").is_ok());
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("x:", "x"),
        ("Host", "x"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Webhook-Signature", "x"),
        ("X-A", "a\r\nb: c"),
        ("X-A", "é"),
        ("X-A", "\u{0}"),
    ] {
        assert!(check(name, value).is_err(), "{name}: {value}");
    }
    let twice = vec![("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())];
    assert!(CustomHeaders::new(twice, &contract).is_err());
}

use secrecy::SecretString;

use super::*;
use crate::event::Content;
use crate::ids::{DeliveryId, WebhookId};
use crate::json::RawJson;
use crate::webhook::{CustomHeaders, Webhook, WebhookState};
use jiff::Timestamp;

const STANDARD: &str = include_str!("../../../../contracts/standard.toml");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn standard() -> Contract {
    Contract::load("standard.toml", STANDARD).unwrap()
}

fn webhook(headers: &[(&str, &str)]) -> Webhook {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), SecretString::from(*v))).collect();
    Webhook {
        id: WebhookId::new(at("2024-01-15T10:00:00Z"), 1),
        tenant: "t1".parse().unwrap(),
        name: "Hook".to_owned(),
        description: None,
        url: crate::target::TargetUrl::from_stored("https://example.com/hook").unwrap(),
        events: vec!["*".parse().unwrap()],
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        headers: CustomHeaders::from_stored(headers),
        retry_policy: None,
        test_mode: false,
        state: WebhookState::Active,
        created_at: at("2024-01-15T10:00:00Z"),
        updated_at: at("2024-01-15T10:00:00Z"),
        revision: 1,
    }
}

fn request(contract: &Contract, webhook: &Webhook, data: &str) -> WireRequest {
    let content = Content {
        event_type: "user.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: Some(at("2024-01-15T10:30:00.5Z")),
        version: None,
        test: false,
    };
    let delivery =
        DeliveryId::new(webhook.id, at("2024-01-15T10:30:01Z"), "evt-1".parse().unwrap());
    contract.request(Subject {
        content: &content,
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
fn a_mistake_is_named_with_file_line_and_what_was_expected() {
    for (from, to, line, expected) in [
        ("{event.type}", "{event.kind}", 5, "unknown placeholder {event.kind}"),
        ("{event.timestamp:rfc3339ms}", "{event.timestamp}", 5, "needs a format"),
        ("\"data\": \"{event.data}\"", "\"data\": \"{attempt.number}\"", 5, "may not stand"),
        ("\"data\": \"{event.data}\" }", "\"data\": ", 5, "must be a JSON template"),
        ("timeout_seconds = 20", "timeout_seconds = 31", 13, "must be from 1 to 30"),
        ("gone_disables = true", "gone_disables = 1", 15, "expected a boolean"),
        ("gone_disables = true", "gone_disables = true\ncolour = 1", 16, "unknown field"),
        ("webhook-id = ", "\"webhook id\" = ", 19, "is not a header's name"),
        ("webhook-signature = \"{signature}\"", "x = \"y\"", 17, "no header carries"),
        (
            "signed = \"{event.id}",
            "signed = \"{event.version}",
            26,
            "may not stand in what is signed",
        ),
        (".{body}\"", "\"", 26, "must contain the {body}"),
        ("\"v1,{signature}\"", "\"v1\"", 28, "must contain the {signature}"),
        ("\"hmac-sha256\"", "\"md5\"", 24, "unknown variant"),
        ("schedule = [5, ", "schedule = [0, ", 10, "must be from 1 to 86400"),
    ] {
        let text = STANDARD.replace(from, to);
        assert_ne!(text, STANDARD, "{from}");
        let error = Contract::load("standard.toml", &text).unwrap_err();
        assert!(error.message.contains(expected), "{from} -> {to}: {error}");
        assert_eq!(error.line, line, "{from} -> {to}: {error}");
        assert_eq!(error.file, "standard.toml");
    }
    assert!(Contract::load("My Contract.toml", STANDARD).is_err());
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

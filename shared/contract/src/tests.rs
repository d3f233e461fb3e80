//! Contracts as their files make them. How requests look under the contracts of this build is tested in
//! `hooklane-bundled-contracts`.

mod answers;
mod extends;
mod fuzz;
mod mistakes;
mod outlines;
mod portal;
mod requests;
mod templates;

use std::time::Duration;

use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::target::TargetUrl;
use jiff::Timestamp;
use secrecy::SecretString;

use super::*;
use hooklane_domain::event::Content;
use hooklane_domain::ids::{ContractName, DeliveryId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::{CustomHeaders, Essentials, Webhook};

const STANDARD: &str = include_str!("../../../contracts/standard.toml");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The contract of the first file, which may extend the others.
fn contract(files: &[(&str, &str)]) -> Result<Contract, InvalidContract> {
    let contracts = Contracts::load(files.iter().copied())?;
    let name = files[0].0.trim_end_matches(".toml").parse().unwrap();
    Ok(contracts.get(&name).unwrap().clone())
}

/// A cold start reads no contract.
#[test]
fn contracts_of_a_build_are_read_when_they_are_asked_for() {
    let contracts =
        Contracts::of_checked(&[("standard.toml", STANDARD), ("unreadable.toml", "no TOML")]);
    let contracts = contracts.unwrap();
    let names: Vec<_> = contracts.names().map(ContractName::as_str).collect();
    assert_eq!(names, ["standard", "unreadable"]);
    let get = |name: &str| contracts.get(&name.parse().unwrap()).map(Contract::description);
    assert_eq!(get("standard"), Some(standard().description()));
    assert_eq!(get("none"), None);
    assert!(std::panic::catch_unwind(|| get("unreadable")).is_err());
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
            url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
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

//! Reads the body of a registration, with the documents' synonyms.

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::contract::{Contract, ContractName};
use hooklane_domain::fields::{FieldErrors, Fields};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::retry::RetryPolicy;
use hooklane_domain::secret::SigningSecret;
use hooklane_domain::subscription::Subscription;
use hooklane_domain::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Webhook, WebhookState};

use super::Rules;

/// What a new webhook has that its tenant does not say.
pub(super) struct Identity {
    pub(super) id: WebhookId,
    pub(super) tenant: TenantId,
    pub(super) now: Timestamp,
    pub(super) secret: [u8; 32],
}

const DEFAULT_CONTRACT: &str = "standard";
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_000;
const MAX_EVENTS: usize = 100;

pub(super) fn webhook(
    body: &str,
    rules: Rules<'_>,
    identity: Identity,
) -> Result<Webhook, FieldErrors> {
    let mut fields = Fields::of("", body)?;
    let name = text(&mut fields, "name", 1, MAX_NAME);
    let description = text(&mut fields, "description", 0, MAX_DESCRIPTION);
    let url = read_url(&mut fields, rules);
    let events = read_events(&mut fields);
    let secret = fields.parse::<SigningSecret>(&["secret"]);
    let contract = read_contract(&mut fields, rules);
    let headers = read_headers(&mut fields, contract);
    let retry_policy = read_policy(&mut fields);
    let state = read_state(&mut fields);
    let test_mode = fields
        .read::<bool>(&["testMode", "test_mode"], "true or false")
        .unwrap_or(false);
    fields.finish()?;
    let (Some(url), Some(contract)) = (url, contract) else {
        return Err(FieldErrors::one("", "is incomplete"));
    };
    let Identity {
        id,
        tenant,
        now,
        secret: random,
    } = identity;
    Ok(Webhook {
        id,
        tenant,
        name: name.unwrap_or_else(|| url.host().to_owned()),
        description,
        url,
        events,
        secret: secret.unwrap_or_else(|| SigningSecret::generate(contract.secret_form(), random)),
        contract: contract.name().clone(),
        headers,
        retry_policy,
        test_mode,
        state,
        created_at: now,
        updated_at: now,
    })
}

fn text(fields: &mut Fields, name: &str, least: usize, most: usize) -> Option<String> {
    let text = fields.read::<String>(&[name], "a string")?;
    if (least..=most).contains(&text.chars().count()) {
        return Some(text);
    }
    fields.error(name, format!("must have {least} to {most} characters"));
    None
}

fn read_url(fields: &mut Fields, rules: Rules<'_>) -> Option<TargetUrl> {
    if !fields.has(&["url"]) {
        fields.error("url", "is required");
        return None;
    }
    let text = fields.read::<String>(&["url"], "a string")?;
    TargetUrl::parse(&text, rules.network)
        .map_err(|e| fields.error("url", e.to_string()))
        .ok()
}

fn read_events(fields: &mut Fields) -> Vec<Subscription> {
    if !fields.has(&["events"]) {
        fields.error("events", "is required");
        return Vec::new();
    }
    let names = fields.read::<Vec<String>>(&["events"], "a list of event types");
    let Some(names) = names else {
        return Vec::new();
    };
    if names.is_empty() || names.len() > MAX_EVENTS {
        fields.error("events", format!("must name 1 to {MAX_EVENTS} event types"));
    }
    let mut events: Vec<Subscription> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(event) if events.contains(&event) => {}
            Ok(event) => events.push(event),
            Err(_) => fields.error(
                &format!("events[{i}]"),
                "must be an event type such as user.created, user.* or *",
            ),
        }
    }
    events
}

fn read_contract<'a>(fields: &mut Fields, rules: Rules<'a>) -> Option<&'a Contract> {
    let name = match fields.read::<String>(&["contract"], "a string") {
        Some(name) => name,
        None if fields.has_error("contract") => return None,
        None => DEFAULT_CONTRACT.to_owned(),
    };
    let found = name
        .parse::<ContractName>()
        .ok()
        .and_then(|name| rules.contracts.get(&name));
    if found.is_none() {
        let names: Vec<_> = rules.contracts.names().map(ContractName::as_str).collect();
        fields.error("contract", format!("must be one of {}", names.join(", ")));
    }
    found
}

fn read_headers(fields: &mut Fields, contract: Option<&Contract>) -> CustomHeaders {
    let headers = fields
        .read::<BTreeMap<String, String>>(&["headers"], "an object of strings")
        .unwrap_or_default();
    let Some(contract) = contract else {
        return CustomHeaders::default();
    };
    match CustomHeaders::new(headers.into_iter().collect(), contract) {
        Ok(headers) => headers,
        Err(errors) => {
            for (name, error) in errors {
                let path = if name.is_empty() {
                    "headers"
                } else {
                    &format!("headers.{name}")
                };
                fields.error(path, error.to_string());
            }
            CustomHeaders::default()
        }
    }
}

fn read_policy(fields: &mut Fields) -> Option<RetryPolicy> {
    let field = fields.take(&["retryPolicy", "retry_policy"])?;
    match RetryPolicy::read(&field.path, field.raw.get()) {
        Ok(policy) => Some(policy),
        Err(errors) => {
            fields.merge(errors);
            None
        }
    }
}

/// `active`, `isActive` and `status` say the same.
fn read_state(fields: &mut Fields) -> WebhookState {
    let active = fields.read::<bool>(&["active", "isActive", "is_active"], "true or false");
    let status = fields.read::<String>(&["status"], "a string");
    let status = match status.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => {
            fields.error("status", "must be active or inactive");
            None
        }
    };
    if active.is_some() && status.is_some() {
        fields.error("status", "says the same as active; send one of them");
    }
    if active.or(status).unwrap_or(true) {
        WebhookState::Active
    } else {
        WebhookState::Inactive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hooklane_domain::contract::Contracts;
    use hooklane_domain::network::NetworkRules;

    fn read(body: &str) -> Result<Webhook, FieldErrors> {
        let files = [(
            "standard.toml",
            include_str!("../../../../contracts/standard.toml"),
        )];
        let contracts = Contracts::load(files).unwrap();
        let network = NetworkRules::default();
        let now = Timestamp::UNIX_EPOCH;
        let identity = Identity {
            id: WebhookId::new(now, 1),
            tenant: "t1".parse().unwrap(),
            now,
            secret: [7; 32],
        };
        webhook(
            body,
            Rules {
                contracts: &contracts,
                network: &network,
            },
            identity,
        )
    }

    fn paths(body: &str) -> Vec<String> {
        read(body)
            .unwrap_err()
            .into_vec()
            .into_iter()
            .map(|e| e.path)
            .collect()
    }

    #[test]
    fn the_least_that_is_needed() {
        let webhook =
            read(r#"{"url":"https://example.com/hook","events":["user.created"]}"#).unwrap();
        assert_eq!(webhook.name, "example.com");
        assert!(webhook.secret.expose().starts_with("whsec_"));
        assert!(webhook.state.is_active() && !webhook.test_mode);
    }

    #[test]
    fn the_documents_words_are_understood() {
        let body = |extra: &str| {
            format!(
                r#"{{"url":"https://example.com/","events":["*"],"secret":"your-webhook-secret"{extra}}}"#
            )
        };
        for off in [
            r#","active":false"#,
            r#","isActive":false"#,
            r#","status":"inactive""#,
        ] {
            assert!(!read(&body(off)).unwrap().state.is_active(), "{off}");
        }
        let webhook = read(&body(
            r#","name":"N","description":"D","testMode":true,"headers":{"User-Agent":"YourApp/1.0"},
               "retry_policy":{"max_attempts":3,"backoff_strategy":"linear"}"#,
        ))
        .unwrap();
        assert_eq!(webhook.retry_policy.unwrap().max_retries(), 2);
        assert!(webhook.test_mode && !webhook.headers.is_empty());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        assert_eq!(paths("{}"), ["url", "events"]);
        assert_eq!(
            paths(
                r#"{"name":"","url":"http://example.com","events":["a b","*"],"secret":"short",
                    "contract":"nonsense","retryPolicy":{"maxRetries":11},"colour":"red"}"#
            ),
            [
                "name",
                "url",
                "events[0]",
                "secret",
                "contract",
                "retryPolicy.maxRetries",
                "colour"
            ]
        );
        assert_eq!(
            paths(r#"{"url":"https://e.com","events":[],"headers":{"Host":"x","A":"ok"}}"#),
            ["events", "headers.Host"]
        );
        assert_eq!(paths(r#"{"url":7,"events":"*"}"#), ["url", "events"]);
    }
}

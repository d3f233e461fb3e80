//! Prints the request of a sample event under a contract: `make contract FILE=contracts/x.toml`.
//!
//! It is part of this crate, whose build does not read `contracts/`, so that it can show a mistake
//! there. It also reads the files that the named one extends. A mistake is one line, `file:line:
//! message`, and the exit code is 1.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use hooklane_contract::{Contract, Contracts, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::event::Content;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, RetiringSecret, Webhook};

type Failure = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]
fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("name a contract file: make contract FILE=contracts/standard.toml");
        return ExitCode::from(2);
    };
    match shown(Path::new(&file)) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(mistake) => {
            eprintln!("{mistake}");
            ExitCode::FAILURE
        }
    }
}

fn shown(path: &Path) -> Result<String, Failure> {
    let read =
        |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = (name(path), read(path)?);
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut files = vec![own];
    // The loader reports a file that is not TOML, or that extends a missing one, with its line.
    while let Some(extended) = files.last().and_then(|(_, text)| extended_by(text)) {
        let file = format!("{extended}.toml");
        let Ok(text) = read(&folder.join(&file)) else { break };
        if files.iter().any(|(known, _)| *known == file) {
            break;
        }
        files.push((file, text));
    }
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let contracts =
        Contracts::load(texts).map_err(|mistake| format!("{}/{mistake}", folder.display()))?;
    let contract = files[0].0.trim_end_matches(".toml").parse().ok();
    let contract =
        contract.and_then(|name| contracts.get(&name)).ok_or("there is no such contract")?;
    describe(contract)
}

fn extended_by(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    table.get("extends")?.as_str().map(str::to_owned)
}

fn describe(contract: &Contract) -> Result<String, Failure> {
    let secret = match contract.secret_form() {
        SecretForm::Whsec => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        SecretForm::Text => "your-webhook-secret",
    };
    let hook = webhook(contract, secret)?;
    let retiring = |old: &str| -> Result<Webhook, Failure> {
        let until = at("2024-02-01T00:00:00Z")?;
        let retiring_secret = Some(RetiringSecret { secret: old.parse()?, until });
        Ok(Webhook { retiring_secret, ..hook.clone() })
    };
    let limit = contract.rate_limit();
    let mut text = format!(
        "# {}: {}\n# An attempt takes at most {} s; retries: {}; rate limit: {}; a 410 {}.\n\n{}\n\n{}",
        contract.name(),
        contract.description(),
        contract.timeout().as_secs(),
        contract.retry().to_json(),
        limit.map_or_else(
            || "none".to_owned(),
            |l| format!("{} in {} s", l.requests(), l.per_seconds())
        ),
        if contract.gone_disables() { "disables the webhook" } else { "is retried" },
        wire(contract, &hook)?,
        contract.explain_signature(secret),
    );
    let old = "the-secret-before-it";
    text += &format!(
        "\n\n# While the secret is rotated from {old:?}, the signature headers are:\n{}",
        signature_headers(contract, &retiring(old)?)?
    );
    if contract.has_ed25519() {
        let key = SigningSecret::generate_ed25519([7; 32]);
        let public = key.public_key().unwrap_or_default();
        let asymmetric = Webhook { secret: key, ..hook };
        text += &format!(
            "\n\n# Signed with Ed25519; verify it with {public}:\n{}",
            signature_headers(contract, &asymmetric)?
        );
    }
    Ok(text)
}

fn wire(contract: &Contract, webhook: &Webhook) -> Result<String, Failure> {
    let (headers, body) = request(contract, webhook)?;
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Ok(format!("POST {}\n{}\n\n{body}", webhook.url, headers.join("\n")))
}

/// The headers that differ under another secret.
fn signature_headers(contract: &Contract, hook: &Webhook) -> Result<String, Failure> {
    let other =
        Webhook { secret: "quite-another-secret".parse()?, retiring_secret: None, ..hook.clone() };
    let (plain, _) = request(contract, &other)?;
    let (headers, _) = request(contract, hook)?;
    let signed = headers.into_iter().filter(|header| !plain.contains(header));
    Ok(signed.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"))
}

type Wire = (Vec<(String, String)>, String);

fn request(contract: &Contract, webhook: &Webhook) -> Result<Wire, Failure> {
    let content = Content {
        event_type: "order.created".parse()?,
        data: RawJson::parse(r#"{"orderId":"A-1","total":99.90,"note":"Größe"}"#)?,
        metadata: Some(RawJson::parse(r#"{"source":"api"}"#)?),
        timestamp: Some(at("2024-01-15T10:30:00Z")?),
        version: None,
        test: false,
    };
    let delivery = DeliveryId::new(webhook.id, at("2024-01-15T10:30:01Z")?, "evt-1".parse()?);
    let request = contract.request(Subject {
        content: &content,
        delivery: &delivery,
        webhook,
        attempt: 1,
        at: at("2024-01-15T10:30:02Z")?,
    });
    Ok((request.headers, request.body))
}

fn webhook(contract: &Contract, secret: &str) -> Result<Webhook, Failure> {
    let created_at = at("2024-01-15T10:00:00Z")?;
    Ok(Webhook::new(Essentials {
        id: WebhookId::new(created_at, 1),
        tenant: "acme".parse()?,
        url: TargetUrl::from_stored("https://example.com/hook")?,
        events: vec!["*".parse()?],
        secret: secret.parse()?,
        contract: contract.name().clone(),
        created_at,
    }))
}

fn at(text: &str) -> Result<Timestamp, Failure> {
    Ok(text.parse()?)
}

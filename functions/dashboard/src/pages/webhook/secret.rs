//! The page with a webhook's secret. Nothing else shows it.

use askama::Template;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_contract::Contract;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::secret::SecretForm;
use secrecy::ExposeSecret as _;

use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, theirs};

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretPage {
    frame: Frame,
    here: String,
    name: Html,
    title: &'static str,
    secret: String,
    public_key: Option<String>,
    until: Option<Html>,
    how: String,
    receivers: Vec<(&'static str, &'static str)>,
}

/// The page with a webhook's secret. Nothing else shows it.
pub(in crate::pages) fn secret<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: &Webhook,
    title: &'static str,
) -> Result<Response, Oops> {
    let contract = portal.deps.contracts.get(&webhook.contract);
    let form = contract.map_or(SecretForm::Text, Contract::secret_form);
    let shown = webhook.secret.shown(form);
    let retiring = webhook.retiring_secret.as_ref().filter(|old| visitor.now < old.until);
    page(&SecretPage {
        frame: Frame::new(visitor, Place::Webhooks, title),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        title,
        secret: shown.expose_secret().to_owned(),
        public_key: webhook.secret.public_key(),
        until: retiring.map(|old| visitor.writer.time(old.until)),
        how: contract.map(|contract| contract.explain_signature("the secret")).unwrap_or_default(),
        receivers: receivers(webhook.contract.as_str()),
    })
}

/// Receivers to copy, which this repository's tests run.
fn receivers(contract: &str) -> Vec<(&'static str, &'static str)> {
    if contract != "standard" {
        return Vec::new();
    }
    vec![
        ("Node", include_str!("../../../../../docs/receivers/standard/receiver.mjs")),
        ("Python", include_str!("../../../../../docs/receivers/standard/receiver.py")),
        ("PHP", include_str!("../../../../../docs/receivers/standard/receiver.php")),
    ]
}

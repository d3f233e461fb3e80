//! One attempt: the request as its webhook's contract writes it, and what came of it.
//!
//! `delivery` makes the attempts of deliveries by it, `api` those that try a webhook, so that what a
//! test shows is what a delivery does.

use std::time::Duration;

use hooklane_domain::Timestamp;
use hooklane_domain::attempt::Attempt;
use hooklane_domain::contract::{Contract, Contracts, Subject, WireRequest};
use hooklane_domain::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::webhook::Webhook;

use crate::ports::{Post, Sent};

/// Makes an attempt within the time limit that its webhook has; also the webhook's contract, where this
/// deployment has it and it can sign with the webhook's secrets. Without it nothing is sent.
pub async fn make<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
) -> (Attempt, Option<&'a Contract>) {
    make_within(sender, contracts, subject, Duration::MAX).await
}

/// As [`make`], and in no more time than `most`.
pub async fn make_within<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
    most: Duration,
) -> (Attempt, Option<&'a Contract>) {
    let contract = match contract(contracts, subject.webhook, subject.at) {
        Ok(contract) => contract,
        Err(detail) => {
            let outcome = Outcome::Error(AttemptError { kind: ErrorKind::Body, detail });
            let sent = Sent { outcome, took: Duration::ZERO };
            return (attempt(subject, Vec::new(), sent), None);
        }
    };
    let request: WireRequest = contract.request(subject);
    let shown = request.shown_headers.clone();
    let limit = contract.timeout_of(subject.webhook).min(most);
    let sent = sender.post(&subject.webhook.url, request, limit).await;
    (attempt(subject, shown, sent), Some(contract))
}

fn attempt(subject: Subject<'_>, request_headers: Vec<(String, String)>, sent: Sent) -> Attempt {
    Attempt {
        number: subject.attempt,
        at: subject.at,
        duration_ms: u32::try_from(sent.took.as_millis()).unwrap_or(u32::MAX),
        request_headers,
        outcome: sent.outcome,
    }
}

/// The webhook's contract; or what is wrong with it, fit to be shown to the webhook's owner.
fn contract<'a>(
    contracts: &'a Contracts,
    webhook: &Webhook,
    now: Timestamp,
) -> Result<&'a Contract, String> {
    let contract = contracts
        .get(&webhook.contract)
        .ok_or_else(|| format!("the contract {} is not in this deployment", webhook.contract))?;
    let mut secrets = std::iter::once(&webhook.secret).chain(webhook.retiring_at(now));
    secrets.try_for_each(|secret| contract.accepts(secret)).map_err(|e| e.to_string())?;
    Ok(contract)
}

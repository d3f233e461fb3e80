//! One attempt: the request that the webhook's contract writes, and its outcome.
//!
//! `delivery` makes the attempts of deliveries with it and `api` makes test attempts, so that a test
//! shows what a delivery does.

use std::borrow::Cow;
use std::time::Duration;

use hooklane_contract::{Contract, Contracts, Subject, WireRequest};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::event::Content;
use hooklane_domain::expression::{Failure, Input};
use hooklane_domain::webhook::Webhook;

use crate::ports::{Destination, Post, Sent};

/// Makes an attempt within the webhook's time limit. Also returns the webhook's contract, if this deployment
/// has it and it can sign with the webhook's secrets. Without a contract nothing is sent.
pub async fn make<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
) -> (Attempt, Option<&'a Contract>) {
    make_within(sender, contracts, subject, Duration::MAX).await
}

/// The same as [`make`], but takes at most `most`.
pub async fn make_within<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
    most: Duration,
) -> (Attempt, Option<&'a Contract>) {
    let ready = contract(contracts, subject.webhook, subject.at);
    let ready = ready.and_then(|contract| Ok((contract, shaped(subject)?)));
    let (contract, content) = match ready {
        Ok(ready) => ready,
        Err(error) => {
            let sent = Sent { outcome: Outcome::Error(error), took: Duration::ZERO };
            return (attempt(subject, Vec::new(), sent), None);
        }
    };
    let request: WireRequest = contract.request(Subject { content: &content, ..subject });
    let shown = request.shown_headers.clone();
    let limit = contract.timeout_of(subject.webhook).min(most);
    let Webhook { url, target_cidrs, .. } = subject.webhook;
    let to = Destination { url, only: target_cidrs.as_ref() };
    let sent = sender.post(to, request, limit).await;
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

/// The webhook's contract, or an error that its owner may see.
fn contract<'a>(
    contracts: &'a Contracts,
    webhook: &Webhook,
    now: Timestamp,
) -> Result<&'a Contract, AttemptError> {
    let unwritable = |detail| AttemptError { kind: ErrorKind::Body, detail };
    let contract = contracts.get(&webhook.contract).ok_or_else(|| {
        unwritable(format!("the contract {} is not in this deployment", webhook.contract))
    })?;
    let mut secrets = std::iter::once(&webhook.secret).chain(webhook.retiring_at(now));
    let accepted = secrets.try_for_each(|secret| contract.accepts(secret));
    accepted.map_err(|e| unwritable(e.to_string()))?;
    Ok(contract)
}

/// The event as the webhook gets it. Whether the filter lets the event through was decided at fan-out, and
/// who requests an attempt by hand may overrule that. So only a filter that fails stops the attempt.
fn shaped(subject: Subject<'_>) -> Result<Cow<'_, Content>, AttemptError> {
    let Subject { content, delivery, webhook, .. } = subject;
    if webhook.filter.is_none() && webhook.transform.is_none() {
        return Ok(Cow::Borrowed(content));
    }
    let input = Input::new(delivery.event(), &webhook.tenant, content, delivery.accepted_at());
    let broken = |what: &str, failure: &Failure| AttemptError {
        kind: ErrorKind::Transform,
        detail: format!("{what}: {failure}"),
    };
    if let Some(filter) = &webhook.filter {
        filter.passes(&input).map_err(|failure| broken("filter", &failure))?;
    }
    let Some(transform) = &webhook.transform else { return Ok(Cow::Borrowed(content)) };
    let data = transform.apply(&input).map_err(|failure| broken("transform", &failure))?;
    Ok(Cow::Owned(Content { data, ..content.clone() }))
}

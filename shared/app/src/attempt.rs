//! One attempt: sends the request as the webhook's contract formats it, and returns the outcome.
//!
//! `delivery` uses it for deliveries and `api` for test attempts, so that a test attempt shows what a delivery
//! would do.

use std::borrow::Cow;
use std::time::Duration;

use hooklane_contract::{Contract, Contracts, Subject, WireRequest};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::event::Content;
use hooklane_domain::expression::{Budget, Cost, Failure, Input};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::headers::without_echoes;
use hooklane_domain::webhook::target::TargetUrl;

use crate::evaluation;
use crate::ports::{Destination, Post, Sent};

/// Makes an attempt within the webhook's timeout. Also returns the webhook's contract, if this deployment has
/// it and it can sign with the webhook's secrets. Otherwise nothing is sent, and the attempt fails.
pub async fn make<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
) -> (Attempt, Option<&'a Contract>) {
    made(sender, contracts, subject, (Duration::MAX, |_: &WireRequest| ())).await.0
}

/// A request that was sent, as whoever may change the webhook may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    pub url: TargetUrl,
    /// Byte for byte.
    pub body: String,
}

/// Like [`make`], with a time limit of at most `max`. Also returns what was sent, `None` if nothing was.
pub(crate) async fn make_and_show<'a>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
    max: Duration,
) -> ((Attempt, Option<&'a Contract>), Option<SentRequest>) {
    let url = subject.webhook.url.clone();
    let note = |request: &WireRequest| SentRequest { url, body: request.body.clone() };
    made(sender, contracts, subject, (max, note)).await
}

/// Makes an attempt, and notes of its request what `note` makes of it.
async fn made<'a, T>(
    sender: &impl Post,
    contracts: &'a Contracts,
    subject: Subject<'_>,
    (max, note): (Duration, impl FnOnce(&WireRequest) -> T),
) -> ((Attempt, Option<&'a Contract>), Option<T>) {
    let (request, contract) = match write(contracts, subject).await {
        Ok(written) => written,
        Err(error) => {
            let sent =
                Sent { outcome: Outcome::Error(error), remarks: Vec::new(), took: Duration::ZERO };
            return ((attempt(subject, (Vec::new(), 0), sent), None), None);
        }
    };
    let shown = (request.shown_headers.clone(), request.body.len());
    let noted = note(&request);
    let limit = contract.timeout_of(subject.webhook).min(max);
    let to = Destination::from(subject.webhook);
    let mut sent = sender.post(to, request, limit).await;
    if let Outcome::Answered(response) = sent.outcome {
        sent.outcome = Outcome::Answered(without_echoes(response, &subject.webhook.headers));
    }
    ((attempt(subject, shown, sent), Some(contract)), Some(noted))
}

/// The request of an attempt, byte for byte, and the contract that wrote it; or why there is none, which the
/// tenant may see.
pub(crate) async fn write<'a>(
    contracts: &'a Contracts,
    subject: Subject<'_>,
) -> Result<(WireRequest, &'a Contract), AttemptError> {
    let contract = contract(contracts, subject.webhook, subject.at)?;
    let content = transformed(subject).await?;
    Ok((contract.request(Subject { content: &content, ..subject }), contract))
}

/// The attempt, by the headers and the length of the body of its request.
fn attempt(
    subject: Subject<'_>,
    (request_headers, body): (Vec<(String, String)>, usize),
    sent: Sent,
) -> Attempt {
    let measure = match subject.content.test {
        true => Measure::Test,
        false => Measure::Body(u32::try_from(body).unwrap_or(u32::MAX)),
    };
    Attempt {
        measure,
        number: subject.attempt,
        at: subject.at,
        duration_ms: u32::try_from(sent.took.as_millis()).unwrap_or(u32::MAX),
        request_headers,
        outcome: sent.outcome,
        remarks: sent.remarks,
    }
}

/// The webhook's contract, or an error that the tenant may see.
fn contract<'a>(
    contracts: &'a Contracts,
    webhook: &Webhook,
    now: Timestamp,
) -> Result<&'a Contract, AttemptError> {
    let no_request = |detail| AttemptError { kind: ErrorKind::Body, detail };
    let contract = contracts.get(&webhook.contract).ok_or_else(|| {
        no_request(format!("the contract {} is not in this deployment", webhook.contract))
    })?;
    let mut secrets = std::iter::once(&webhook.secret).chain(webhook.retiring_at(now));
    let accepted = secrets.try_for_each(|secret| contract.accepts(secret));
    accepted.map_err(|e| no_request(e.to_string()))?;
    Ok(contract)
}

/// The content after the webhook's transform. Fan-out has already applied the filter, and a manual request may
/// overrule it. So the filter's result is ignored here; only an error of the filter stops the attempt.
async fn transformed(subject: Subject<'_>) -> Result<Cow<'_, Content>, AttemptError> {
    let Subject { content, delivery, webhook, .. } = subject;
    let (filter, transform) = (webhook.filter.clone(), webhook.transform.clone());
    if filter.is_none() && transform.is_none() {
        return Ok(Cow::Borrowed(content));
    }
    let input = Input::new(delivery.event(), &webhook.tenant, content, delivery.accepted_at());
    let bytes = input.bytes();
    let of_filter = filter.as_ref().map(|filter| filter.likely_cost(bytes));
    let of_transform = transform.as_ref().map(|transform| transform.likely_cost(bytes));
    let cost = of_filter.into_iter().chain(of_transform).sum::<Cost>();
    let data = evaluation::run(cost, move || {
        let budget = Budget::of_delivery();
        if let Some(filter) = filter {
            filter.passes(&input, &budget).map_err(|failure| failed("filter", &failure))?;
        }
        let data = transform.map(|transform| transform.apply(&input, &budget)).transpose();
        data.map_err(|failure| failed("transform", &failure))
    });
    Ok(match data.await? {
        Some(data) => Cow::Owned(Content { data, ..content.clone() }),
        None => Cow::Borrowed(content),
    })
}

fn failed(what: &str, failure: &Failure) -> AttemptError {
    AttemptError { kind: ErrorKind::Transform, detail: format!("{what}: {failure}") }
}

//! Why a receiver does not verify a delivery: what it has is compared with what was sent.

use hooklane_contract::{Contract, Contracts, Subject, WireRequest};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::comparison::Difference;
use hooklane_domain::delivery::outcome::AttemptError;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, TenantId};
use hooklane_domain::inbox::{Arrival, Verdict};
use hooklane_domain::time::whole_millisecond;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::likeness::{Likeness, likeness};
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};

use super::sent::sent;
use super::{InspectError, find};
use crate::attempt::write;
use crate::ports::{Clock, DeliveryStore, EventStore, WebhookStore};

mod order;

pub use order::CheckOrder;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The attempt that was compared with; `None` if none was made yet, so that it is what one would send now.
    pub attempt: Option<u32>,
    /// Whether this attempt certainly sent what was compared with. It is not certain once the webhook was changed.
    pub is_as_sent: bool,
    /// Absent if no secret was given.
    pub secret: Option<Likeness>,
    /// Absent if no body was given.
    pub body: Option<ComparedBody>,
    /// The headers of the contract that are not as they were sent; empty if none were given.
    pub headers: Vec<OtherHeader>,
    /// What the signature says of what was given, completed by what was sent.
    pub signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedBody {
    pub sent_bytes: usize,
    pub received_bytes: usize,
    /// `None` if they are the same.
    pub difference: Option<Difference>,
}

/// A header that is not as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherHeader {
    pub name: String,
    pub sent: String,
    /// `None` if it is missing.
    pub received: Option<String>,
}

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    Fits,
    /// It fits, for a time that is so many seconds before the attempt, or after it if negative.
    OtherTime(i64),
    Wrong,
    /// The header in which the contract signs is missing.
    Missing,
}

/// Compares what a receiver has with what an attempt of the delivery sent. Nothing of it is stored or logged.
pub async fn check<L: EventStore + DeliveryStore>(
    (webhooks, contracts): (&impl WebhookStore, &Contracts),
    ledger: &L,
    clock: &impl Clock,
    (tenant, id): (&TenantId, &DeliveryId),
    order: &CheckOrder,
) -> Result<Result<Checked, AttemptError>, InspectError> {
    let webhook = webhooks.get(tenant, id.webhook()).await?.ok_or(InspectError::Missing)?;
    let delivery = find(ledger, tenant, id).await?.ok_or(InspectError::Missing)?;
    let event = EventStore::get(ledger, tenant, id.event()).await?;
    let event = event.ok_or(InspectError::EventMissing)?;
    let attempts = ledger.attempts(&delivery).await?;
    let told = sent(contracts, &webhook, (id, Some(&event)), &attempts).await;
    let all = (&delivery, &event, &webhook);
    let now = whole_millisecond(clock.now());
    // The one that is asked for; or the newest to which the headers belong; or the newest.
    let asked = match order.attempt {
        Some(number) => attempts.iter().position(|attempt| attempt.number == number),
        None => attempts.len().checked_sub(1),
    };
    if asked.is_none() && order.attempt.is_some() {
        return Err(InspectError::Missing);
    }
    let mut tried: Vec<_> = asked.into_iter().collect();
    if order.attempt.is_none() && order.headers.is_some() {
        tried.extend((0..attempts.len()).rev().skip(1));
    }
    let mut found = None;
    for at in tried {
        let attempt = &attempts[at];
        let is_as_sent = told[at].is_some();
        let checked = match compared(contracts, all, Some(attempt), (order, now)).await {
            Ok(checked) => Checked { is_as_sent, ..checked },
            Err(error) => return Ok(Err(error)),
        };
        let fits = checked.signature == Signature::Fits;
        if found.is_none() || fits {
            found = Some(checked);
        }
        if fits {
            break;
        }
    }
    match found {
        Some(checked) => Ok(Ok(checked)),
        None => Ok(compared(contracts, all, None, (order, now)).await),
    }
}

/// What was given, beside the request of one attempt.
async fn compared(
    contracts: &Contracts,
    (delivery, event, webhook): (&Delivery, &Event, &Webhook),
    attempt: Option<&Attempt>,
    (order, now): (&CheckOrder, hooklane_domain::Timestamp),
) -> Result<Checked, AttemptError> {
    let (number, at) = attempt.map_or((1, now), |attempt| (attempt.number, attempt.at));
    let content = &event.content;
    let subject = Subject { content, delivery: &delivery.id, webhook, attempt: number, at };
    let (request, contract) = write(contracts, subject).await?;
    let form = contract.secret_form();
    let secret = order.secret.as_ref().map(|text| likeness(webhook, form, text.expose(), at));
    let body = order.body.as_ref().map(|received| ComparedBody {
        sent_bytes: request.body.len(),
        received_bytes: received.len(),
        difference: Difference::between(&request.body, received),
    });
    let headers = order.headers.as_deref().unwrap_or(&request.headers);
    let arrival = Arrival {
        method: "POST",
        headers,
        body: order.body.as_deref().unwrap_or(request.body.as_bytes()),
        at,
    };
    let signature = match believing(webhook, form, order.secret.as_ref(), secret) {
        Some(webhook) => match contracts.verdict(std::slice::from_ref(&webhook), arrival) {
            Verdict::Verified { .. } => Signature::Fits,
            Verdict::Stale { seconds, .. } => Signature::OtherTime(seconds),
            Verdict::NotSigned => Signature::Missing,
            Verdict::WrongSignature | Verdict::NoWebhook => Signature::Wrong,
        },
        None => Signature::Wrong,
    };
    Ok(Checked {
        attempt: attempt.map(|attempt| attempt.number),
        is_as_sent: false,
        secret,
        body,
        headers: others(contract, &request, order.headers.as_deref()),
        signature,
    })
}

/// The webhook with the secret that the receiver has; `None` if no signature can fit that.
fn believing(
    webhook: &Webhook,
    form: SecretForm,
    text: Option<&SigningSecret>,
    likeness: Option<Likeness>,
) -> Option<Webhook> {
    let (Some(text), Some(likeness)) = (text, likeness) else { return Some(webhook.clone()) };
    match likeness {
        Likeness::Same(_) => Some(webhook.clone()),
        // A foreign public key fits nothing. A foreign shared secret is tried all the same: the receiver may have sent
        // the request itself.
        _ if webhook.secret.is_ed25519() => None,
        _ => {
            let secret = text.clone();
            let is_readable = secret.fits(form, false).is_ok();
            let other = Webhook { secret, retiring_secret: None, ..webhook.clone() };
            is_readable.then_some(other)
        }
    }
}

/// The headers that the contract sets, where they are not as they were sent.
fn others(
    contract: &Contract,
    request: &WireRequest,
    received: Option<&[(String, String)]>,
) -> Vec<OtherHeader> {
    let Some(received) = received else { return Vec::new() };
    let is_set = |name: &str| contract.sets_header(&name.to_ascii_lowercase());
    let own = request.headers.iter().filter(|(name, _)| is_set(name));
    let other = |(name, sent): &(String, String)| {
        let found = received.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let received = found.map(|(_, value)| value.clone());
        (received.as_ref() != Some(sent)).then(|| OtherHeader {
            name: name.clone(),
            sent: sent.clone(),
            received,
        })
    };
    own.filter_map(other).collect()
}

#[cfg(test)]
mod tests;

//! What the attempts of a delivery sent. It is not stored: it follows from the event, the webhook and its contract, as
//! long as these are what they were.

use hooklane_contract::{Contracts, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::event::Event;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::time::later;
use hooklane_domain::webhook::Webhook;

use crate::attempt::{SentRequest, write};
use crate::cache::MAX_AGE;

/// The request of these attempts, in their order; `None` where it cannot be told any more, or nothing was sent.
pub(super) async fn sent(
    contracts: &Contracts,
    webhook: &Webhook,
    (delivery, event): (&DeliveryId, Option<&Event>),
    attempts: &[Attempt],
) -> Vec<Option<SentRequest>> {
    let nothing = vec![None; attempts.len()];
    let Some(event) = event else { return nothing };
    if !attempts.iter().any(|attempt| may_be_told(attempt, webhook)) {
        return nothing;
    }
    // A body says nothing of the attempt, so one is that of all.
    let at = webhook.updated_at;
    let content = &event.content;
    let subject = Subject { content, delivery, webhook, attempt: 1, at };
    let Ok((request, _)) = write(contracts, subject).await else { return nothing };
    let told = |attempt: &Attempt| {
        let is_same = match attempt.measure {
            Measure::Body(bytes) => usize::try_from(bytes) == Ok(request.body.len()),
            Measure::Test => true,
            Measure::Unknown => false,
        };
        let is_told = may_be_told(attempt, webhook) && is_same;
        is_told.then(|| SentRequest { url: webhook.url.clone(), body: request.body.clone() })
    };
    attempts.iter().map(told).collect()
}

/// Whether the attempt used the webhook as it is now. For some seconds after a change, an instance may have used the
/// webhook of before.
fn may_be_told(attempt: &Attempt, webhook: &Webhook) -> bool {
    let since: Timestamp = later(webhook.updated_at, MAX_AGE);
    let was_written = attempt
        .outcome
        .error()
        .is_none_or(|error| !matches!(error.kind, ErrorKind::Body | ErrorKind::Transform));
    attempt.at >= since && was_written
}

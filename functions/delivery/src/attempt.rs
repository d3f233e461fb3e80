//! Third stage: makes the attempt.

use std::sync::Arc;
use std::time::Duration;

use hooklane_app::attempt;
use hooklane_app::ports::Clock as _;
use hooklane_contract::{Contract, Subject};
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::time::later;
use hooklane_domain::webhook::Webhook;

use crate::admit::Ready;
use crate::context::Context;
use crate::ports::Ports;

/// An attempt that was made, and what `settle` needs to decide what happens next.
pub(crate) struct Made {
    pub(crate) attempt: Attempt,
    pub(crate) webhook: Arc<Webhook>,
    /// The circuit of the webhook before the attempt.
    pub(crate) circuit: Circuit,
    /// Whether a 410 disables the webhook.
    pub(crate) gone_disables: bool,
    /// The retry policy of the webhook's contract. `None` if this deployment does not have the contract.
    pub(crate) contract_retry: Option<RetryPolicy>,
}

/// Sends the request to the webhook as it was just read. An attempt is kept under its number and its
/// millisecond, so those of `twins` that begin together get one millisecond each.
pub(crate) async fn make<P: Ports>(context: &Context<P>, ready: &Ready, twins: u32) -> Made {
    let subject = Subject {
        content: &ready.content,
        delivery: &ready.delivery.id,
        webhook: &ready.webhook,
        attempt: ready.delivery.next_number(),
        at: later(context.system.now(), Duration::from_millis(twins.into())),
    };
    let (attempt, contract) = attempt::make(&context.sender, &context.contracts, subject).await;
    Made {
        attempt,
        webhook: Arc::clone(&ready.webhook),
        circuit: ready.circuit,
        gone_disables: contract.is_some_and(Contract::gone_disables),
        contract_retry: contract.map(Contract::retry).cloned(),
    }
}

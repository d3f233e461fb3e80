//! The function, with what it remembers between invocations.

use std::time::Duration;

use hooklane_app::cache::Bounded;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use jiff::SignedDuration;

use crate::deps::Deps;
use crate::ports::Ports;

/// A tenant is noted as active again after this time: twice in a day, where the note is kept for weeks.
pub(crate) const NOTED_FOR: Duration = Duration::from_hours(12);

/// The function.
pub struct Stats<P: Ports> {
    pub(crate) ledger: P::Ledger,
    pub(crate) dead_letters: P::DeadLetters,
    pub(crate) system: P::System,
    pub(crate) retention: SignedDuration,
    /// When tenants were last noted as active.
    pub(crate) noted: Bounded<TenantId, Timestamp>,
}

/// The tenants that an instance remembers.
const REMEMBERED: usize = 20_000;

impl<P: Ports> Stats<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        let Deps { ledger, dead_letters, system, retention } = deps;
        Self { ledger, dead_letters, system, retention, noted: Bounded::new(REMEMBERED) }
    }
}

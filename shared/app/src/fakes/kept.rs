use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::inbox::{Flow, KEPT_FOR, KeptRequest, RequestNumber};

/// What the ledger has of one inbox: the requests by their slots.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) flow: Flow,
    pub(super) slots: BTreeMap<u64, KeptRequest>,
}

impl Kept {
    pub(super) fn request(&self, number: u64, now: Timestamp) -> Option<&KeptRequest> {
        let number = RequestNumber(number);
        let there = self.slots.get(&number.slot()).filter(|request| request.number == number);
        there.filter(|request| request.at.saturating_add(KEPT_FOR).is_ok_and(|end| now < end))
    }
}

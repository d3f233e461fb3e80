//! Events are known by their number, which is their id and all that they carry.

use hooklane_domain::ids::EventId;

/// The numbers of the dead receiver's events begin after this one, those of others after 0.
pub(super) const DEAD: u32 = 1 << 31;

/// The number of an event by its id.
pub(crate) fn number_of(event: &EventId) -> Option<u32> {
    event.as_str().parse().ok()
}

/// What an event carries: its number.
pub(crate) fn data_of(number: u32) -> String {
    format!("{{\"order\":{number}}}")
}

pub(super) fn event_id(number: u32) -> Option<EventId> {
    number.to_string().parse().ok()
}

/// Whose event it is, and its place among those.
pub(super) fn place(number: u32) -> (bool, usize) {
    let is_dead = number > DEAD;
    let place = if is_dead { number - DEAD } else { number };
    (is_dead, (place as usize).wrapping_sub(1))
}

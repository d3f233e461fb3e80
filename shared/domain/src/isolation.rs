//! What keeps one receiver's trouble away from the others: whether a delivery is attempted or parked,
//! by its webhook's health and circuit, and how attempts are spaced under a rate limit.

pub mod admission;
pub mod brake;
pub mod circuit;
pub mod health;
pub mod operational;
pub mod recovery;
pub mod slots;

//! Isolation: a failing or slow receiver must not delay the deliveries to others. A webhook's health
//! and circuit decide whether a delivery is attempted or parked, and slots space the attempts under a
//! rate limit.

pub mod admission;
pub mod brake;
pub mod circuit;
pub mod deaths;
pub mod health;
pub mod next_attempt;
pub mod notice;
pub mod operational;
pub mod recovery;
pub mod slots;

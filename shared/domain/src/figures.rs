//! Figures of deliveries: what is counted, in which minute, and what of it may still change.
//!
//! A delivery counts in the minute in which its event was accepted. A [`Bucket`] has the sums of some
//! deliveries. [`settled`] says what of a webhook's minutes is kept, and when it no longer changes. A
//! [`report`] has the figures of a window of time, and [`series`] one figure of it.

mod bucket;
mod histogram;
pub mod report;
pub mod series;
pub mod settled;

pub use bucket::{Bucket, TypeCounts};

#[cfg(test)]
mod tests;

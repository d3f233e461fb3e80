//! What evaluations may use: steps of time, and bytes of memory.
//!
//! A step is 10 ns of a whole processor in the release profile, so about 70 ns of a function with 256 MB,
//! which has 0.145 of one. Every operation is charged a bound of what it takes before it begins.

use crate::event::MAX_EVENT_BYTES;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The steps of one evaluation: 0.1 s of a whole processor, 0.7 s of a function with 256 MB.
pub const MAX_STEPS: u64 = 10_000_000;
/// The bytes that one evaluation may allocate, whether it still needs them or not. With them a function
/// with 256 MB still holds a batch, its caches and the runtime.
pub const MAX_BYTES: u64 = 24 * 1024 * 1024;
/// The steps of all filters of a tenant on one event.
pub const MAX_EVENT_STEPS: u64 = 3 * MAX_STEPS;
/// The steps of all filters of a tenant on all of its events in one batch. A full batch of usual filters
/// takes a small part of them; without a limit, a hundred events could hold up their shard for minutes.
pub const MAX_BATCH_STEPS: u64 = 2 * MAX_EVENT_STEPS;

/// Steps that an expression can need on the largest event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(pub(super) u64);

impl Cost {
    #[must_use]
    pub const fn steps(self) -> u64 {
        self.0
    }

    /// What it can need on an event of that size, as a share of what it can need on the largest.
    #[must_use]
    pub fn on(self, event_bytes: usize) -> Self {
        Self((self.0 / MAX_EVENT_BYTES as u64).saturating_add(1).saturating_mul(event_bytes as u64))
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        Self(costs.fold(0, |all, cost| all.saturating_add(cost.0)))
    }
}

/// What was used of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Of all evaluations together.
    pub steps: u64,
    /// Of the evaluation that allocated most: each one frees its memory at its end.
    pub bytes: u64,
}

/// What the evaluations for one event or delivery may use together. Each of them is also limited by
/// [`MAX_STEPS`] and [`MAX_BYTES`].
#[derive(Debug)]
pub struct Budget {
    allowed: u64,
    steps: AtomicU64,
    bytes: AtomicU64,
    begun: AtomicBool,
}

impl Budget {
    /// For all of a tenant's filters on one event.
    #[must_use]
    pub const fn of_event() -> Self {
        Self::new(MAX_EVENT_STEPS)
    }

    /// For all of a tenant's filters on one event of a batch, of whose [`MAX_BATCH_STEPS`] so many are left.
    #[must_use]
    pub fn of_event_within(left: u64) -> Self {
        Self::new(left.min(MAX_EVENT_STEPS))
    }

    /// For the filter and the transform of one delivery.
    #[must_use]
    pub const fn of_delivery() -> Self {
        Self::new(2 * MAX_STEPS)
    }

    const fn new(allowed: u64) -> Self {
        let (steps, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { allowed, steps, bytes, begun: AtomicBool::new(false) }
    }

    #[must_use]
    pub fn spent(&self) -> Spent {
        Spent {
            steps: self.steps.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// Whether no further evaluation can run.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.left() == 0
    }

    /// Whether less is left than one evaluation may take.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.left() < MAX_STEPS
    }

    /// Whether this is the first evaluation, which also pays for the event as it reads it.
    pub(super) fn begins(&self) -> bool {
        !self.begun.swap(true, Ordering::Relaxed)
    }

    pub(super) fn left(&self) -> u64 {
        self.allowed.saturating_sub(self.steps.load(Ordering::Relaxed))
    }

    pub(super) fn spend(&self, steps: u64, bytes: u64) {
        self.steps.fetch_add(steps, Ordering::Relaxed);
        self.bytes.fetch_max(bytes, Ordering::Relaxed);
    }
}

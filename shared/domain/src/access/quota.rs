//! The API's rate limit of a tenant: so many requests a minute, counted in blocks.
//!
//! Instances lease blocks of a minute's requests from a shared count and hand them out by themselves, so
//! that a request does not cost a write. The price is precision: what an instance leased and did not use
//! is lost to the others until the minute ends.

use jiff::Timestamp;

/// Requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota(u32);

/// A minute, by its number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window(i64);

const SECONDS: i64 = 60;
/// A block is this part of the limit, so that a few instances share it without starving each other.
const BLOCKS: u32 = 20;

impl Quota {
    /// `None` where 0 stands for as many as one likes.
    #[must_use]
    pub fn per_minute(requests: u32) -> Option<Self> {
        (requests > 0).then_some(Self(requests))
    }

    #[must_use]
    pub fn limit(self) -> u32 {
        self.0
    }

    /// How many requests are leased at a time.
    #[must_use]
    pub fn block(self) -> u32 {
        self.0.div_ceil(BLOCKS)
    }
}

impl Window {
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(SECONDS))
    }

    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// When it ends, in Unix seconds.
    #[must_use]
    pub fn ends_at(self) -> i64 {
        (self.0 + 1) * SECONDS
    }
}

/// What an instance holds of a tenant's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    window: Window,
    quota: Quota,
    /// Leased and not handed out.
    left: u32,
    /// Leased by all instances, as far as this one knows.
    leased: u64,
}

/// What to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestDecision {
    Granted,
    /// Nothing is left here: lease a block first.
    Lease,
    Refused,
}

impl Lease {
    #[must_use]
    pub fn new(window: Window, quota: Quota) -> Self {
        Self { window, quota, left: 0, leased: 0 }
    }

    /// Whether it is of this minute and this limit.
    #[must_use]
    pub fn is_of(&self, window: Window, quota: Quota) -> bool {
        self.window == window && self.quota == quota
    }

    /// Takes one request out of what is leased.
    pub fn admit(&mut self) -> RequestDecision {
        if self.left > 0 {
            self.left -= 1;
            RequestDecision::Granted
        } else if self.leased < u64::from(self.quota.limit()) {
            RequestDecision::Lease
        } else {
            RequestDecision::Refused
        }
    }

    /// Adds a block after which `leased` are leased in all; what is over the limit is not handed out.
    pub fn add(&mut self, leased: u64) {
        let limit = u64::from(self.quota.limit());
        let before = leased.saturating_sub(self.quota.block().into());
        let granted = leased.min(limit).saturating_sub(before);
        self.left = self.left.saturating_add(u32::try_from(granted).unwrap_or(u32::MAX));
        self.leased = self.leased.max(leased);
    }

    /// What is left of the minute, as far as this instance knows.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        let limit = u64::from(self.quota.limit());
        let unleased = u32::try_from(limit.saturating_sub(self.leased)).unwrap_or(u32::MAX);
        unleased.saturating_add(self.left).min(self.quota.limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_minute_is_a_window() {
        let window = Window::at("2024-01-15T10:30:59.9Z".parse().unwrap());
        assert_eq!(window, Window::at("2024-01-15T10:30:00Z".parse().unwrap()));
        assert_ne!(window, Window::at("2024-01-15T10:31:00Z".parse().unwrap()));
        let end: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
        assert_eq!(window.ends_at(), end.as_second());
    }

    #[test]
    fn no_limit_is_no_quota() {
        assert_eq!(Quota::per_minute(0), None);
        assert_eq!(Quota::per_minute(1).unwrap().block(), 1);
        assert_eq!(Quota::per_minute(600).unwrap().block(), 30);
    }

    proptest! {
        /// However many instances there are and whichever asks: exactly the limit is granted, and what is
        /// said to remain never grows for one who asks.
        #[test]
        fn all_instances_together_grant_the_limit(
            limit in 1u32..200, asks in proptest::collection::vec(0usize..4, 0..1_000),
        ) {
            let quota = Quota::per_minute(limit).unwrap();
            let mut leases = [Lease::new(Window(1), quota); 4];
            let (mut shared, mut granted) = (0u64, 0u32);
            for instance in asks {
                let lease = &mut leases[instance];
                let mut answer = lease.admit();
                if answer == RequestDecision::Lease {
                    shared += u64::from(quota.block());
                    lease.add(shared);
                    answer = lease.admit();
                }
                let refused = answer != RequestDecision::Granted;
                granted += u32::from(!refused);
                prop_assert!(lease.remaining() <= limit);
                prop_assert!(!refused || lease.remaining() == 0);
            }
            prop_assert!(granted <= limit);
        }

        #[test]
        fn one_instance_grants_all_of_it(limit in 1u32..2_000) {
            let quota = Quota::per_minute(limit).unwrap();
            let mut lease = Lease::new(Window(1), quota);
            let (mut shared, mut granted) = (0u64, 0u32);
            for _ in 0..limit + 50 {
                let mut answer = lease.admit();
                if answer == RequestDecision::Lease {
                    shared += u64::from(quota.block());
                    lease.add(shared);
                    answer = lease.admit();
                }
                granted += u32::from(answer == RequestDecision::Granted);
            }
            prop_assert_eq!(granted, limit);
        }
    }
}

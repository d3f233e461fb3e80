//! A tenant's quota at the API: a number of requests a minute, leased in blocks.
//!
//! Each instance leases blocks of requests from a shared count and grants them on its own, so that a
//! request does not cost a write. The quota is therefore not exact: what one instance leased and did
//! not use is unavailable to the others until the minute ends. An instance therefore leases one request
//! first and then twice as many each time, up to a block: what is lost with it is at most one more than
//! what it granted.

use jiff::Timestamp;

/// A number of requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota(u32);

/// A minute, counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window(i64);

const WINDOW_SECONDS: i64 = 60;
/// The number of blocks in a quota, so that several instances can share it without starving each other.
pub const BLOCKS: u32 = 20;

impl Quota {
    /// A quota; `None` for 0, which means no limit.
    #[must_use]
    pub fn per_minute(requests: u32) -> Option<Self> {
        (requests > 0).then_some(Self(requests))
    }

    #[must_use]
    pub fn limit(self) -> u32 {
        self.0
    }

    /// The most requests in one lease.
    #[must_use]
    pub fn block(self) -> u32 {
        self.0.div_ceil(BLOCKS)
    }
}

impl Window {
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(WINDOW_SECONDS))
    }

    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// The end of the minute, in Unix seconds.
    #[must_use]
    pub fn ends_at(self) -> i64 {
        (self.0 + 1) * WINDOW_SECONDS
    }
}

/// The requests of a tenant's minute that one instance leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    window: Window,
    quota: Quota,
    /// Requests that were leased and not granted yet.
    left: u32,
    /// Requests that all instances leased, as far as this one knows.
    leased: u64,
    /// The number of requests to lease next.
    next: u32,
}

/// What to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestDecision {
    Granted,
    /// No leased request is left: lease this many first.
    Lease(u32),
    Refused,
}

impl Lease {
    #[must_use]
    pub fn new(window: Window, quota: Quota) -> Self {
        Self { window, quota, left: 0, leased: 0, next: 1 }
    }

    /// Whether the lease is for this minute and this quota.
    #[must_use]
    pub fn is_of(&self, window: Window, quota: Quota) -> bool {
        self.window == window && self.quota == quota
    }

    /// Grants one of the leased requests, if one is left.
    pub fn admit(&mut self) -> RequestDecision {
        if self.left > 0 {
            self.left -= 1;
            RequestDecision::Granted
        } else if self.leased < u64::from(self.quota.limit()) {
            RequestDecision::Lease(self.next)
        } else {
            RequestDecision::Refused
        }
    }

    /// Adds `requests`, after which all instances together leased `leased`. What exceeds the quota is not
    /// granted.
    pub fn add(&mut self, requests: u32, leased: u64) {
        let limit = u64::from(self.quota.limit());
        let before = leased.saturating_sub(requests.into());
        let granted = leased.min(limit).saturating_sub(before);
        self.left = self.left.saturating_add(u32::try_from(granted).unwrap_or(u32::MAX));
        self.leased = self.leased.max(leased);
        self.next = requests.saturating_mul(2).min(self.quota.block());
    }

    /// The requests that remain in the minute, as far as this instance knows.
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
    fn a_limit_of_0_is_no_quota() {
        assert_eq!(Quota::per_minute(0), None);
        assert_eq!(Quota::per_minute(1).unwrap().block(), 1);
        assert_eq!(Quota::per_minute(600).unwrap().block(), 30);
    }

    /// The decision about one request, for which the lease takes more of the shared count if needed.
    fn ask(lease: &mut Lease, shared: &mut u64) -> RequestDecision {
        let answer = lease.admit();
        let RequestDecision::Lease(requests) = answer else { return answer };
        *shared += u64::from(requests);
        lease.add(requests, *shared);
        lease.admit()
    }

    /// Every instance grants one request and ends.
    #[test]
    fn finding_05_twenty_instances_that_end_cost_no_more_than_they_granted() {
        let quota = Quota::per_minute(600).unwrap();
        let mut shared = 0;
        for _ in 0..20 {
            let granted = ask(&mut Lease::new(Window(1), quota), &mut shared);
            assert_eq!(granted, RequestDecision::Granted);
        }
        let mut survivor = Lease::new(Window(1), quota);
        let granted =
            (0..600).filter(|_| ask(&mut survivor, &mut shared) == RequestDecision::Granted);
        assert_eq!(granted.count(), 580);
    }

    proptest! {
        /// However the requests are spread over instances, at most the quota is granted, and an
        /// instance that refuses says that nothing remains.
        #[test]
        fn all_instances_together_grant_at_most_the_quota(
            limit in 1u32..200, asks in proptest::collection::vec(0usize..4, 0..1_000),
        ) {
            let quota = Quota::per_minute(limit).unwrap();
            let mut leases = [Lease::new(Window(1), quota); 4];
            let (mut shared, mut granted) = (0u64, 0u32);
            for instance in asks {
                let lease = &mut leases[instance];
                let answer = ask(lease, &mut shared);
                let refused = answer != RequestDecision::Granted;
                granted += u32::from(!refused);
                prop_assert!(lease.remaining() <= limit);
                prop_assert!(!refused || lease.remaining() == 0);
            }
            prop_assert!(granted <= limit);
        }

        /// It grants all of it, and writes at most a few times more than with whole blocks: the logarithm of
        /// a block.
        #[test]
        fn one_instance_grants_the_whole_quota_with_few_writes(limit in 1u32..2_000) {
            let quota = Quota::per_minute(limit).unwrap();
            let mut lease = Lease::new(Window(1), quota);
            let (mut shared, mut granted, mut writes) = (0u64, 0u32, 0u32);
            for _ in 0..limit + 50 {
                let before = shared;
                let answer = ask(&mut lease, &mut shared);
                granted += u32::from(answer == RequestDecision::Granted);
                writes += u32::from(shared != before);
            }
            prop_assert_eq!(granted, limit);
            prop_assert!(writes <= limit.div_ceil(quota.block()) + quota.block().ilog2() + 1);
        }

        /// What an instance takes with it when it ends.
        #[test]
        fn what_is_leased_and_not_granted_is_at_most_one_more_than_what_is_granted(
            limit in 1u32..2_000, asks in 1u32..2_000,
        ) {
            let quota = Quota::per_minute(limit).unwrap();
            let mut lease = Lease::new(Window(1), quota);
            let (mut shared, mut granted) = (0u64, 0u64);
            for _ in 0..asks {
                granted += u64::from(ask(&mut lease, &mut shared) == RequestDecision::Granted);
            }
            prop_assert!(u64::from(lease.left) <= granted + 1);
            prop_assert!(lease.left < quota.block());
        }
    }
}

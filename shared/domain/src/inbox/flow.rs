//! How many requests an inbox takes, and which of them it still has.

use std::ops::Range;

use jiff::Timestamp;

use super::{KEPT, RequestNumber};

/// The most requests of a minute. The API's address is open to everybody, so this bounds what a stranger who
/// knows the URL can have written.
pub const MOST_PER_MINUTE: u32 = 60;
/// The most requests of a day (UTC). It bounds what a URL that is known to the world costs in a month.
pub const MOST_PER_DAY: u32 = 5_000;

/// In seconds.
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// Which of the spans of this length since 1970 it is.
fn number(now: Timestamp, length: i64) -> i64 {
    now.as_second().div_euclid(length)
}

/// The counts of an inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// The number of requests that were ever taken.
    pub taken: u64,
    /// The number of those that were cleared away.
    pub cleared: u64,
    /// The minute of the newest request, counted since 1970, and the requests in it.
    pub minute: i64,
    pub in_minute: u32,
    /// The day of the newest request, counted since 1970, and the requests in it.
    pub day: i64,
    pub in_day: u32,
}

/// Whether an inbox takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It does: this is the request's number, and these are the counts with it.
    Taken(RequestNumber, Flow),
    /// It took as many as it may. The next one is taken in so many seconds.
    Refused { seconds: i64 },
}

impl Flow {
    #[must_use]
    pub fn admit(self, now: Timestamp) -> Admission {
        let (minute, day) = (number(now, MINUTE), number(now, DAY));
        let in_minute = if self.minute == minute { self.in_minute } else { 0 };
        let in_day = if self.day == day { self.in_day } else { 0 };
        let until = if in_day >= MOST_PER_DAY {
            (day + 1) * DAY
        } else if in_minute >= MOST_PER_MINUTE {
            (minute + 1) * MINUTE
        } else {
            let taken = self.taken + 1;
            let flow =
                Self { taken, minute, in_minute: in_minute + 1, day, in_day: in_day + 1, ..self };
            return Admission::Taken(RequestNumber(taken), flow);
        };
        Admission::Refused { seconds: (until - now.as_second()).max(1) }
    }

    /// The numbers of the requests that it may still have.
    #[must_use]
    pub fn numbers(self) -> Range<u64> {
        let oldest = self.cleared.max(self.taken.saturating_sub(KEPT));
        oldest + 1..self.taken + 1
    }

    /// With everything cleared away.
    #[must_use]
    pub fn emptied(self) -> Self {
        Self { cleared: self.taken, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn take(flow: Flow, now: Timestamp) -> Flow {
        match flow.admit(now) {
            Admission::Taken(_, flow) => flow,
            Admission::Refused { seconds } => panic!("refused for {seconds} s at {now}"),
        }
    }

    #[test]
    fn a_minute_and_a_day_have_their_limits() {
        let now = at("2024-01-15T10:30:10Z");
        let mut flow = Flow::default();
        for _ in 0..MOST_PER_MINUTE {
            flow = take(flow, now);
        }
        assert_eq!(flow.admit(now), Admission::Refused { seconds: 50 });
        assert_eq!(flow.admit(at("2024-01-15T10:30:59.9Z")), Admission::Refused { seconds: 1 });
        let mut minute = at("2024-01-15T10:31:00Z");
        while flow.in_day < MOST_PER_DAY {
            flow = take(flow, minute);
            if flow.in_minute == MOST_PER_MINUTE {
                minute += jiff::SignedDuration::from_secs(60);
            }
        }
        assert_eq!(flow.taken, u64::from(MOST_PER_DAY));
        let late = at("2024-01-15T23:59:30Z");
        assert_eq!(flow.admit(late), Admission::Refused { seconds: 30 });
        let next = take(flow, at("2024-01-16T00:00:00Z"));
        assert_eq!((next.in_minute, next.in_day, next.taken), (1, 1, 5_001));
    }

    #[test]
    fn the_newest_hundred_are_kept() {
        let of = |taken, cleared| Flow { taken, cleared, ..Flow::default() }.numbers();
        assert_eq!(of(0, 0), 1..1);
        assert_eq!(of(1, 0), 1..2);
        assert_eq!(of(100, 0), 1..101);
        assert_eq!(of(101, 0), 2..102, "the first one is pushed out");
        assert_eq!(of(150, 120), 121..151);
        assert!(Flow { taken: 150, ..Flow::default() }.emptied().numbers().is_empty());
    }
}

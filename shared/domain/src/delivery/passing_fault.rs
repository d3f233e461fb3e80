//! How long a message is hidden after a fault that passes: a throttled call, a store out of reach, a
//! conflict with other writers.
//!
//! The visibility timeout of a queue is six times the time limit of its function (*AWS Lambda Developer
//! Guide*, "Creating and configuring an Amazon SQS event source mapping"): right for a function that died,
//! and far too long for a fault that has passed in a second.

/// The first wait, in seconds.
pub const SHORTEST_SECONDS: u32 = 10;
/// The longest wait, in seconds.
pub const LONGEST_SECONDS: u32 = 60;
/// A message that was received more often than this is not hidden: its queue's own timeout brings it back.
/// SQS moves a message to the dead-letter queue after 1,000 receipts at most, and an outage of days must
/// not use them up.
pub const PATIENCE: u32 = 300;

/// For how many seconds a message is hidden that was received `receives` times, this time included. `None`
/// if it is left to the visibility timeout of its queue.
#[must_use]
pub fn hide_seconds(receives: u32) -> Option<u32> {
    if receives > PATIENCE {
        return None;
    }
    let doublings = receives.saturating_sub(1).min(3);
    Some((SHORTEST_SECONDS << doublings).min(LONGEST_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_fault_waits_grow_from_ten_seconds_to_a_minute_with_the_receipts() {
        for (receives, seconds) in [
            (0, Some(10)),
            (1, Some(10)),
            (2, Some(20)),
            (3, Some(40)),
            (4, Some(60)),
            (PATIENCE, Some(60)),
            (PATIENCE + 1, None),
            (u32::MAX, None),
        ] {
            assert_eq!(hide_seconds(receives), seconds, "{receives}");
        }
    }

    #[test]
    fn passing_fault_waits_leave_an_outage_three_days_before_sqs_gives_a_message_up() {
        let receipts = 1..=1_000;
        let seconds = receipts.map(|receives| u64::from(hide_seconds(receives).unwrap_or(360)));
        assert!(seconds.sum::<u64>() > 3 * 24 * 3_600);
    }
}

//! Figures that the template and the functions keep to themselves. A test compares them with their source.

use jiff::SignedDuration;

use crate::scenario::{MINUTE, Millis, SECOND};

/// `template.yaml`, `Concurrency`: instances for first attempts, and for retries.
pub const MEDIUM: [usize; 2] = [50, 20];
pub const LARGE: [usize; 2] = [400, 200];
/// `BatchSize` of both.
pub const BATCH: usize = 10;
/// `VisibilityTimeout` of both queues, in seconds.
pub const QUEUE_VISIBILITY_SECONDS: u32 = 360;

/// `delivery`: what was read is used so long …
pub(crate) const MEMORY: Millis = 5 * SECOND;
/// … and what was seen of a webhook is written at most so often.
pub(crate) const CARE_REST: Millis = 10 * SECOND;

/// `upkeep` begins so often …
pub(crate) const UPKEEP_EVERY: Millis = MINUTE;
/// … and ends after so long.
pub(crate) const UPKEEP_SLICE: Millis = 50 * SECOND;
/// One look releases at most so many of a webhook …
pub(crate) const MOST_RELEASED: usize = 5_000;
/// … in pages of so many …
pub(crate) const RELEASE_PAGE: usize = 100;
/// … of which so many are worked on at once.
pub(crate) const RELEASES_AT_ONCE: usize = 32;
/// A webhook of which nothing is to be done is looked at so often.
pub(crate) const LOOK_REST: Millis = 15 * MINUTE;
/// So long a mark keeps a webhook on the list …
pub(crate) const MARK_RESPECTED: Millis = 15 * MINUTE;
/// … and so long it makes the next run look.
pub(crate) const MARK_FRESH: Millis = 2 * MINUTE;
/// Overdue by so long, the message of a delivery counts as lost.
pub(crate) const LOST: SignedDuration = SignedDuration::from_secs(3_600);
/// From the end of one sweep to the beginning of the next.
pub(crate) const SWEEP_REST: Millis = 15 * MINUTE;
/// A look sweeps so many deliveries.
pub(crate) const SWEEP_PAGES: usize = 5;
pub(crate) const SWEEP_PAGE: usize = 200;

// Assumptions about time, on the safe side of what the tables and queues of AWS take.

/// From the acceptance of an event to its message: Lambda asks each shard of a stream four times a second.
pub(crate) const FAN_OUT: std::ops::Range<Millis> = 20..270;
/// What a batch takes without any attempt.
pub(crate) const BOOKKEEPING: Millis = 20;
/// Sending one parked delivery again: message, item, pointer.
pub(crate) const RELEASE: Millis = 30;
/// Looking at one webhook.
pub(crate) const LOOK: Millis = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_source() {
        let template = include_str!("../../../template.yaml");
        let care = include_str!("../../../functions/delivery/src/care.rs");
        let memory = include_str!("../../../functions/delivery/src/memory.rs");
        let upkeep = include_str!("../../../functions/upkeep/src/tuning.rs");
        let instances =
            |[first, retries]: [usize; 2]| format!("FirstAttempts: {first}, Retries: {retries}}}");
        for (source, line) in [
            (template, format!("medium: {{Events: 10, {}", instances(MEDIUM))),
            (template, format!("large: {{Events: 50, {}", instances(LARGE))),
            (template, format!("BatchSize: {BATCH}\n")),
            (template, format!("VisibilityTimeout: {QUEUE_VISIBILITY_SECONDS}\n")),
            (memory, "MAX_AGE_MS: i64 = 5_000;".to_owned()),
            (care, "REST_MS: i64 = 10_000;".to_owned()),
            (upkeep, "RUN_TIME: Duration = Duration::from_secs(50);".to_owned()),
            (upkeep, "MAX_RELEASED: usize = 5_000;".to_owned()),
            (upkeep, format!("RELEASE_PAGE: usize = {RELEASE_PAGE};")),
            (upkeep, format!("RELEASES_AT_ONCE: usize = {RELEASES_AT_ONCE};")),
            (upkeep, "LOOK_REST: Duration = Duration::from_secs(15 * 60);".to_owned()),
            (upkeep, "MARK_RESPECTED: Duration = Duration::from_secs(15 * 60);".to_owned()),
            (upkeep, "MARK_FRESH: Duration = Duration::from_secs(2 * 60);".to_owned()),
            (upkeep, "LOST_AFTER: Duration = Duration::from_secs(3_600);".to_owned()),
            (upkeep, "SWEEP_REST: Duration = Duration::from_secs(15 * 60);".to_owned()),
            (upkeep, format!("SWEEP_PAGES: usize = {SWEEP_PAGES};")),
            (upkeep, format!("SWEEP_PAGE: usize = {SWEEP_PAGE};")),
        ] {
            assert!(source.contains(&line), "{line}");
        }
        let in_milliseconds = [MEMORY, CARE_REST, UPKEEP_SLICE, LOOK_REST, MARK_FRESH, SWEEP_REST];
        assert_eq!(in_milliseconds, [5_000, 10_000, 50_000, 900_000, 120_000, 900_000]);
        assert_eq!((MARK_RESPECTED, MOST_RELEASED), (900_000, 5_000));
    }
}

//! The numbers that `upkeep` works by. They are public for the simulation, which works by the same ones.

use std::time::Duration;

/// A run ends after this time. The next one begins a minute after it began.
pub const RUN_TIME: Duration = Duration::from_secs(50);

/// Webhooks that are read from the watch list at once …
pub const WATCHES_PER_PAGE: usize = 100;
/// … and of those, the number that are looked at at the same time.
pub const LOOKS_AT_ONCE: usize = 8;
/// A webhook that has failed lately, and has nothing else to do, is looked at this often.
pub const LOOK_REST: Duration = Duration::from_secs(15 * 60);
/// A webhook stays on the watch list this long after it was marked. The instance that marked it may
/// still be writing what it marked it for.
pub const MARK_RESPECTED: Duration = Duration::from_secs(15 * 60);
/// A webhook that was marked less than this ago is looked at again by the next run. Instances do not
/// mark a webhook for each delivery they park, so one may be parking more.
pub const MARK_FRESH: Duration = Duration::from_secs(2 * 60);

/// Pointers to parked deliveries that are read at once …
pub const RELEASE_PAGE: usize = 100;
/// … and of those, the number that are worked on at the same time.
pub const RELEASES_AT_ONCE: usize = 32;
/// One look releases at most this many deliveries of a webhook, so that others get their turn.
pub const MAX_RELEASED: usize = 5_000;

/// The deliveries that are counted for a report about a webhook that takes deliveries again.
pub const MISSED_PAGE: usize = 1_000;

/// From the end of one sweep of a webhook to the beginning of the next.
pub const SWEEP_REST: Duration = Duration::from_secs(15 * 60);
/// The pages that one look sweeps …
pub const SWEEP_PAGES: usize = 5;
/// … and the deliveries of a page.
pub const SWEEP_PAGE: usize = 200;

/// Failed deliveries that one step of a recovery reads …
pub const RECOVERY_PAGE: usize = 100;
/// … the events of the index …
pub const WALK_PAGE: usize = 400;
/// … and of either, those that are sent together. It bounds the events that are in memory.
pub const RECOVERY_GROUP: usize = 10;
/// What is sent at a pace is sent for the next minute, since the next run comes then.
pub const PACED_AHEAD: Duration = Duration::from_secs(60);
/// A recovery keeps its turn to read the ledger this long: longer than from one run to the next, so that it
/// goes on before another begins.
pub const TURN_KEPT: Duration = Duration::from_secs(5 * 60);
/// One look takes at most this many steps of a recovery, so that others get their turn.
pub const RECOVERY_STEPS: usize = 200;

/// Usage is counted in what is left of this time since the beginning of a run, so that the run ends before the
/// next one begins.
pub const USAGE_ENDS: Duration = Duration::from_secs(56);
/// About the read units that a run takes for each of the two counts. A million deliveries that succeed at once
/// take two to three hundred thousand.
pub const USAGE_READS: u64 = 20_000;

//! What the simulation assumes about time. The figures are on the safe side of what AWS takes.

use std::ops::Range;

use crate::time::Millis;

/// From the acceptance of an event to its message. Lambda asks each shard of a stream four times a second.
pub(crate) const FAN_OUT: Range<Millis> = 20..270;
/// What a batch takes without any attempt: its reads, its writes, and Lambda's own work.
pub(crate) const BATCH_OVERHEAD: Millis = 20;
/// One call of the ledger or of a queue by `upkeep`.
pub(crate) const UPKEEP_CALL: Millis = 10;
/// The first run of `upkeep`.
pub(crate) const FIRST_UPKEEP: Millis = 30_000;
/// A receiver that answers takes a time in this range, evenly spread.
pub(crate) const ANSWERS: Range<Millis> = 80..160;

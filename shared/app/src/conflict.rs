//! Conditional writes that conflict with those of other writers.

use crate::ports::Unavailable;

/// How often a conditional write is tried. One of several concurrent writers succeeds in each round, so this
/// is enough for ten writers.
pub const MAX_TRIES: u32 = 10;

/// Reads, decides and writes again until no other writer was faster, at most `tries` times. `attempt`
/// returns `None` if the condition of its write failed. There is no pause between tries: each conflict
/// means that another writer succeeded, and the next try decides from what it wrote.
pub async fn decide_anew<T, F>(
    tries: u32,
    mut attempt: impl FnMut() -> F,
) -> Result<Option<T>, Unavailable>
where
    F: Future<Output = Result<Option<T>, Unavailable>>,
{
    for _ in 0..tries {
        if let Some(done) = attempt().await? {
            return Ok(Some(done));
        }
    }
    Ok(None)
}

/// The error if even the last try conflicted.
#[must_use]
pub fn always_overtaken(what: &str) -> Unavailable {
    Unavailable::new(what, "other writers were faster each time")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_stops_after_the_first_successful_write_or_the_last_try() {
        for (holds_at, tries, done) in [(1, 3, Some(1)), (3, 3, Some(3)), (4, 3, None)] {
            let count = Cell::new(0);
            let attempt = async || {
                count.set(count.get() + 1);
                Ok((count.get() == holds_at).then(|| count.get()))
            };
            assert_eq!(decide_anew(tries, attempt).await.unwrap(), done, "{holds_at} of {tries}");
            assert_eq!(count.get(), holds_at.min(tries));
        }
    }

    #[tokio::test]
    async fn it_stops_at_an_error() {
        let failed = async || Err::<Option<()>, _>(Unavailable::new("writing", "no answer"));
        assert!(decide_anew(3, failed).await.is_err());
    }
}

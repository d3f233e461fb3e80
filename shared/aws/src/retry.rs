//! Retries with a pause: every call of this crate that is made again, how often, and after how long.
//!
//! The pauses come from the crate `backon`, which is small, maintained, and depends on nothing that the
//! SDK does not bring already. They double from try to try. With jitter each is one to two times as
//! long, at random, so that two callers that collided do not collide again.
//!
//! Three kinds of retries are not here. The SDK itself retries a call that was throttled or got no
//! answer. What failed on the short way, [`crate::direct`], is left to the SDK. And a conditional write
//! that met another writer is not repeated but decided anew, without a pause, by
//! [`hooklane_app::conflict::decide_anew`].

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use hooklane_app::ports::Unavailable;

/// A transaction that conflicted with another one: eight retries, the first after 20 ms.
pub(crate) const TRANSACTION_CONFLICT: ExponentialBuilder = doubling(20, 8).with_jitter();
/// Messages of a batch that SQS did not take: four retries, the first after 50 ms.
pub(crate) const UNSENT_MESSAGES: ExponentialBuilder = doubling(50, 4).with_jitter();
/// Keys of a batch that DynamoDB did not read: five retries, the first after 50 ms.
pub(crate) const UNREAD_KEYS: ExponentialBuilder = doubling(50, 5);
/// Keys of a batch that DynamoDB did not delete: seven retries, the first after 50 ms.
pub(crate) const UNDELETED_KEYS: ExponentialBuilder = doubling(50, 7);

/// New items of a group that DynamoDB did not write: four retries, the first after 50 ms.
pub(crate) const UNWRITTEN_ITEMS: ExponentialBuilder = doubling(50, 4).with_jitter();

const fn doubling(first_ms: u64, times: usize) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_factor(2.0)
        .with_min_delay(Duration::from_millis(first_ms))
        .with_max_times(times)
}

/// What a call that may process only a part of its input answered.
#[derive(Debug)]
pub(crate) struct Answer<T, L> {
    pub(crate) results: Vec<T>,
    /// The part of the input that is not processed yet.
    pub(crate) left: Vec<L>,
}

/// Calls `call` with `all`, then after a pause with what is left, until nothing is left or the retries
/// are used up. Returns the results of every call, and what the last one left.
pub(crate) async fn until_processed<T, L, F>(
    pauses: ExponentialBuilder,
    all: Vec<L>,
    mut call: impl FnMut(Vec<L>) -> F,
) -> Result<Answer<T, L>, Unavailable>
where
    F: Future<Output = Result<Answer<T, L>, Unavailable>>,
{
    let mut answer = call(all).await?;
    for pause in pauses.build() {
        if answer.left.is_empty() {
            break;
        }
        tokio::time::sleep(pause).await;
        let next = call(answer.left).await?;
        answer.results.extend(next.results);
        answer.left = next.left;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(of: ExponentialBuilder) -> Vec<u128> {
        of.build().map(|pause| pause.as_millis()).collect()
    }

    #[test]
    fn pauses_double_from_try_to_try() {
        assert_eq!(pauses(UNREAD_KEYS), [50, 100, 200, 400, 800]);
        assert_eq!(pauses(UNDELETED_KEYS), [50, 100, 200, 400, 800, 1_600, 3_200]);
    }

    #[test]
    fn a_pause_with_jitter_is_one_to_two_times_as_long() {
        for (of, first, times) in
            [(TRANSACTION_CONFLICT, 20, 8), (UNSENT_MESSAGES, 50, 4), (UNWRITTEN_ITEMS, 50, 4)]
        {
            let pauses = pauses(of);
            assert_eq!(pauses.len(), times);
            for (n, pause) in pauses.into_iter().enumerate() {
                let least = first << n;
                assert!((least..=2 * least).contains(&pause), "{pause} ms at try {n}");
            }
        }
    }

    /// Processes one of what it is given.
    async fn one(mut left: Vec<u32>) -> Result<Answer<u32, u32>, Unavailable> {
        Ok(Answer { results: vec![left.remove(0)], left })
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_tried_again_until_nothing_is_left() {
        let began = tokio::time::Instant::now();
        let answer = until_processed(UNREAD_KEYS, vec![1, 2, 3], one).await.unwrap();
        assert_eq!((answer.results, answer.left), (vec![1, 2, 3], vec![]));
        let paused = began.elapsed().as_millis();
        assert!((150..160).contains(&paused), "50 and 100, not {paused}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_try_answers_what_it_left() {
        let answer = until_processed(UNREAD_KEYS, (1..=7).collect(), one).await.unwrap();
        assert_eq!((answer.results.len(), answer.left), (6, vec![7]));
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let failing = async |_| Err::<Answer<(), _>, _>(Unavailable::new("a call", "no answer"));
        assert!(until_processed(UNREAD_KEYS, vec![1], failing).await.is_err());
    }
}

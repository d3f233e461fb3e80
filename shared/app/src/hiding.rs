//! Hiding a received message, so that it comes back when it should and not after its queue's visibility
//! timeout.

use crate::ports::Unavailable;

/// How often the call is made. The SDK repeats each of them.
const TRIES: u32 = 3;

/// Makes a call that hides a message until it succeeds, a few times. If it never does, the message comes back
/// after the queue's visibility timeout: it is late, and not lost.
pub async fn hide<F>(mut call: impl FnMut() -> F)
where
    F: Future<Output = Result<(), Unavailable>>,
{
    for tries_left in (0..TRIES).rev() {
        match call().await {
            Ok(()) => return,
            Err(error) if tries_left == 0 => error.log("message.hide_failed"),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn passing_fault_of_the_call_that_hides_does_not_cost_the_visibility_timeout() {
        for (fails, calls) in [(0, 1), (2, 3), (9, TRIES)] {
            let made = Cell::new(0);
            hide(async || {
                made.set(made.get() + 1);
                match made.get() <= fails {
                    true => Err(Unavailable::new("hiding", "no answer")),
                    false => Ok(()),
                }
            })
            .await;
            assert_eq!(made.get(), calls, "{fails} failures");
        }
    }
}

//! Invocations that can be killed between any two steps.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::chance::Chance;

/// A future that runs to its end, or is dropped after a number of polls. A drop acts like SIGKILL: what
/// the future has done stays done, and it gets no chance to clean up or to answer.
pub(crate) struct Killable<F> {
    body: Option<Pin<Box<F>>>,
    polls_left: Option<usize>,
}

impl<F: Future> Killable<F> {
    pub(crate) fn new(body: F, polls_left: Option<usize>) -> Self {
        Self { body: Some(Box::pin(body)), polls_left }
    }
}

impl<F: Future> Future for Killable<F> {
    /// `None` if it was killed.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.polls_left {
            Some(0) => {
                self.body = None;
                return Poll::Ready(None);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        match self.body.as_mut() {
            Some(body) => body.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

/// Yields zero to two times, so that concurrent invocations interleave as they do while calls wait for a
/// network.
pub(crate) async fn yield_to_others(chance: &Chance) {
    for _ in 0..chance.below(3) {
        tokio::task::yield_now().await;
    }
}

//! A function that may die between any two of its steps.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::chance::Chance;

/// Runs a future to its end, or drops it after a number of polls, as SIGKILL would: what it had done is
/// done, what it had not is not, and nobody is told.
pub(crate) struct Mortal<F> {
    body: Option<Pin<Box<F>>>,
    polls_left: Option<usize>,
}

impl<F: Future> Mortal<F> {
    pub(crate) fn of(body: F, polls_left: Option<usize>) -> Self {
        Self { body: Some(Box::pin(body)), polls_left }
    }
}

impl<F: Future> Future for Mortal<F> {
    /// `None` of one that was killed.
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

/// Lets others of the same moment go first, a few times or not at all: where calls really wait for a
/// network, anything may happen meanwhile.
pub(crate) async fn meanwhile(chance: &Chance) {
    for _ in 0..chance.below(3) {
        tokio::task::yield_now().await;
    }
}

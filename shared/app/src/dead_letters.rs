//! Dead letters for the operator: looked at, sent again, deleted (ADR 83).
//!
//! SQS cannot list a queue. A look takes letters, which hides them from everybody, and gives them back at its end.
//! So each call takes a bounded number, says whether it saw all, and leaves nothing hidden for longer than a minute
//! even if it dies.

use std::collections::HashMap;

use hooklane_domain::dead_letter::{Letter, LetterId, Source};

use crate::ports::{LetterBox, LetterCount, Unavailable};

mod list;
mod order;

pub use list::{Excerpt, LetterPlace, Listed, Listing, list};
pub use order::{Act, Done, KeptLetter, Order, Which, carry_out};

/// How long letters stay hidden if the call that took them dies. Longer than any call lasts.
const HIDDEN_SECONDS: u32 = 60;
/// How often one call takes letters, ten at a time at most.
pub const MAX_TAKES: usize = 30;

/// The letters that one call takes from a queue, each once.
struct Round<'l, L> {
    letters: &'l L,
    source: Source,
    /// What the queue held when the call began.
    count: LetterCount,
    takes: usize,
    /// The newest receipt handle of each letter that is still in the queue.
    taken: HashMap<LetterId, String>,
    is_empty: bool,
}

impl<'l, L: LetterBox> Round<'l, L> {
    async fn begin(letters: &'l L, source: Source) -> Result<Self, Unavailable> {
        let count = letters.letter_count(source).await?;
        Ok(Self { letters, source, count, takes: 0, taken: HashMap::new(), is_empty: false })
    }

    /// Letters that this call has not seen yet, or `None` at the end: the queue handed out none, or enough was
    /// taken.
    async fn next(&mut self) -> Result<Option<Vec<Letter>>, Unavailable> {
        if self.is_empty || self.takes == MAX_TAKES {
            return Ok(None);
        }
        self.takes += 1;
        let mut new = self.letters.take_letters(self.source, HIDDEN_SECONDS).await?;
        self.is_empty = new.is_empty();
        new.retain(|letter| {
            let handle = letter.receipt_handle.clone();
            self.taken.insert(letter.id.clone(), handle).is_none()
        });
        Ok((!self.is_empty).then_some(new))
    }

    /// Whether this call has seen every letter: the queue handed out no more, and nobody else had taken any.
    fn saw_all(&self) -> bool {
        self.is_empty && self.count.hidden == 0
    }

    /// A letter is no longer in the queue.
    fn is_gone(&mut self, id: &LetterId) {
        self.taken.remove(id);
    }

    /// Makes what was taken visible again. If that fails, the letters are back after a minute.
    async fn end(&self) {
        let handles: Vec<_> = self.taken.values().cloned().collect();
        if handles.is_empty() {
            return;
        }
        if let Err(error) = self.letters.give_back(self.source, &handles).await {
            error.log("letters.not_given_back");
        }
    }
}

/// Whether the reason of a letter contains a text.
fn has_reason(letter: &Letter, reason: Option<&str>) -> bool {
    reason.is_none_or(|reason| letter.why().contains(reason))
}

#[cfg(test)]
mod tests;

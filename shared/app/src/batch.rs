//! How a function answers for the messages of its batch.

/// What happens to a message after the function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The message has been handled, and Lambda deletes it.
    Done,
    /// The message stays in its queue and is received again when its visibility timeout ends.
    Stays,
    /// A fault that passes interrupted the work. The message stays, and is hidden for a short while
    /// (`hooklane_domain::delivery::passing_fault`).
    Interrupted,
}

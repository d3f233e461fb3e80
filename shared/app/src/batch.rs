//! What becomes of the messages of a batch.

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It has done its work: Lambda deletes it.
    Done,
    /// It stays in its queue and comes back when its visibility timeout is over.
    Stays,
}

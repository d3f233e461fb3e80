//! Under which condition a client lets something be changed: its `If-Match`.

/// The revisions that may be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Whichever there is.
    #[default]
    Any,
    /// One of those that the client has read.
    OneOf(Vec<u64>),
}

impl Precondition {
    /// Whether something of this revision may be changed.
    pub(crate) fn holds(&self, revision: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

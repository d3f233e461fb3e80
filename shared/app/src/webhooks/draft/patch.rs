//! What a body says of a field that a webhook may do without.

/// The three things that a body can say of such a field, as in a JSON Merge Patch (RFC 7396).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Patch<T> {
    /// The field is absent: it stays as it is.
    #[default]
    Absent,
    /// `null`: the field is removed, and the contract's value holds, if it has one.
    Null,
    Value(T),
}

impl<T> Patch<T> {
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(f(value)?),
        })
    }

    /// The field after the change.
    pub(super) fn over(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Absent => current,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

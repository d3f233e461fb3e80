//! From SDK errors to [`Unavailable`].

use std::error::Error;

use hooklane_app::ports::Unavailable;
pub(crate) use hooklane_app::ports::corrupt;

/// A call to AWS, as an error names it: `DynamoDB GetItem on Ledger`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    /// The table, queue or secret.
    pub(crate) on: &'a str,
}

impl Call<'_> {
    /// Turns an error of this call into [`Unavailable`].
    pub(crate) fn failed<E>(self) -> impl FnOnce(E) -> Unavailable + use<E>
    where
        E: Error + Send + Sync + 'static,
    {
        unavailable(self.to_string())
    }

    /// The error of a call whose answer is not what it should be.
    pub(crate) fn answered(self, why: impl Into<String>) -> Unavailable {
        Unavailable::new(self.to_string(), why.into())
    }
}

impl std::fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} on {}", self.service, self.operation, self.on)
    }
}

/// Turns an error of `what` into [`Unavailable`].
pub(crate) fn unavailable<E>(what: String) -> impl FnOnce(E) -> Unavailable
where
    E: Error + Send + Sync + 'static,
{
    move |cause| Unavailable::new(what, cause)
}

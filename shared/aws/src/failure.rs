//! From SDK errors to [`Unavailable`].

use std::error::Error;

use hooklane_app::ports::Unavailable;
pub(crate) use hooklane_app::ports::corrupt;

/// `what` names the call and what it was made on, such as `DynamoDB GetItem on Ledger`.
pub(crate) fn unavailable<E>(what: String) -> impl FnOnce(E) -> Unavailable
where
    E: Error + Send + Sync + 'static,
{
    move |cause| Unavailable::new(what, cause)
}

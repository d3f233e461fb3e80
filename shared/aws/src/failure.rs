//! From SDK errors to [`Unavailable`].

use std::error::Error;

use hooklane_app::ports::{Corrupt, Unavailable};

/// `what` names the call and what it was made on, such as `DynamoDB GetItem on Ledger`.
pub(crate) fn unavailable<E>(what: String) -> impl FnOnce(E) -> Unavailable
where
    E: Error + Send + Sync + 'static,
{
    move |cause| Unavailable::new(what, cause)
}

pub(crate) fn corrupt(what: impl Into<String>, why: impl ToString) -> Unavailable {
    let what = what.into();
    Unavailable::new(format!("reading {what}"), Corrupt { what, why: why.to_string() })
}

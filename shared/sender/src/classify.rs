//! The kind of failure that an error is.

use std::error::Error;
use std::io;

use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind};

use crate::guard::{BlockedAddress, BoxError, OutsideTargetCidrs, Unresolved};
use crate::meter::TooMuch;

/// An error before a request could be sent.
pub(crate) fn connecting(error: &BoxError) -> AttemptError {
    classify(error.as_ref(), ErrorKind::Connect)
}

/// An error of a connection that was made.
pub(crate) fn answering(error: &io::Error) -> AttemptError {
    classify(error, ErrorKind::Response)
}

/// Whether more came than an attempt may read.
pub(crate) fn is_too_much(error: &io::Error) -> bool {
    find::<TooMuch>(error).is_some()
}

fn classify(error: &(dyn Error + 'static), otherwise: ErrorKind) -> AttemptError {
    let kind = if find::<TooMuch>(error).is_some() {
        ErrorKind::Response
    } else if find::<BlockedAddress>(error).is_some() || find::<OutsideTargetCidrs>(error).is_some()
    {
        ErrorKind::Blocked
    } else if find::<Unresolved>(error).is_some() {
        ErrorKind::Dns
    } else if find::<rustls::Error>(error).is_some() {
        ErrorKind::Tls
    } else {
        otherwise
    };
    AttemptError { kind, detail: innermost(error).chars().take(300).collect() }
}

/// The innermost cause. The webhook's owner reads it, so it names no part of Hooklane.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// The first cause of that type. Looks inside `io::Error`s, too, whose `source` skips what they wrap.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            let inner: &(dyn Error + 'static) = inner;
            if let Some(found) = find::<T>(inner) {
                return Some(found);
            }
        }
        next = cause.source();
    }
    None
}

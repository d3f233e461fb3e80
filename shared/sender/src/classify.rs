//! The kind of failure that an error of the HTTP client is.

use std::error::Error;
use std::io;

use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind};

use crate::guard::{BlockedAddress, OutsideTargetCidrs, Unresolved};

pub(crate) fn error(error: &reqwest::Error) -> AttemptError {
    let kind = kind(error);
    AttemptError { kind, detail: detail(error, kind) }
}

fn kind(error: &reqwest::Error) -> ErrorKind {
    if find::<BlockedAddress>(error).is_some() || find::<OutsideTargetCidrs>(error).is_some() {
        ErrorKind::Blocked
    } else if find::<Unresolved>(error).is_some() {
        ErrorKind::Dns
    } else if find::<rustls::Error>(error).is_some() {
        ErrorKind::Tls
    } else if error.is_timeout() && error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else if error.is_connect() {
        ErrorKind::Connect
    } else {
        ErrorKind::Response
    }
}

/// The innermost cause. The webhook's owner reads it, so it names no part of Hooklane.
fn detail(error: &reqwest::Error, kind: ErrorKind) -> String {
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let text = last.to_string();
    if kind == ErrorKind::Connect && error.is_timeout() {
        return "the connection was not made in time".to_owned();
    }
    text.chars().take(300).collect()
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

//! What is known of an attempt at each moment, and what it comes to when the attempt ends.

use std::time::Duration;

use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::delivery::remark::Remark;

use crate::answer::Cut;
use crate::classify;
use crate::connection::{Broken, Exchange};

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) exchange: Exchange,
    resent: bool,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum End {
    /// No request was sent.
    Unsent(AttemptError),
    /// Everything of the answer that is wanted was read.
    Answered,
    Broken(Broken),
    /// This time limit passed.
    TimeOver(Duration),
}

impl Record {
    /// The request is sent again from its beginning.
    pub(crate) fn resend(&mut self) {
        *self = Self { exchange: Exchange::default(), resent: true };
    }

    /// The status line decides the outcome, however the attempt ended.
    pub(crate) fn result(self, end: End) -> (Outcome, Vec<Remark>) {
        let Self { exchange, resent } = self;
        let mut remarks: Vec<_> = resent.then_some(Remark::Resent).into_iter().collect();
        let cut = match &end {
            End::Unsent(_) | End::Answered => None,
            End::TimeOver(_) => Some(Cut::TimeOver),
            End::Broken(Broken::Closed) => Some(Cut::Closed),
            End::Broken(Broken::TlsClosed) => Some(Cut::TlsClosed),
            End::Broken(Broken::Error(error)) if classify::is_too_much(error) => Some(Cut::TooMuch),
            End::Broken(Broken::Error(_)) => Some(Cut::Broken),
        };
        // A head that never ends is no answer.
        let is_flood = cut == Some(Cut::TooMuch) && !exchange.answer.has_whole_head();
        match exchange.answer.kept(cut) {
            Some((response, remark)) if !is_flood => {
                let unsent = (!exchange.is_sent()).then_some(Remark::RequestTruncated);
                remarks.extend(unsent.into_iter().chain(remark));
                (Outcome::Answered(response), remarks)
            }
            _ => (Outcome::Error(error(&exchange, end)), remarks),
        }
    }
}

/// Why there is no answer.
fn error(exchange: &Exchange, end: End) -> AttemptError {
    let response =
        |detail: &str| AttemptError { kind: ErrorKind::Response, detail: detail.to_owned() };
    match end {
        End::Unsent(error) => error,
        End::TimeOver(limit) => {
            AttemptError { kind: ErrorKind::Timeout, detail: format!("no answer in {limit:?}") }
        }
        _ if exchange.answer.is_garbage() => {
            response("the answer does not begin with a status line")
        }
        End::Broken(Broken::Error(error)) => classify::answering(&error),
        End::Broken(Broken::Closed | Broken::TlsClosed) | End::Answered => {
            match exchange.write_error() {
                Some(error) => classify::answering(error),
                None => response("the connection was closed before an answer came"),
            }
        }
    }
}

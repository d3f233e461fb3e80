//! What attempts were answered, by kind of error and by code.

use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::ErrorKind;

use crate::pages::deliveries::error_word;
use crate::words;

/// What is counted: attempts, or deliveries.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) count: u64,
    /// Whether they failed.
    pub(super) is_bad: bool,
    /// The filter that finds them in the list of deliveries, if there is one.
    pub(super) filter: Option<(&'static str, String)>,
}

impl Named {
    /// Attempts that failed for this reason.
    fn failed(failure: Failure, count: u64) -> Self {
        let filter = match failure {
            Failure::Answer(code) => Some(("code", code.to_string())),
            Failure::Error(kind) => Some(("error", error_word(kind).to_owned())),
            Failure::Other => None,
        };
        Self { name: words::failure(failure), count, is_bad: true, filter }
    }

    /// Attempts of several kinds.
    fn several(name: &str, count: u64, is_bad: bool) -> Self {
        Self { name: name.to_owned(), count, is_bad, filter: None }
    }
}

/// Attempts that did not succeed. All codes are one kind.
pub(super) fn by_kind(failures: &[(Failure, u64)]) -> Vec<Named> {
    let mut answered = 0;
    let mut kinds = Vec::new();
    for (failure, count) in failures {
        match failure {
            Failure::Answer(_) => answered += count,
            other => kinds.push(Named::failed(*other, *count)),
        }
    }
    kinds.push(Named::several("Answered with an error", answered, true));
    kinds
}

/// All attempts that were sent, by what came back. Of those that were accepted the codes are not told apart, and
/// what could not be written was not sent.
pub(super) fn by_code(attempts: u64, failures: &[(Failure, u64)]) -> Vec<Named> {
    let failed: u64 = failures.iter().map(|(_, count)| count).sum();
    let accepted = attempts.saturating_sub(failed);
    let mut codes = vec![Named::several("Accepted (200 to 299)", accepted, false)];
    let mut unanswered = 0;
    for (failure, count) in failures {
        match failure {
            Failure::Error(ErrorKind::Body | ErrorKind::Transform) => {}
            Failure::Error(
                ErrorKind::Dns
                | ErrorKind::Blocked
                | ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Timeout,
            ) => unanswered += count,
            Failure::Error(ErrorKind::Response) | Failure::Answer(_) | Failure::Other => {
                codes.push(Named::failed(*failure, *count));
            }
        }
    }
    codes.push(Named::several("No answer", unanswered, true));
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(named: &[Named]) -> Vec<(&str, u64, bool)> {
        let there = named.iter().filter(|one| one.count > 0);
        there.map(|one| (one.name.as_str(), one.count, one.is_bad)).collect()
    }

    /// The filters of a list of deliveries, as its address has them.
    fn filters(named: &[Named]) -> Vec<String> {
        let there = named.iter().filter_map(|one| one.filter.as_ref());
        there.map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn codes_are_one_kind_of_error_and_errors_without_an_answer_are_one_answer() {
        let failures = [
            (Failure::answered(503).unwrap(), 52),
            (Failure::answered(500).unwrap(), 7),
            (Failure::Error(ErrorKind::Timeout), 13),
            (Failure::Error(ErrorKind::Connect), 4),
            (Failure::Error(ErrorKind::Transform), 6),
        ];
        let kinds = by_kind(&failures);
        let wanted = [
            ("No answer in time", 13, true),
            ("Could not connect", 4, true),
            ("Filter or transform failed", 6, true),
            ("Answered with an error", 59, true),
        ];
        assert_eq!(some(&kinds), wanted);
        let codes = by_code(182, &failures);
        let wanted = [
            ("Accepted (200 to 299)", 100, false),
            ("503 Service Unavailable", 52, true),
            ("500 Internal Server Error", 7, true),
            ("No answer", 17, true),
        ];
        assert_eq!(some(&codes), wanted);
        assert_eq!(filters(&kinds), ["error=timeout", "error=connect", "error=expression"]);
        assert_eq!(filters(&codes), ["code=503", "code=500"]);
        assert!(some(&by_kind(&[])).is_empty() && some(&by_code(0, &[])).is_empty());
    }
}

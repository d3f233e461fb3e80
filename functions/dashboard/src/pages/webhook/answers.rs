//! What attempts were answered, by kind of error and by code.

use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::ErrorKind;

use crate::words;

/// A name, how many attempts there were, and whether they failed.
pub(super) type Named = (String, u64, bool);

/// Attempts that did not succeed. All codes are one kind.
pub(super) fn by_kind(failures: &[(Failure, u64)]) -> Vec<Named> {
    let mut answered = 0;
    let mut kinds = Vec::new();
    for (failure, count) in failures {
        match failure {
            Failure::Answer(_) => answered += count,
            other => kinds.push((words::failure(*other), *count, true)),
        }
    }
    kinds.push(("Answered with an error".to_owned(), answered, true));
    kinds
}

/// All attempts that were sent, by what came back. Of those that were accepted the codes are not told apart, and
/// what could not be written was not sent.
pub(super) fn by_code(attempts: u64, failures: &[(Failure, u64)]) -> Vec<Named> {
    let failed: u64 = failures.iter().map(|(_, count)| count).sum();
    let mut codes =
        vec![("Accepted (200 to 299)".to_owned(), attempts.saturating_sub(failed), false)];
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
                codes.push((words::failure(*failure), *count, true));
            }
        }
    }
    codes.push(("No answer".to_owned(), unanswered, true));
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(named: &[Named]) -> Vec<(&str, u64, bool)> {
        named.iter().filter(|one| one.1 > 0).map(|one| (one.0.as_str(), one.1, one.2)).collect()
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
        assert!(some(&by_kind(&[])).is_empty() && some(&by_code(0, &[])).is_empty());
    }
}

//! Every kind of problem that the API answers with. docs/api.md and `/docs` list them from here.

use lambda_http::http::StatusCode;
use serde::{Serialize, Serializer};

/// The text before the name of each type.
pub(crate) const PREFIX: &str = "urn:hooklane:problem:";

/// Defines the kinds with what is known of each: its statuses (the first is the usual one), its name, its
/// title, and a sentence for the documents.
macro_rules! kinds {
    ($($kind:ident = [$first:ident $(, $other:ident)*] $name:literal, $title:literal, $meaning:literal;)+) => {
        /// The kind of an error. Clients tell errors apart by it, so a name never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)+
        }

        impl Kind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The `type` member of the answer.
            pub(crate) fn urn(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!("urn:hooklane:problem:", $name),)+
                }
            }

            /// The statuses that it is answered with, the usual one first.
            pub(crate) fn statuses(self) -> &'static [StatusCode] {
                match self {
                    $(Self::$kind => &[StatusCode::$first $(, StatusCode::$other)*],)+
                }
            }

            /// The status that it is answered with unless something else decides.
            pub(crate) fn status(self) -> StatusCode {
                match self {
                    $(Self::$kind => StatusCode::$first,)+
                }
            }

            /// The `title` member of the answer.
            pub(crate) fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }

            /// When it is answered, and what to do about it, with code between backticks.
            pub(crate) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)+
                }
            }
        }
    };
}

kinds! {
    BadRequest = [BAD_REQUEST] "bad-request", "Bad request",
        "The path, a header or the body cannot be read.";
    Unauthorized = [UNAUTHORIZED] "unauthorized", "A valid bearer token is required",
        "The request has no valid bearer token.";
    Forbidden = [FORBIDDEN] "forbidden", "Not allowed",
        "The key or token lacks a scope, or the operation is the operator's. Also if a delivery is posted to `/events`.";
    NotFound = [NOT_FOUND] "not-found", "Not found",
        "There is no such thing, or it belongs to another tenant.";
    MethodNotAllowed = [METHOD_NOT_ALLOWED] "method-not-allowed", "The path does not support this method",
        "The path exists, but not with this method.";
    EventConflict = [CONFLICT] "event-conflict", "The event id is already in use",
        "An event with this id but other content was accepted before. Give the new event another id.";
    IdempotencyConflict = [CONFLICT] "idempotency-conflict", "The idempotency key has already been used",
        "The `Idempotency-Key` was used with another body, or its webhook was deleted since. Use a new key.";
    DeliveryEnded = [CONFLICT] "delivery-ended", "The delivery has come to its end",
        "The delivery has ended, so it cannot be retried or cancelled any more.";
    RotationOverlap = [CONFLICT] "rotation-overlap", "The previous secret is still valid",
        "The overlap of the last rotation has not ended. `detail` says when it ends; a rotation with `overlapSeconds` 0 ends it at once.";
    RecoveryRunning = [CONFLICT] "recovery-running", "A recovery is already running",
        "The webhook's recovery has not ended. `GET /webhooks/{webhook}/recover` shows when it is `completed`; `Retry-After` says when to look. `POST …/recover/stop` ends it.";
    NothingToProbe = [CONFLICT] "nothing-to-probe", "There is nothing to probe",
        "The webhook's circuit is closed, a probe is being made, its attempts are stopped for another reason, or none of its deliveries waits. `detail` says which.";
    ExternalIdTaken = [CONFLICT] "external-id-taken", "Another webhook has the externalId",
        "The webhook named by `webhookId` has this `externalId`.";
    EventTypeNotOwn = [CONFLICT] "event-type-not-own", "The event type belongs to the catalog or the platform",
        "A tenant can change only the event types that it added itself.";
    TooManyEventTypes = [CONFLICT] "too-many-event-types", "A quota is used up",
        "The tenant, or the platform, has as many event types as it may. See `quota`, `limit` and `used`.";
    QuotaExceeded = [CONFLICT, UNPROCESSABLE_ENTITY, TOO_MANY_REQUESTS] "quota-exceeded", "A quota is used up",
        "409: the tenant has as much of it as it may. 422: one webhook would have too much of it. 429: it is used up for today (UTC), until the time in `Retry-After`. See `quota`, `limit` and `used`.";
    TenantRemoved = [GONE] "tenant-removed", "The tenant was removed",
        "The tenant was removed. `detail` says from when its id can be used again.";
    PreconditionFailed = [PRECONDITION_FAILED] "precondition-failed", "It has changed since it was read",
        "No tag in `If-Match` is that of the resource as it is now. Read it again.";
    TooLarge = [PAYLOAD_TOO_LARGE] "too-large", "The body is too large",
        "The body, or the payload in it, has more bytes than it may.";
    Invalid = [UNPROCESSABLE_ENTITY] "invalid", "The request is not valid",
        "`errors` lists what is wrong. A `path` is empty where the body as a whole is meant, for example because it is not JSON.";
    RateLimited = [TOO_MANY_REQUESTS] "rate-limited", "Rate limit exceeded",
        "The tenant's keys and tokens made too many requests, or its test inbox got too many. `Retry-After` says when to try again.";
    TooManyTests = [TOO_MANY_REQUESTS] "too-many-tests", "Too many tests at the same time",
        "As many of the tenant's tests run as may. `Retry-After` says when to try again.";
    Internal = [INTERNAL_SERVER_ERROR] "internal", "Internal error",
        "An error that should not happen, for example an item that cannot be read back. The log says more.";
    Unavailable = [SERVICE_UNAVAILABLE] "unavailable", "Temporarily unavailable; try again in a moment",
        "A part does not answer. `Retry-After` says when to try again.";
}

impl Kind {
    /// Its name, which is its type without the prefix.
    pub(crate) fn name(self) -> &'static str {
        self.urn().strip_prefix(PREFIX).unwrap_or_else(|| self.urn())
    }

    /// Its statuses as a text: `409, 422`.
    pub(crate) fn statuses_text(self) -> String {
        let texts: Vec<_> = self.statuses().iter().map(StatusCode::as_str).collect();
        texts.join(", ")
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.urn())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The rows of the table in docs/api.md.
    fn rows() -> String {
        let row = |kind: &Kind| {
            format!("| `{}` | {} | {} |\n", kind.name(), kind.statuses_text(), kind.meaning())
        };
        Kind::ALL.iter().map(row).collect()
    }

    #[test]
    fn the_page_of_the_api_lists_every_kind_with_its_statuses_and_its_meaning() {
        let page = include_str!("../../../../../docs/api.md");
        let begin = page.find("<!-- problem types: begin -->\n").expect("the table has its mark");
        let end = page.find("<!-- problem types: end -->").expect("the table has its mark");
        let printed = &page[begin..end];
        let head = "| `type`, after `urn:hooklane:problem:` | status | means |\n|---|---|---|\n";
        let table = printed.split_once(head).map(|(_, table)| table);
        assert_eq!(table, Some(rows().as_str()), "docs/api.md must have these rows:\n{}", rows());
    }

    #[test]
    fn a_kind_has_one_name_and_a_sentence_and_only_statuses_of_errors() {
        let mut names = BTreeSet::new();
        for kind in Kind::ALL {
            let name = kind.name();
            assert!(names.insert(name), "{name} is not unique");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert_eq!(kind.urn(), format!("{PREFIX}{name}"));
            assert!(!kind.title().is_empty(), "{name}");
            assert!(kind.meaning().ends_with('.') && !kind.meaning().contains('|'), "{name}");
            assert_eq!(kind.statuses().first(), Some(&kind.status()), "{name}");
            for status in kind.statuses() {
                assert!(status.is_client_error() || status.is_server_error(), "{name}: {status}");
            }
        }
    }
}

//! What an attempt's record says beside its outcome.

/// Something about an attempt that does not decide its outcome: the status line does.
///
/// The texts of [`Remark::as_str`] are stored and public: changing one needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// The request went over a connection that was kept from an earlier attempt, that connection ended
    /// before a byte of an answer, and the request was made again over a new one.
    Resent,
    /// The answer came before the whole request had been sent, and the rest could not be sent.
    RequestTruncated,
    /// The answer ended within its headers.
    HeadersTruncated,
    /// The connection ended before the body did.
    BodyTruncated,
    /// The time limit passed before the body ended.
    BodyStalled,
    /// The length or the chunks of the body cannot be read.
    BodyMalformed,
    /// The body is longer than what is read.
    BodyTooLong,
    /// TLS ended without `close_notify` after a body of no stated length (RFC 9112 §9.8).
    TlsTruncated,
}

impl Remark {
    pub const ALL: [Self; 8] = [
        Self::Resent,
        Self::RequestTruncated,
        Self::HeadersTruncated,
        Self::BodyTruncated,
        Self::BodyStalled,
        Self::BodyMalformed,
        Self::BodyTooLong,
        Self::TlsTruncated,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resent => "resent",
            Self::RequestTruncated => "request_truncated",
            Self::HeadersTruncated => "headers_truncated",
            Self::BodyTruncated => "body_truncated",
            Self::BodyStalled => "body_stalled",
            Self::BodyMalformed => "body_malformed",
            Self::BodyTooLong => "body_too_long",
            Self::TlsTruncated => "tls_truncated",
        }
    }

    /// The remark of that name. `None` for one that only a newer version knows.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remark| remark.as_str() == name)
    }

    /// What the webhook's owner reads.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Resent => {
                "a kept connection ended before an answer came, so the request was sent again over a new one"
            }
            Self::RequestTruncated => "the answer came before the whole request had been sent",
            Self::HeadersTruncated => "the answer ended within its headers",
            Self::BodyTruncated => "the connection ended before the body of the answer did",
            Self::BodyStalled => "the time limit passed before the body of the answer ended",
            Self::BodyMalformed => {
                "the length or the chunks of the answer's body could not be read"
            }
            Self::BodyTooLong => {
                "the body of the answer is longer than what is read, so the connection was closed"
            }
            Self::TlsTruncated => {
                "TLS ended without close_notify, so the body of the answer may lack its end"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_remark_has_a_name_of_its_own_that_reads_back() {
        for remark in Remark::ALL {
            assert_eq!(Remark::named(remark.as_str()), Some(remark));
        }
        assert_eq!(Remark::named("of_a_newer_version"), None);
    }
}

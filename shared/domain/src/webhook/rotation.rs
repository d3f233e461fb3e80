//! Rotating a signing secret: a new one replaces the old one, which signs too until the overlap ends.

use std::time::Duration;

use jiff::Timestamp;

use super::{RetiringSecret, Webhook};
use crate::json::fields::Fields;
use crate::time::later;
use crate::webhook::secret::SigningSecret;

/// The default overlap of a rotation, in seconds: a day.
pub const DEFAULT_OVERLAP_SECONDS: u32 = 24 * 3600;
/// The longest overlap of a rotation, in seconds: seven days.
pub const MAX_OVERLAP_SECONDS: u32 = 7 * 24 * 3600;

/// How long the old secret signs beside the new one: 0 to 7 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap(u32);

/// An overlap is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}")]
pub struct InvalidOverlap;

/// Why a secret is not rotated; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    #[error("is the secret that the webhook already has")]
    Same,
    /// A third secret would leave receivers that have the first one without a signature that they can
    /// verify.
    #[error(
        "the overlap of the previous rotation lasts until {0}; rotate with an overlap of 0 to end it"
    )]
    Overlapping(Timestamp),
}

impl Overlap {
    pub fn from_seconds(seconds: u64) -> Result<Self, InvalidOverlap> {
        let seconds = u32::try_from(seconds).ok().filter(|seconds| *seconds <= MAX_OVERLAP_SECONDS);
        seconds.map(Self).ok_or(InvalidOverlap)
    }

    /// Reads the field `overlapSeconds`; a day if it is left out.
    pub fn read(fields: &mut Fields) -> Self {
        let names = ["overlapSeconds", "overlap_seconds"];
        let expected = InvalidOverlap.to_string();
        let expected = expected.trim_start_matches("must be ");
        let seconds = fields.whole(&names, 0..=MAX_OVERLAP_SECONDS.into(), expected);
        seconds.and_then(|seconds| Self::from_seconds(seconds).ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for Overlap {
    /// A day.
    fn default() -> Self {
        Self(DEFAULT_OVERLAP_SECONDS)
    }
}

impl Webhook {
    /// The webhook with a new secret, while the old one retires. With an overlap of 0 the old secret
    /// stops signing at once, and so does one that was still retiring, as needed after a leak.
    ///
    /// The caller checks that the contract has signatures of the new secret's kind.
    pub fn rotated(
        self,
        secret: SigningSecret,
        overlap: Overlap,
        now: Timestamp,
    ) -> Result<Self, RotateError> {
        if secret.expose() == self.secret.expose() {
            return Err(RotateError::Same);
        }
        let retiring_secret = match (&self.retiring_secret, overlap.0) {
            (_, 0) => None,
            (Some(old), _) if now < old.until => return Err(RotateError::Overlapping(old.until)),
            _ => {
                let until = later(now, overlap.duration());
                Some(RetiringSecret { secret: self.secret, until })
            }
        };
        Ok(Self { secret, retiring_secret, updated_at: now, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WebhookId;
    use crate::webhook::Essentials;
    use crate::webhook::target::TargetUrl;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn secret(text: &str) -> SigningSecret {
        text.parse().unwrap()
    }

    fn webhook() -> Webhook {
        Webhook::new(Essentials {
            id: WebhookId::new(at(0), 1),
            tenant: "t1".parse().unwrap(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: secret("the-first-secret"),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        })
    }

    /// The current secret and the retiring one, at a time.
    fn secrets(webhook: &Webhook, seconds: i64) -> (&str, Option<&str>) {
        (webhook.secret.expose(), webhook.retiring_at(at(seconds)).map(SigningSecret::expose))
    }

    #[test]
    fn the_old_secret_retires_when_its_overlap_is_over() {
        let overlap = Overlap::from_seconds(60).unwrap();
        let rotated = webhook().rotated(secret("the-second-secret"), overlap, at(100)).unwrap();
        for (seconds, old) in
            [(100, Some("the-first-secret")), (159, Some("the-first-secret")), (160, None)]
        {
            assert_eq!(secrets(&rotated, seconds), ("the-second-secret", old), "{seconds}");
        }
        assert_eq!((rotated.updated_at, rotated.revision), (at(100), 1));
        let again = rotated.rotated(secret("the-third-secret"), overlap, at(160)).unwrap();
        assert_eq!(secrets(&again, 161), ("the-third-secret", Some("the-second-secret")));
    }

    #[test]
    fn without_an_overlap_the_old_secret_stops_signing_at_once() {
        let none = Overlap::from_seconds(0).unwrap();
        let rotated =
            webhook().rotated(secret("the-second-secret"), Overlap::default(), at(0)).unwrap();
        let again = rotated.rotated(secret("the-third-secret"), none, at(10)).unwrap();
        assert_eq!(secrets(&again, 10), ("the-third-secret", None));
    }

    #[test]
    fn a_second_overlap_and_the_same_secret_are_refused() {
        let rotated =
            webhook().rotated(secret("the-second-secret"), Overlap::default(), at(0)).unwrap();
        let third = secret("the-third-secret");
        let refused = rotated.clone().rotated(third, Overlap::default(), at(10)).unwrap_err();
        assert_eq!(refused, RotateError::Overlapping(at(86_400)));
        let same = rotated.rotated(secret("the-second-secret"), Overlap::default(), at(90_000));
        assert_eq!(same.unwrap_err(), RotateError::Same);
    }

    #[test]
    fn an_overlap_has_bounds() {
        for (seconds, good) in [(0, true), (604_800, true), (604_801, false), (u64::MAX, false)] {
            assert_eq!(Overlap::from_seconds(seconds).is_ok(), good, "{seconds}");
        }
    }
}

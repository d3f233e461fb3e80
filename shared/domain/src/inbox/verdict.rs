use jiff::SignedDuration;

use crate::ids::WebhookId;

/// How far the signed time of a request may be from its arrival (*Standard Webhooks 1.0* leaves it to the
/// receiver; its libraries and Stripe's allow five minutes).
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What the signature of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is from this webhook.
    Verified { webhook: WebhookId, secret: SecretAge },
    /// It was signed by this webhook's secret, for a time that is so many seconds before the arrival, or after it
    /// if negative. It may have been recorded and sent again.
    Stale { webhook: WebhookId, seconds: i64 },
    /// It has a signature that no webhook of the tenant with this inbox's URL makes.
    WrongSignature,
    /// It lacks the header in which the webhooks with this inbox's URL sign.
    NotSigned,
    /// No webhook of the tenant has this inbox's URL, so there is no secret to check with.
    NoWebhook,
}

/// Which of a webhook's secrets made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretAge {
    Current,
    /// The one before the rotation whose overlap lasts.
    Previous,
}

impl Verdict {
    /// The one that says more, of two that different webhooks led to.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.rank() < self.rank() { other } else { self }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Verified { .. } => 0,
            Self::Stale { .. } => 1,
            Self::WrongSignature => 2,
            Self::NotSigned => 3,
            Self::NoWebhook => 4,
        }
    }
}

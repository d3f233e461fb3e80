//! The webhook itself, and the part of it that `fanout` needs.

use jiff::Timestamp;

use crate::delivery::retry::RetryPolicy;
use crate::delivery::waiting::Lane;
use crate::expression::{Filter, Transform};
use crate::ids::{ContractName, EventType, ExternalId, TenantId, WebhookId};
use crate::webhook::headers::CustomHeaders;
use crate::webhook::limits::{RateLimit, TimeLimit};
use crate::webhook::metadata::Metadata;
use crate::webhook::network::TargetCidrs;
use crate::webhook::secret::SigningSecret;
use crate::webhook::subscription::Subscription;
use crate::webhook::target::TargetUrl;
use crate::words;

/// A webhook as its tenant registered it.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: WebhookId,
    pub tenant: TenantId,
    /// Its tenant's own id of it. No other webhook of the tenant has it.
    pub external_id: Option<ExternalId>,
    pub name: String,
    pub description: Option<String>,
    /// What its tenant keeps beside it.
    pub metadata: Metadata,
    pub url: TargetUrl,
    pub events: Vec<Subscription>,
    pub secret: SigningSecret,
    /// Its contract, which stays the same when the tenant's default changes later.
    pub contract: ContractName,
    pub headers: CustomHeaders,
    /// Its own retry policy; `None` for the contract's.
    pub retry_policy: Option<RetryPolicy>,
    /// Its own time limit of an attempt; `None` for the contract's.
    pub timeout: Option<TimeLimit>,
    /// Its own rate limit; `None` for the contract's.
    pub rate_limit: Option<RateLimit>,
    /// Decides which of the events that it subscribes to it gets.
    pub filter: Option<Filter>,
    /// Makes the data that it gets instead of the event's own.
    pub transform: Option<Transform>,
    /// The address ranges that its deliveries must go to; `None` for any that the operator allows.
    pub target_cidrs: Option<TargetCidrs>,
    /// The secret before the last rotation, until its overlap ends.
    pub retiring_secret: Option<RetiringSecret>,
    pub test_mode: bool,
    pub state: WebhookState,
    /// The lane of its deliveries. It follows the health and is not part of the revision.
    pub lane: Lane,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the writes of this webhook, from 1; it is the `ETag`.
    pub revision: u64,
}

/// The parts that every webhook must have.
#[derive(Debug, Clone)]
pub struct Essentials {
    pub id: WebhookId,
    pub tenant: TenantId,
    pub url: TargetUrl,
    pub events: Vec<Subscription>,
    pub secret: SigningSecret,
    pub contract: ContractName,
    pub created_at: Timestamp,
}

/// The secret before a rotation, and until when it signs beside the new one.
#[derive(Debug, Clone)]
pub struct RetiringSecret {
    pub secret: SigningSecret,
    pub until: Timestamp,
}

impl Webhook {
    /// A new, active webhook. Its name is its host, and its contract decides everything else.
    #[must_use]
    pub fn new(essentials: Essentials) -> Self {
        let Essentials { id, tenant, url, events, secret, contract, created_at } = essentials;
        Self {
            id,
            tenant,
            external_id: None,
            name: url.host().to_owned(),
            description: None,
            metadata: Metadata::default(),
            url,
            events,
            secret,
            contract,
            headers: CustomHeaders::default(),
            retry_policy: None,
            timeout: None,
            rate_limit: None,
            filter: None,
            transform: None,
            target_cidrs: None,
            retiring_secret: None,
            test_mode: false,
            state: WebhookState::Active,
            lane: Lane::Fast,
            created_at,
            updated_at: created_at,
            revision: 1,
        }
    }

    /// Whether it subscribes to events of that type.
    #[must_use]
    pub fn wants(&self, event_type: &EventType) -> bool {
        self.events.iter().any(|pattern| pattern.matches(event_type))
    }

    /// The kind of signature, which its secret decides.
    #[must_use]
    pub fn signing(&self) -> Signing {
        if self.secret.is_ed25519() { Signing::Ed25519 } else { Signing::Hmac }
    }

    /// The secret that signs beside the current one now, during the overlap of a rotation.
    #[must_use]
    pub fn retiring_at(&self, now: Timestamp) -> Option<&SigningSecret> {
        self.retiring_secret.as_ref().filter(|old| now < old.until).map(|old| &old.secret)
    }
}

/// The kinds of signatures: with a shared secret, or with a private key whose public key receivers
/// have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signing {
    Hmac,
    Ed25519,
}

/// Whether a webhook gets deliveries. Stored as is: renaming a field or a variant needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum WebhookState {
    Active,
    /// Switched off by its tenant. Events that are published meanwhile have no deliveries to it.
    Inactive,
    /// Paused by its tenant. Its deliveries are parked until it is resumed.
    Paused {
        at: Timestamp,
    },
    /// Disabled by Hooklane. Its deliveries are parked until it is switched on again.
    Disabled {
        at: Timestamp,
        reason: DisableReason,
    },
}

/// The name of a webhook's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateName {
    Active,
    Inactive,
    Paused,
    Disabled,
}

impl StateName {
    pub const ALL: [Self; 4] = [Self::Active, Self::Inactive, Self::Paused, Self::Disabled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

impl std::str::FromStr for StateName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// Why Hooklane disabled a webhook. Stored and published as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisableReason {
    /// Its receiver answered 410.
    Gone,
    /// All its attempts failed for days.
    Failing,
}

/// The part of a webhook that `fanout` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub webhook: WebhookId,
    pub events: Vec<Subscription>,
    pub filter: Option<Filter>,
    /// Whether it has a transform, which `delivery` applies.
    pub transforms: bool,
    pub test_mode: bool,
    pub lane: Lane,
    pub created_at: Timestamp,
}

impl WebhookState {
    #[must_use]
    pub fn name(self) -> StateName {
        match self {
            Self::Active => StateName::Active,
            Self::Inactive => StateName::Inactive,
            Self::Paused { .. } => StateName::Paused,
            Self::Disabled { .. } => StateName::Disabled,
        }
    }

    /// Whether attempts are made.
    #[must_use]
    pub fn is_active(self) -> bool {
        self == Self::Active
    }

    /// Whether events that are published now have deliveries to it, parked or not.
    #[must_use]
    pub fn is_subscribed(self) -> bool {
        self != Self::Inactive
    }
}

impl Route {
    /// Whether each of its deliveries evaluates an expression.
    #[must_use]
    pub fn evaluates(&self) -> bool {
        self.filter.is_some() || self.transforms
    }

    /// Whether the webhook gets an event. It must subscribe to the type and have existed at the
    /// acceptance, and test events go only to webhooks in test mode, which get no others.
    #[must_use]
    pub fn takes(&self, event_type: &EventType, accepted_at: Timestamp, test: bool) -> bool {
        self.created_at <= accepted_at && self.takes_type(event_type, test)
    }

    /// Whether the webhook gets such events, whenever they are accepted.
    #[must_use]
    pub fn takes_type(&self, event_type: &EventType, test: bool) -> bool {
        test == self.test_mode && self.events.iter().any(|pattern| pattern.matches(event_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_the_events_that_its_webhook_subscribes_to() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let route = |test_mode| Route {
            webhook: WebhookId::new(at(0), 1),
            events: vec!["user.*".parse().unwrap(), "order.created".parse().unwrap()],
            filter: None,
            transforms: false,
            test_mode,
            lane: Lane::Fast,
            created_at: at(1_000),
        };
        for (name, accepted, test, test_mode, expected) in [
            ("user.created", 1_000, false, false, true),
            ("order.created", 2_000, false, false, true),
            ("order.deleted", 2_000, false, false, false),
            ("user.created", 999, false, false, false),
            ("user.created", 1_000, true, false, false),
            ("user.created", 1_000, true, true, true),
            ("user.created", 1_000, false, true, false),
        ] {
            let takes = route(test_mode).takes(&name.parse().unwrap(), at(accepted), test);
            assert_eq!(takes, expected, "{name} {accepted} {test} {test_mode}");
        }
    }
}

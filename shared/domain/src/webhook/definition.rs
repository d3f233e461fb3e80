//! A webhook: where a tenant wants which events, and how.

use jiff::Timestamp;

use crate::delivery::retry::RetryPolicy;
use crate::delivery::waiting::Lane;
use crate::expression::{Filter, Input, Transform};
use crate::ids::{ContractName, EventType, TenantId, WebhookId};
use crate::webhook::headers::CustomHeaders;
use crate::webhook::limits::{RateLimit, TimeLimit};
use crate::webhook::network::TargetCidrs;
use crate::webhook::secret::SigningSecret;
use crate::webhook::subscription::Subscription;
use crate::webhook::target::TargetUrl;

#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: WebhookId,
    pub tenant: TenantId,
    pub name: String,
    pub description: Option<String>,
    pub url: TargetUrl,
    pub events: Vec<Subscription>,
    pub secret: SigningSecret,
    /// The wire format, once chosen: a tenant's change of default moves no existing receiver.
    pub contract: ContractName,
    pub headers: CustomHeaders,
    /// Its own policy, where it does not follow its contract's.
    pub retry_policy: Option<RetryPolicy>,
    /// Its own time limit of an attempt, where it does not follow its contract's.
    pub timeout: Option<TimeLimit>,
    /// Its own rate limit, where it does not follow its contract's.
    pub rate_limit: Option<RateLimit>,
    /// Decides which of the events it subscribed to it gets.
    pub filter: Option<Filter>,
    /// Makes the data it gets in place of the event's.
    pub transform: Option<Transform>,
    /// The ranges it keeps to, where it does not go wherever the operator allows.
    pub target_cidrs: Option<TargetCidrs>,
    /// The secret before the last rotation, while that one's overlap lasts.
    pub retiring_secret: Option<RetiringSecret>,
    pub test_mode: bool,
    pub state: WebhookState,
    /// Where its deliveries are sent; follows its health, outside its revision.
    pub lane: Lane,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the writes of this webhook, from 1: its `ETag`.
    pub revision: u64,
}

/// What a webhook cannot be without.
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

/// A secret that was rotated away, and until when receivers may still verify with it.
#[derive(Debug, Clone)]
pub struct RetiringSecret {
    pub secret: SigningSecret,
    pub until: Timestamp,
}

impl Webhook {
    /// An active webhook that was never changed, named after its host, with everything else as its
    /// contract has it.
    #[must_use]
    pub fn new(essentials: Essentials) -> Self {
        let Essentials { id, tenant, url, events, secret, contract, created_at } = essentials;
        Self {
            id,
            tenant,
            name: url.host().to_owned(),
            description: None,
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

    /// Whether it subscribed to events of that type.
    #[must_use]
    pub fn wants(&self, event_type: &EventType) -> bool {
        self.events.iter().any(|pattern| pattern.matches(event_type))
    }

    /// How it signs, which its secret decides.
    #[must_use]
    pub fn signing(&self) -> Signing {
        if self.secret.is_ed25519() { Signing::Ed25519 } else { Signing::Hmac }
    }

    /// The secret that signs beside the current one at that time, if a rotation's overlap lasts.
    #[must_use]
    pub fn retiring_at(&self, now: Timestamp) -> Option<&SigningSecret> {
        self.retiring_secret.as_ref().filter(|old| now < old.until).map(|old| &old.secret)
    }
}

/// The kinds of signatures: by a secret that both sides know, or by a key whose public half receivers
/// have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signing {
    Hmac,
    Ed25519,
}

/// Whether a webhook gets deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum WebhookState {
    Active,
    /// Switched off by its tenant: it gets no deliveries of what is published meanwhile.
    Inactive,
    /// Held by its tenant: its deliveries wait until it is resumed.
    Paused {
        at: Timestamp,
    },
    /// Switched off by Hooklane: its deliveries wait until it is switched on again.
    Disabled {
        at: Timestamp,
        reason: DisableReason,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisableReason {
    /// Its receiver answered 410.
    Gone,
    /// Its receiver did nothing but fail for days.
    Failing,
}

/// What `fanout` needs to know of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub webhook: WebhookId,
    pub events: Vec<Subscription>,
    pub filter: Option<Filter>,
    pub test_mode: bool,
    pub lane: Lane,
    pub created_at: Timestamp,
}

impl WebhookState {
    /// Whether attempts are made.
    #[must_use]
    pub fn is_active(self) -> bool {
        self == Self::Active
    }

    /// Whether there are deliveries of what is published now, be it that they wait.
    #[must_use]
    pub fn is_subscribed(self) -> bool {
        self != Self::Inactive
    }
}

impl Route {
    /// Whether this webhook gets an event: one it subscribed to, accepted when the webhook existed,
    /// and a test exactly if the webhook is in test mode.
    #[must_use]
    pub fn takes(&self, event_type: &EventType, accepted_at: Timestamp, test: bool) -> bool {
        test == self.test_mode
            && self.created_at <= accepted_at
            && self.events.iter().any(|pattern| pattern.matches(event_type))
    }

    /// Whether the webhook's filter lets an event through. One that fails on the event does: the
    /// delivery is made, to end with the reason where its owner finds it.
    pub fn lets_through<'i>(&self, input: impl FnOnce() -> &'i Input) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.passes(input()).unwrap_or(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_what_its_webhook_asked_for() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let route = |test_mode| Route {
            webhook: WebhookId::new(at(0), 1),
            events: vec!["user.*".parse().unwrap(), "order.created".parse().unwrap()],
            filter: None,
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

    #[test]
    fn a_filter_that_fails_lets_the_event_through() {
        let at = Timestamp::UNIX_EPOCH;
        let content = crate::event::Content {
            event_type: "user.created".parse().unwrap(),
            data: crate::json::RawJson::parse(r#"{"n":1}"#).unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        };
        let input = Input::new(&"e1".parse().unwrap(), &"t1".parse().unwrap(), &content, at);
        for (filter, expected) in [
            (None, true),
            (Some("event.data.n == 1"), true),
            (Some("event.data.n == 2"), false),
            (Some("event.data.m == 2"), true),
        ] {
            let route = Route {
                webhook: WebhookId::new(at, 1),
                events: Vec::new(),
                filter: filter.map(|filter| filter.parse().unwrap()),
                test_mode: false,
                lane: Lane::Fast,
                created_at: at,
            };
            assert_eq!(route.lets_through(|| &input), expected, "{filter:?}");
        }
    }
}

//! A webhook: where a tenant wants which events, and how.

use jiff::Timestamp;

use crate::contract::ContractName;
use crate::ids::{EventType, TenantId, WebhookId};
use crate::retry::RetryPolicy;
use crate::secret::SigningSecret;
use crate::subscription::Subscription;
use crate::target::TargetUrl;

pub(crate) mod headers;

pub use headers::{CustomHeaders, InvalidHeader};

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
    pub test_mode: bool,
    pub state: WebhookState,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the writes of this webhook, from 1: its `ETag`.
    pub revision: u64,
}

/// Whether a webhook gets deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum WebhookState {
    Active,
    /// Switched off by its tenant.
    Inactive,
    /// Switched off by Hooklane.
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
}

/// What `fanout` needs to know of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub webhook: WebhookId,
    pub events: Vec<Subscription>,
    pub test_mode: bool,
    pub created_at: Timestamp,
}

impl WebhookState {
    #[must_use]
    pub fn is_active(self) -> bool {
        self == Self::Active
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
            test_mode,
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

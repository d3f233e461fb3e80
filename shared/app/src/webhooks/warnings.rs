//! What a tenant may not expect of a webhook that it saved. The webhook works as it says, so these are no
//! mistakes.

use hooklane_contract::Contracts;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::subscription::Subscription;

use super::Rules;
use crate::ports::{Clock, Expectations};

/// Something that a webhook does and its tenant may not expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    /// The path of the field that it is about.
    pub field: String,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// No attempt is made later than a minute after the first one.
    ShortRetryPolicy,
    /// No event type that the tenant has matches a pattern of `events`.
    UnmatchedPattern,
}

/// What to say about a webhook that was just saved. Nothing fails here: where the types cannot be read, nothing
/// is said about patterns.
pub async fn warnings(
    store: &impl Expectations,
    system: &impl Clock,
    rules: Rules<'_>,
    webhook: &Webhook,
) -> Vec<Warning> {
    let mut warnings: Vec<_> = of_policy(webhook, rules.contracts).into_iter().collect();
    let is_pattern = |event: &&Subscription| matches!(event, Subscription::Below(_));
    let patterns: Vec<_> = webhook.events.iter().filter(is_pattern).cloned().collect();
    if patterns.is_empty() {
        return warnings;
    }
    let types = rules.catalog.types_for(store, &webhook.tenant, &patterns, system.now()).await;
    match types {
        Ok(types) => {
            let unmatched =
                |event: &Subscription| is_pattern(&event) && types.refusal(event).is_some();
            let unmatched = webhook.events.iter().enumerate().filter(|(_, e)| unmatched(e));
            warnings.extend(unmatched.map(|(index, event)| of_pattern(index, event)));
        }
        Err(error) => error.log("webhook.patterns_not_checked"),
    }
    warnings
}

/// A policy that ends within a minute, whether it is the webhook's own or its contract's.
fn of_policy(webhook: &Webhook, contracts: &Contracts) -> Option<Warning> {
    let contract = contracts.get(&webhook.contract);
    let (policy, field) = match (&webhook.retry_policy, contract) {
        (Some(own), _) => (own, "retryPolicy"),
        (None, contract) => (contract?.retry(), "contract"),
    };
    policy.is_short().then(|| Warning {
        kind: WarningKind::ShortRetryPolicy,
        field: field.to_owned(),
        detail: format!(
            "Its retry policy ends within a minute ({}): a receiver that is down for longer misses events.",
            policy.summary()
        ),
    })
}

fn of_pattern(index: usize, event: &Subscription) -> Warning {
    Warning {
        kind: WarningKind::UnmatchedPattern,
        field: format!("events[{index}]"),
        detail: format!("No known event type matches {event} yet."),
    }
}

#[cfg(test)]
mod tests {
    use hooklane_contract::Contracts;
    use hooklane_domain::Timestamp;
    use hooklane_domain::delivery::retry::{PRESETS, RetryPolicy};
    use hooklane_domain::ids::WebhookId;
    use hooklane_domain::webhook::Essentials;
    use hooklane_domain::webhook::network::NetworkRules;
    use hooklane_domain::webhook::target::TargetUrl;

    use super::*;

    fn webhook(contract: &str, policy: Option<RetryPolicy>) -> Webhook {
        let url = TargetUrl::parse("https://example.com/", &NetworkRules::default()).unwrap();
        let new = Webhook::new(Essentials {
            id: WebhookId::new(Timestamp::UNIX_EPOCH, 1),
            tenant: "acme".parse().unwrap(),
            url,
            events: vec![Subscription::All],
            secret: "your-webhook-secret".parse().unwrap(),
            contract: contract.parse().unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
        });
        Webhook { retry_policy: policy, ..new }
    }

    #[test]
    fn the_policy_that_holds_is_the_one_that_is_judged() {
        let contracts = Contracts::load([
            ("standard.toml", include_str!("../../../../contracts/standard.toml")),
            ("virtual-queue.toml", include_str!("../../../../contracts/virtual-queue.toml")),
        ])
        .unwrap();
        let of = |contract, policy: Option<RetryPolicy>| {
            of_policy(&webhook(contract, policy), &contracts).map(|warning| warning.field)
        };
        let short = || RetryPolicy::read("", r#"{"schedule":[30,30]}"#).ok();
        let long = || RetryPolicy::read("", r#"{"schedule":[30,31]}"#).ok();
        let own = Some("retryPolicy".to_owned());
        assert_eq!(of("standard", None), None);
        assert_eq!(of("standard", short()), own);
        assert_eq!(of("standard", long()), None);
        assert_eq!(of("virtual-queue", None), Some("contract".to_owned()));
        assert_eq!(of("virtual-queue", short()), own);
        assert_eq!(of("virtual-queue", long()), None);
        assert_eq!(of("gone", None), None, "what its deliveries fall back to takes hours");
        for preset in PRESETS {
            let expected = own.clone().filter(|_| preset.name == "none");
            assert_eq!(of("standard", Some(preset.policy())), expected, "{}", preset.name);
        }
        let detail = of_policy(&webhook("virtual-queue", None), &contracts).unwrap().detail;
        assert_eq!(
            detail,
            "Its retry policy ends within a minute (3 retries in 7 s): a receiver that is down for longer misses events."
        );
    }
}

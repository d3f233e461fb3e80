//! A tenant's quotas: how much of each thing it may have or do. The deployment has defaults, and the
//! operator may give one tenant others. `quota`, beside this, is the number of requests a minute.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::expression::{Filter, Transform};
use crate::json::fields::{FieldErrors, Fields};
use crate::json::whole::Whole;
use crate::webhook::Webhook;

/// What a quota limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaName {
    /// The webhooks of a tenant.
    Webhooks,
    /// The steps that all its filters and transforms together can need on the largest event.
    ExpressionCost,
    /// The event types that it has added.
    EventTypes,
    /// The event types and patterns that one webhook subscribes to.
    EventsPerWebhook,
    /// The bytes of all names and values of one webhook's custom headers.
    HeaderBytesPerWebhook,
    /// The tokens that are created for it in a day.
    TokensPerDay,
    /// Its tests that run at the same time.
    ConcurrentTests,
    /// The recoveries that it starts in a day.
    RecoveriesPerDay,
    /// Its recoveries that look for skipped events at the same time. Others wait for their turn.
    ConcurrentScans,
    /// The keys of a tenant, expired ones too.
    Keys,
}

/// How many quotas there are.
const COUNT: usize = QuotaName::ALL.len();

impl QuotaName {
    pub const ALL: [Self; 10] = [
        Self::Webhooks,
        Self::ExpressionCost,
        Self::EventTypes,
        Self::EventsPerWebhook,
        Self::HeaderBytesPerWebhook,
        Self::TokensPerDay,
        Self::ConcurrentTests,
        Self::RecoveriesPerDay,
        Self::ConcurrentScans,
        Self::Keys,
    ];

    /// Its name in settings, answers and stored settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::ExpressionCost => "expressionCost",
            Self::EventTypes => "eventTypes",
            Self::EventsPerWebhook => "eventsPerWebhook",
            Self::HeaderBytesPerWebhook => "headerBytesPerWebhook",
            Self::TokensPerDay => "tokensPerDay",
            Self::ConcurrentTests => "concurrentTests",
            Self::RecoveriesPerDay => "recoveriesPerDay",
            Self::ConcurrentScans => "concurrentScans",
            Self::Keys => "keys",
        }
    }

    /// The environment variable that holds the deployment's default.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Webhooks => "QUOTA_WEBHOOKS",
            Self::ExpressionCost => "QUOTA_EXPRESSION_COST",
            Self::EventTypes => "QUOTA_EVENT_TYPES",
            Self::EventsPerWebhook => "QUOTA_EVENTS_PER_WEBHOOK",
            Self::HeaderBytesPerWebhook => "QUOTA_HEADER_BYTES_PER_WEBHOOK",
            Self::TokensPerDay => "QUOTA_TOKENS_PER_DAY",
            Self::ConcurrentTests => "QUOTA_CONCURRENT_TESTS",
            Self::RecoveriesPerDay => "QUOTA_RECOVERIES_PER_DAY",
            Self::ConcurrentScans => "QUOTA_CONCURRENT_SCANS",
            Self::Keys => "QUOTA_KEYS",
        }
    }

    /// The limit unless the deployment sets another.
    const fn default_limit(self) -> u64 {
        match self {
            Self::Webhooks => 1_000,
            Self::ExpressionCost => 1_000_000_000,
            Self::EventTypes | Self::EventsPerWebhook => 100,
            Self::HeaderBytesPerWebhook => 6_144,
            Self::TokensPerDay => 10_000,
            Self::ConcurrentTests | Self::ConcurrentScans => 2,
            Self::RecoveriesPerDay => 24,
            Self::Keys => 50,
        }
    }

    /// The limits that may be set. The greatest is what the functions are known to bear, or a limit that
    /// holds whatever the quota says.
    #[must_use]
    pub const fn range(self) -> RangeInclusive<u64> {
        let most = match self {
            Self::Webhooks => 10_000,
            Self::ExpressionCost => 100_000_000_000,
            // The list of a tenant's types is one answer, which Lambda limits to 6 MB.
            Self::EventTypes | Self::EventsPerWebhook | Self::ConcurrentTests => 100,
            Self::HeaderBytesPerWebhook => 6_144,
            Self::TokensPerDay => 1_000_000,
            Self::RecoveriesPerDay | Self::Keys => 1_000,
            Self::ConcurrentScans => 10,
        };
        1..=most
    }

    /// Whether it is about each webhook on its own.
    #[must_use]
    pub const fn is_per_webhook(self) -> bool {
        matches!(self, Self::EventsPerWebhook | Self::HeaderBytesPerWebhook)
    }

    /// Whether it counts what is done in a day.
    #[must_use]
    pub const fn is_per_day(self) -> bool {
        matches!(self, Self::TokensPerDay | Self::RecoveriesPerDay)
    }

    /// What is counted, for a message.
    const fn things(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks of a tenant",
            Self::ExpressionCost => "steps of all filters and transforms of a tenant together",
            Self::EventTypes => "event types added by a tenant",
            Self::EventsPerWebhook => "event types or patterns of a webhook",
            Self::HeaderBytesPerWebhook => "bytes of a webhook's headers",
            Self::TokensPerDay => "tokens created for a tenant in a day (UTC)",
            Self::ConcurrentTests => "tests of a tenant at the same time",
            Self::RecoveriesPerDay => "recoveries started by a tenant in a day (UTC)",
            Self::ConcurrentScans => {
                "recoveries of a tenant that look for skipped events at the same time"
            }
            Self::Keys => "keys of a tenant",
        }
    }
}

/// The limits of one tenant, or the defaults of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas([u64; COUNT]);

/// A limit outside of [`QuotaName::range`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {} to {}", .0.start(), .0.end())]
pub struct InvalidQuota(RangeInclusive<u64>);

impl Default for Quotas {
    fn default() -> Self {
        Self(QuotaName::ALL.map(QuotaName::default_limit))
    }
}

impl Quotas {
    #[must_use]
    pub fn of(&self, name: QuotaName) -> u64 {
        self.0[name as usize]
    }

    /// The same with another limit of one thing.
    pub fn with(mut self, name: QuotaName, limit: u64) -> Result<Self, InvalidQuota> {
        let range = name.range();
        if !range.contains(&limit) {
            return Err(InvalidQuota(range));
        }
        self.0[name as usize] = limit;
        Ok(self)
    }

    /// These limits, with those that the operator gave a tenant in place of the defaults.
    #[must_use]
    pub fn under(self, own: &OwnQuotas) -> Self {
        QuotaName::ALL.into_iter().fold(self, |quotas, name| {
            own.of(name).and_then(|limit| quotas.with(name, limit).ok()).unwrap_or(quotas)
        })
    }

    /// Whether a webhook keeps to the quotas that are about each webhook on its own. A change may leave it
    /// over a limit that was lowered since, if it adds nothing.
    pub fn check_webhook(
        &self,
        webhook: &Webhook,
        before: Option<&Webhook>,
    ) -> Result<(), Exceeded> {
        let events = |webhook: &Webhook| webhook.events.len();
        let header_bytes = |webhook: &Webhook| {
            webhook.headers.iter().map(|(name, value)| name.len() + value.len()).sum()
        };
        for (name, used) in [
            (QuotaName::EventsPerWebhook, &events as &dyn Fn(&Webhook) -> usize),
            (QuotaName::HeaderBytesPerWebhook, &header_bytes),
        ] {
            let (had, used) = (before.map_or(0, used), used(webhook));
            let (used, limit) = (used as u64, self.of(name));
            if used > limit && used > had as u64 {
                return Err(Exceeded { quota: name, limit, used });
            }
        }
        Ok(())
    }
}

/// The limits that the operator gave one tenant. Stored as is, by name; a name that this version does not
/// know is kept and has no effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnQuotas(BTreeMap<String, u64>);

impl OwnQuotas {
    #[must_use]
    pub fn of(&self, name: QuotaName) -> Option<u64> {
        self.0.get(name.as_str()).copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, limit)| (name.as_str(), *limit))
    }

    /// Reads the field `quotas`: an object of limits by name. Those that it leaves out are the
    /// deployment's.
    pub fn read(fields: &mut Fields) -> Self {
        let expected = "an object of limits, such as {\"webhooks\": 2000}";
        let named = fields.read::<BTreeMap<String, Box<RawValue>>>(&["quotas"], expected);
        let mut own = BTreeMap::new();
        for (name, limit) in named.unwrap_or_default() {
            let path = format!("quotas.{name}");
            let Some(known) = QuotaName::ALL.into_iter().find(|known| known.as_str() == name)
            else {
                let names = QuotaName::ALL.map(QuotaName::as_str).join(", ");
                fields.error(&path, format!("is not a quota; the quotas are {names}"));
                continue;
            };
            let limit = Whole::parse(limit.get()).map(|Whole(limit)| limit);
            match limit.filter(|limit| known.range().contains(limit)) {
                Some(limit) => drop(own.insert(name, limit)),
                None => fields.error(&path, InvalidQuota(known.range()).to_string()),
            }
        }
        Self(own)
    }
}

/// What a tenant has of the things that are counted at each change of its webhooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub webhooks: u64,
    pub expression_cost: u64,
}

/// How much a tenant may have of what [`Usage`] counts, when a webhook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub webhooks: u64,
    pub expression_cost: u64,
    /// The time of the request. A count that was verified long before is verified again before anything is
    /// refused because of it.
    pub now: Timestamp,
}

impl Room {
    #[must_use]
    pub fn of(quotas: &Quotas, now: Timestamp) -> Self {
        Self {
            webhooks: quotas.of(QuotaName::Webhooks),
            expression_cost: quotas.of(QuotaName::ExpressionCost),
            now,
        }
    }

    /// No room at all, for a change that adds nothing.
    #[must_use]
    pub fn none(now: Timestamp) -> Self {
        Self { webhooks: 0, expression_cost: 0, now }
    }

    /// Which quota forbids to add this many webhooks and steps. What a tenant has already is never a
    /// reason to refuse a change that adds none of it.
    #[must_use]
    pub fn forbids(&self, used: Usage, more: Usage) -> Option<Exceeded> {
        let over = |quota, limit, used: u64, more: u64| {
            (more > 0 && used.saturating_add(more) > limit).then_some(Exceeded {
                quota,
                limit,
                used,
            })
        };
        over(QuotaName::Webhooks, self.webhooks, used.webhooks, more.webhooks).or_else(|| {
            let (limit, used) = (self.expression_cost, used.expression_cost);
            over(QuotaName::ExpressionCost, limit, used, more.expression_cost)
        })
    }
}

/// The steps that a webhook's filter and transform together can need on the largest event.
#[must_use]
pub fn expression_cost(webhook: &Webhook) -> u64 {
    let filter = webhook.filter.as_ref().map_or(0, |filter: &Filter| filter.cost().steps());
    let transform =
        webhook.transform.as_ref().map_or(0, |transform: &Transform| transform.cost().steps());
    filter.saturating_add(transform)
}

/// A request would exceed a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub quota: QuotaName,
    pub limit: u64,
    /// What is used without the request; of a quota for each webhook, what the request would use.
    pub used: u64,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quota, limit, used } = self;
        write!(f, "at most {limit} {}: {used} are used", quota.things())
    }
}

impl std::error::Error for Exceeded {}

impl Exceeded {
    /// The field that exceeds a quota for each webhook.
    #[must_use]
    pub fn into_field_errors(self) -> FieldErrors {
        let path = match self.quota {
            QuotaName::EventsPerWebhook => "events",
            QuotaName::HeaderBytesPerWebhook => "headers",
            _ => "",
        };
        FieldErrors::one(path, self.to_string())
    }
}

/// A day (UTC), counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

const DAY_SECONDS: i64 = 86_400;

impl Day {
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(DAY_SECONDS))
    }

    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// The end of the day, in Unix seconds.
    #[must_use]
    pub fn ends_at(self) -> i64 {
        (self.0 + 1) * DAY_SECONDS
    }
}

#[cfg(test)]
mod tests;

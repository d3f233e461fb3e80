//! A webhook's subscriptions: which event types it gets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::event::OPERATIONAL;
use crate::ids::{EventType, InvalidId, text_forms};

/// One pattern of a webhook's `events`: `user.created`, `user.*` or `*`. Stored as this text.
///
/// `user.*` matches every type that starts with `user.`, at any depth; a star is allowed only as the
/// last word. Only its exact name matches an operational event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subscription {
    All,
    Below(EventType),
    Exactly(EventType),
}

impl Subscription {
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        let name = event_type.as_str();
        let operational = OPERATIONAL.contains(&name);
        match self {
            Self::All => !operational,
            Self::Below(prefix) => {
                !operational
                    && name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
            Self::Exactly(wanted) => wanted == event_type,
        }
    }
}

impl FromStr for Subscription {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix(".*") {
            Some(prefix) => prefix.parse().map(Self::Below),
            None => text.parse().map(Self::Exactly),
        }
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}.*"),
            Self::Exactly(name) => write!(f, "{name}"),
        }
    }
}

text_forms!(Subscription);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_by_whole_words() {
        for (pattern, name, wanted) in [
            ("*", "user.created", true),
            ("user.*", "user.created", true),
            ("user.*", "user.email.changed", true),
            ("user.*", "user", false),
            ("user.*", "username.created", false),
            ("user.created", "user.created", true),
            ("user.created", "user.created.twice", false),
            ("*", "webhook.disabled", false),
            ("webhook.*", "webhook.disabled", false),
            ("webhook.disabled", "webhook.disabled", true),
            ("webhook.*", "webhook.test", true),
        ] {
            let pattern: Subscription = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&name.parse().unwrap()), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for text in ["", ".*", "**", "*.created", "user.*.x", "user*", "user created"] {
            assert!(text.parse::<Subscription>().is_err(), "{text}");
        }
    }
}

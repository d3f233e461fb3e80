//! The statuses of what is not delivered, which an index lists, and a position in a list across webhooks.
//!
//! A request reads a bounded number of webhooks. A tenant that has more is listed in groups: first the deliveries of
//! its newest webhooks, then those of the next ones. A page at the end of a group may be short or empty.

use std::fmt;
use std::str::FromStr;

use hooklane_domain::delivery::Status;
use hooklane_domain::ids::{DeliveryId, WebhookId};

/// The statuses that the list may be filtered by.
pub const UNDELIVERED: [Status; 3] = [Status::Pending, Status::Retrying, Status::Failed];

/// A position in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The webhook after which the group of webhooks begins; `None` for the first group.
    pub(super) group: Option<WebhookId>,
    /// The last delivery that was listed of the group.
    pub(super) after: Option<DeliveryId>,
}

/// Stands for a part that a position does not have.
const NOTHING: &str = "-";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: Option<String>| part.unwrap_or_else(|| NOTHING.to_owned());
        let group = text(self.group.map(|id| id.to_string()));
        let after = text(self.after.as_ref().map(ToString::to_string));
        write!(f, "{group} {after}")
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn part<T: FromStr>(text: &str) -> Result<Option<T>, &'static str> {
            match text {
                NOTHING => Ok(None),
                id => id.parse().map(Some).map_err(|_| "is not a position in this list"),
            }
        }
        // The cursors of versions that had no groups are the delivery alone.
        let (group, after) = text.split_once(' ').unwrap_or((NOTHING, text));
        Ok(Self { group: part(group)?, after: part(after)? })
    }
}

#[cfg(test)]
mod tests;

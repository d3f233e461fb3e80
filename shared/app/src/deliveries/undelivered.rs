//! The deliveries of a tenant that have not been delivered, across its webhooks.

use std::fmt;
use std::str::FromStr;

use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::newest::{MAX_PARTS, newest};
use super::webhooks::group;
use crate::ports::{DeliveryPage, DeliveryStore, Unavailable, WebhookStore};

/// The statuses that the list may be filtered by.
pub const UNDELIVERED: [Status; 3] = [Status::Pending, Status::Retrying, Status::Failed];

/// A position in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The webhook after which the group of webhooks begins; `None` for the first group.
    group: Option<WebhookId>,
    /// The last delivery that was listed of the group.
    after: Option<DeliveryId>,
}

/// A page, and the position at which the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeliveredPage {
    pub page: DeliveryPage,
    pub next: Option<Place>,
}

/// The deliveries with one of these statuses, newest first, of webhooks that still exist. They are read from
/// an index, which is eventually consistent.
///
/// A request reads a bounded number of webhooks. A tenant that has more is listed in groups: first the
/// deliveries of its newest webhooks, then those of the next ones. A page at the end of a group may be short
/// or empty.
pub async fn undelivered(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    statuses: &[Status],
    (place, limit): (Place, usize),
) -> Result<UndeliveredPage, Unavailable> {
    let most = MAX_PARTS / statuses.len().max(1);
    let read = group(webhooks, tenant, place.group, most).await?;
    let parts: Vec<_> = read
        .ids
        .iter()
        .flat_map(|webhook| statuses.iter().map(|status| (*webhook, Some(*status))))
        .collect();
    let asked = (place.after.as_ref(), limit);
    let page = newest(deliveries, tenant, &parts, TimeRange::default(), asked).await?;
    let next = match &page.next {
        Some(last) => Some(Place { group: place.group, after: Some(last.clone()) }),
        None => read.next.map(|last| Place { group: Some(last), after: None }),
    };
    Ok(UndeliveredPage { page, next })
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

//! Finding what the address of the list asks for.

use hooklane_api::Ports;
use hooklane_app::deliveries::{self, SearchError};
use hooklane_app::ports::{DeliveryFilter, DeliveryPage};
use hooklane_domain::ids::{DeliveryId, EventId, WebhookId};
use hooklane_domain::webhook::Webhook;

use super::asked::Asked;
use crate::oops::Oops;
use crate::pages::spread::{OFFERED, offered};
use crate::settings::Portal;
use crate::visitor::Visitor;

/// What was found, and what it is a part of.
pub(crate) struct Found {
    pub(crate) page: DeliveryPage,
    pub(crate) webhooks: Vec<Webhook>,
    /// A sentence about what is left out.
    pub(crate) note: Option<String>,
}

/// What was found, without the menu.
#[derive(Default)]
struct Part {
    page: DeliveryPage,
    /// Where it goes on, if that is no delivery.
    next: Option<String>,
    note: Option<String>,
}

/// The deliveries that the address asks for, and where older ones begin, if there may be any.
pub(crate) async fn find<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    asked: &Asked,
    limit: usize,
) -> Result<(Found, Option<String>), Oops> {
    let (webhooks, total) = offered(portal, visitor).await?;
    let part = match asked.webhook {
        _ if !asked.id.is_empty() => of_event(portal, visitor, &asked.id).await?,
        Some(webhook) => of_webhook(portal, visitor, (asked, webhook), limit).await?,
        None => {
            let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
            let mut part = of_all(portal, visitor, (asked, &ids), limit).await?;
            part.note = (total > OFFERED as u64).then(|| {
                format!("These are of your newest {OFFERED} webhooks. Choose one to see its own.")
            });
            part
        }
    };
    let next = part.next.or(part.page.next.as_ref().map(ToString::to_string));
    Ok((Found { page: part.page, webhooks, note: part.note }, next))
}

/// The deliveries of one event.
async fn of_event<P: Ports>(portal: &Portal<P>, visitor: &Visitor, id: &str) -> Result<Part, Oops> {
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let told = |note: &str| Part { note: Some(note.to_owned()), ..Part::default() };
    let Ok(event) = id.parse::<EventId>() else {
        return Ok(told("This is no id of an event or a delivery."));
    };
    let detail = deliveries::of_event(registry, ledger, (visitor.id(), None), &event).await?;
    let Some(detail) = detail else {
        return Ok(told("There is no event with this id, or it has expired."));
    };
    if detail.deliveries.is_empty() {
        return Ok(told("The event was accepted, and went to no webhook."));
    }
    let page = DeliveryPage { deliveries: detail.deliveries, ..DeliveryPage::default() };
    Ok(Part { page, ..Part::default() })
}

async fn of_webhook<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    (asked, webhook): (&Asked, WebhookId),
    limit: usize,
) -> Result<Part, Oops> {
    let (registry, ledger, tenant) = (&portal.deps.registry, &portal.deps.ledger, visitor.id());
    if asked.answered.is_some() {
        let place = (Some(asked.after.as_str()).filter(|after| !after.is_empty()), limit);
        let search = asked.search(visitor);
        let found = deliveries::search(registry, ledger, tenant, &search, place).await?;
        let page =
            DeliveryPage { deliveries: found.deliveries, unreadable: found.unreadable, next: None };
        return Ok(Part { page, next: found.next, note: None });
    }
    let after = asked.after.parse().ok().filter(|after: &DeliveryId| after.webhook() == webhook);
    let filter = DeliveryFilter {
        status: asked.status,
        parked: asked.waits.then_some(true),
        event_type: asked.event.clone(),
        accepted: asked.accepted(visitor),
        after,
        limit,
    };
    let page = deliveries::list(registry, ledger, tenant, webhook, &filter).await?;
    Ok(Part { page: page.ok_or(Oops::NoPage)?, ..Part::default() })
}

/// Of the webhooks that are offered. What a list alone tells is read list by list until the page is full; the rest is a
/// search that ends after so many queries.
async fn of_all<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    (asked, webhooks): (&Asked, &[WebhookId]),
    limit: usize,
) -> Result<Part, Oops> {
    let (ledger, of) = (&portal.deps.ledger, (visitor.id(), webhooks));
    let after = asked.after.parse::<DeliveryId>().ok();
    let place = (after.as_ref(), limit);
    let page = if asked.answered.is_some() || asked.event.is_some() || asked.waits {
        deliveries::search_among(ledger, of, &asked.search(visitor), place).await?
    } else {
        let filter = (asked.status, asked.accepted(visitor));
        deliveries::recent(ledger, of, filter, place).await?
    };
    Ok(Part { page, ..Part::default() })
}

impl From<SearchError> for Oops {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cursor | SearchError::MissingWebhook => Self::NoPage,
            SearchError::Unavailable(error) => error.into(),
        }
    }
}

//! The messages that one event becomes.

use std::sync::Arc;

use hooklane_app::evaluation::{self, Decided};
use hooklane_app::payload;
use hooklane_app::ports::RouteTable;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::event::Event;
use hooklane_domain::expression::Budget;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::operational::concerned;
use hooklane_domain::webhook::Route;

/// The webhooks that get an event.
pub(crate) struct Takers<'a> {
    event: &'a Event,
    routes: Vec<&'a Route>,
    /// How many filters had no result because the tenant's filters had used up what they may use on one
    /// event. Their webhooks get it.
    pub(crate) let_through: usize,
}

/// The webhooks that subscribe to the event and whose filter lets it through. A webhook never gets an
/// operational event about itself. `budget` is for all of the tenant's filters on the event.
pub(crate) async fn takers<'a>(
    budget: &Arc<Budget>,
    event: &'a Event,
    table: &'a RouteTable,
) -> Takers<'a> {
    let content = &event.content;
    let concerned = concerned(content);
    let takes = |route: &&Route| {
        concerned != Some(route.webhook)
            && route.takes(&content.event_type, event.accepted_at, content.test)
    };
    let routes: Vec<_> = table.routes.iter().filter(takes).collect();
    if routes.iter().all(|route| route.filter.is_none()) {
        return Takers { event, routes, let_through: 0 };
    }
    let filters = routes.iter().map(|route| route.filter.clone()).collect();
    let Decided { passes, let_through } = evaluation::decide_within(budget, event, filters).await;
    let routes =
        routes.into_iter().zip(passes).filter_map(|(route, passes)| passes.then_some(route));
    Takers { event, routes: routes.collect(), let_through }
}

impl Takers<'_> {
    /// One message for each webhook, with its route. They are made one by one, since each holds the event.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&Route, Message)> {
        let event = self.event;
        let mut left = self.routes.len();
        let mut packed = None;
        self.routes.iter().map(move |route| {
            let payload = packed.take().unwrap_or_else(|| payload::pack(&event.content));
            left -= 1;
            if left > 0 {
                packed = Some(payload.clone());
            }
            let message = Message::Deliver(Deliver {
                tenant: event.tenant.clone(),
                delivery: DeliveryId::new(route.webhook, event.accepted_at, event.id.clone()),
                event_type: event.content.event_type.clone(),
                generation: 0,
                payload,
            });
            (*route, message)
        })
    }
}

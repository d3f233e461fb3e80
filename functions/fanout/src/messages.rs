//! The messages that one event becomes.

use std::cell::OnceCell;

use hooklane_app::payload;
use hooklane_app::ports::RouteTable;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::event::Event;
use hooklane_domain::expression::Input;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::operational::concerned;

/// One message, with its lane, for each webhook that subscribes to the event and whose filter lets it
/// through. A webhook never gets an operational event about itself.
pub(crate) fn of_event<'a>(
    event: &'a Event,
    table: &'a RouteTable,
) -> impl Iterator<Item = (Lane, Message)> + 'a {
    let content = &event.content;
    let concerned = concerned(content);
    let input = OnceCell::new();
    let mut payload = None;
    table
        .routes
        .iter()
        .filter(move |route| {
            concerned != Some(route.webhook)
                && route.takes(&content.event_type, event.accepted_at, content.test)
        })
        .filter(move |route| route.lets_through(|| input.get_or_init(|| Input::of_event(event))))
        .map(move |route| {
            let payload = payload.get_or_insert_with(|| payload::pack(content));
            let message = Message::Deliver(Deliver {
                tenant: event.tenant.clone(),
                delivery: DeliveryId::new(route.webhook, event.accepted_at, event.id.clone()),
                event_type: content.event_type.clone(),
                generation: 0,
                payload: payload.clone(),
            });
            (route.lane, message)
        })
}

//! Bodies of messages. `Message::encode` writes one of each kind; the others are the same text with
//! another delivery, generation and event in it, because encoding millions of them takes long.

use std::fmt::Write as _;

use hooklane_app::payload::pack;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::event::Event;
use hooklane_domain::ids::DeliveryId;

pub(crate) struct Bodies {
    with_payload: Body,
    without: Body,
}

/// What stands before, between and after the delivery's id, the generation, and the event's number.
struct Body {
    before: String,
    between: String,
    after: String,
    /// Only where there is a payload.
    end: Option<String>,
}

impl Bodies {
    /// From an event and its delivery. `None` if its message is not written as expected.
    pub(crate) fn like(event: &Event, delivery: &DeliveryId) -> Option<Self> {
        let body = |payload| {
            let message = Deliver {
                tenant: event.tenant.clone(),
                delivery: delivery.clone(),
                event_type: event.content.event_type.clone(),
                generation: 0,
                payload,
            };
            let text = Message::Deliver(message).encode();
            let (before, rest) = text.split_once(&delivery.to_string())?;
            let (between, rest) = rest.split_once("\"generation\":0")?;
            let parts = rest.split_once(event.content.data.as_str());
            let (after, end) = parts.map_or((rest, None), |(after, end)| (after, Some(end)));
            Some(Body {
                before: before.to_owned(),
                between: between.to_owned(),
                after: after.to_owned(),
                end: end.map(str::to_owned),
            })
        };
        Some(Self { with_payload: body(pack(&event.content))?, without: body(None)? })
    }

    pub(crate) fn write(
        &self,
        has_payload: bool,
        delivery: &DeliveryId,
        generation: u32,
        data: &str,
    ) -> String {
        let body = if has_payload { &self.with_payload } else { &self.without };
        let Body { before, between, after, end } = body;
        let mut text = String::with_capacity(256);
        let _ = write!(text, "{before}{delivery}{between}\"generation\":{generation}{after}");
        if let Some(end) = end {
            let _ = write!(text, "{data}{end}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use hooklane_domain::ids::WebhookId;

    use super::*;
    use crate::ledger::{Ledger, data_of};
    use crate::time::at;

    #[test]
    fn a_body_is_what_the_message_encodes_to() {
        let webhooks = (0..2).map(|n| WebhookId::new(at(0), n)).collect();
        let (tenant, event_type) = ("tenant".parse().unwrap(), "order.created".parse().unwrap());
        let mut ledger = Ledger::new(tenant, event_type, webhooks);
        let [first, other] = [ledger.publish(0, false, 7), ledger.publish(1, true, 4_711_000)];
        let id = |number| ledger.delivery_id(number).unwrap();
        let event = ledger.event(other).unwrap();
        let bodies = Bodies::like(&ledger.event(first).unwrap(), &id(first)).unwrap();
        for (has_payload, generation) in [(true, 0), (true, 12), (false, 3)] {
            let message = Message::Deliver(Deliver {
                tenant: event.tenant.clone(),
                delivery: id(other),
                event_type: event.content.event_type.clone(),
                generation,
                payload: has_payload.then(|| pack(&event.content)).flatten(),
            });
            let written = bodies.write(has_payload, &id(other), generation, &data_of(other));
            assert_eq!(written, message.encode());
        }
    }
}

//! Where a letter goes when it is sent again. `make redrive` (`local/hooklane_local/redrive.py`) does the same.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::{Letter, Source};
use crate::delivery::waiting::Lane;
use crate::ids::DeliveryId;

/// What is sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The event queue gets the body as it is.
    Publish(String),
    /// A queue of deliveries gets the message, with its deliveries in their next generation.
    Deliver { lane: Lane, body: String, group: Option<String> },
}

/// Why a letter stays in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    #[error("its body was too long for a queue and was cut, so it is not whole")]
    Cut,
    #[error("it has no body")]
    Empty,
    #[error("it is of a reader of the stream, which is invoked with it by `make redrive` alone")]
    OfTheStream,
}

impl Letter {
    /// Where this letter of a source goes.
    pub fn errand(&self, source: Source) -> Result<Errand, Kept> {
        let body = self.whole_body()?;
        match source {
            Source::Events => Ok(Errand::Publish(body.to_owned())),
            Source::Deliveries => Ok(self.deliver(Lane::Fast, body)),
            // What a recovery sends takes the slow lane.
            Source::Upkeep => Ok(self.deliver(Lane::Slow, body)),
            Source::Fanout | Source::Stats => Err(Kept::OfTheStream),
        }
    }

    fn whole_body(&self) -> Result<&str, Kept> {
        let reason = self.reason.as_deref().unwrap_or_default();
        if reason.ends_with(" bytes)") && reason.contains("(cut to its first") {
            return Err(Kept::Cut);
        }
        match self.body.trim().is_empty() {
            true => Err(Kept::Empty),
            false => Ok(&self.body),
        }
    }

    fn deliver(&self, lane: Lane, body: &str) -> Errand {
        let next = with_next_generation(body);
        let webhook = || next.as_ref()?.1.parse::<DeliveryId>().ok().map(|id| id.webhook());
        let group = self.group.clone().or_else(|| webhook().map(|webhook| webhook.to_string()));
        let body = next.map_or_else(|| body.to_owned(), |(body, _)| body);
        Errand::Deliver { lane, body, group }
    }
}

/// The message with the generation of each of its deliveries raised by one, and the first delivery's id. `None`
/// for what is no message of this version, which is sent as it is.
///
/// A waiting delivery stores its owner, the one message that acts for it. Another message of the same generation
/// would count as a duplicate. The event's content is left out, because a queue may have refused it: `delivery`
/// then reads it from the ledger. Fields of a newer version stay.
fn with_next_generation(body: &str) -> Option<(String, String)> {
    let mut message: Raw = serde_json::from_str(body).ok()?;
    if message.get("version")?.get() != "1" {
        return None;
    }
    let body = message.get("body")?.get();
    let (next, delivery) = match text(message.get("kind")?)?.as_str() {
        "deliver" => {
            let (next, delivery) = next_of(serde_json::from_str(body).ok()?)?;
            (to_raw_value(&next), delivery)
        }
        "deliver-each" => {
            let each: Vec<Raw> = serde_json::from_str(body).ok()?;
            let each = each.into_iter().map(next_of).collect::<Option<Vec<_>>>()?;
            let (each, deliveries): (Vec<_>, Vec<_>) = each.into_iter().unzip();
            (to_raw_value(&each), deliveries.into_iter().next()?)
        }
        _ => return None,
    };
    message.insert("body".to_owned(), next.ok()?);
    Some((serde_json::to_string(&message).ok()?, delivery))
}

/// The fields of an object, each as it is written.
type Raw = BTreeMap<String, Box<RawValue>>;

/// A delivery in its next generation, and its id.
fn next_of(mut deliver: Raw) -> Option<(Raw, String)> {
    let delivery = text(deliver.get("delivery")?)?;
    let generation: u32 = serde_json::from_str(deliver.get("generation")?.get()).ok()?;
    deliver.insert("generation".to_owned(), to_raw_value(&generation.checked_add(1)?).ok()?);
    deliver.remove("payload");
    Some((deliver, delivery))
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

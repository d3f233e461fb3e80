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
    /// A queue of deliveries gets the message in its next generation.
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

/// The message with its generation raised by one, and the delivery's id. `None` for what is no message of this
/// version, which is sent as it is.
///
/// A waiting delivery stores its owner, the one message that acts for it. Another message of the same generation
/// would count as a duplicate. The event's content is left out, because a queue may have refused it: `delivery`
/// then reads it from the ledger. Fields of a newer version stay.
fn with_next_generation(body: &str) -> Option<(String, String)> {
    type Raw = BTreeMap<String, Box<RawValue>>;
    let mut message: Raw = serde_json::from_str(body).ok()?;
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    if message.get("version")?.get() != "1" || text(message.get("kind")?)? != "deliver" {
        return None;
    }
    let mut deliver: Raw = serde_json::from_str(message.get("body")?.get()).ok()?;
    let delivery = text(deliver.get("delivery")?)?;
    let generation: u32 = serde_json::from_str(deliver.get("generation")?.get()).ok()?;
    deliver.insert("generation".to_owned(), to_raw_value(&generation.checked_add(1)?).ok()?);
    deliver.remove("payload");
    message.insert("body".to_owned(), to_raw_value(&deliver).ok()?);
    Some((serde_json::to_string(&message).ok()?, delivery))
}

//! The events of a batch.

use std::fmt;

use hooklane_domain::json::fields::FieldErrors;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::http::problem::Problem;

/// The largest batch, in events.
const MAX_BATCH: usize = 100;

/// A batch is a list of events, or an object with one under `events`.
pub(super) fn split(body: &str) -> Result<Vec<Box<RawValue>>, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Batch {
        events: First,
    }
    let First(events) = if body.trim_start().starts_with('[') {
        serde_json::from_str(body)
    } else {
        serde_json::from_str::<Batch>(body).map(|batch| batch.events)
    }
    .map_err(|e| FieldErrors::one("", format!("must be {{\"events\": [...]}} ({e})")))?;
    if events.is_empty() || events.len() > MAX_BATCH {
        let message = format!("must hold 1 to {MAX_BATCH} events");
        return Err(FieldErrors::one("events", message).into());
    }
    Ok(events)
}

/// The events of a batch, up to one more than there may be. A body has room for two million, which would take
/// many times its size.
struct First(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = First;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First, A::Error> {
                let mut events = Vec::new();
                while events.len() <= MAX_BATCH {
                    match list.next_element()? {
                        Some(event) => events.push(event),
                        None => return Ok(First(events)),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(events))
            }
        }

        deserializer.deserialize_seq(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_a_million_takes_no_more_than_one_of_a_hundred() {
        let many = format!("[{}1]", "1,".repeat(1_000_000));
        let First(kept) = serde_json::from_str(&many).unwrap();
        assert_eq!(kept.len(), MAX_BATCH + 1);
        assert_eq!(split(&many).unwrap_err().status(), 422);
        assert_eq!(split(&format!("{{\"events\":{many}}}")).unwrap_err().status(), 422);
        // It is read to its end, because half a batch is none.
        assert_eq!(split(&many[..many.len() - 1]).unwrap_err().status(), 422);
        assert_eq!(split("[1, {}]").unwrap().len(), 2);
    }
}

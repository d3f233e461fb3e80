//! The events of a batch.

use hooklane_domain::json::fields::{FieldErrors, Fields, List};
use hooklane_domain::json::position;
use serde_json::value::RawValue;

use crate::http::problem::Problem;

/// The largest batch, in events.
const MAX_BATCH: usize = 100;

/// A batch is a list of events, or an object with one under `events`. A list with too many elements is not
/// kept, since its elements may be as small as their sender likes.
pub(super) fn split(body: &str) -> Result<Vec<Box<RawValue>>, Problem> {
    const EXPECTED: &str = "must be {\"events\": [...]}";
    let how_many = format!("must hold 1 to {MAX_BATCH} events");
    let events = if body.trim_start().starts_with('[') {
        match List::read(body, MAX_BATCH) {
            Ok(List::Whole(events)) => events,
            Ok(List::TooLong) => return Err(FieldErrors::one("events", how_many).into()),
            Err(e) => {
                let message = format!("{EXPECTED} ({})", position(&e));
                return Err(FieldErrors::one("", message).into());
            }
        }
    } else {
        let mut fields = Fields::of("", body)?;
        if !fields.has(&["events"]) {
            fields.error("events", "is required");
        }
        let events =
            fields.read_list(&["events"], "a list of events", MAX_BATCH, how_many.as_str());
        fields.finish()?;
        events.unwrap_or_default()
    };
    if events.is_empty() {
        return Err(FieldErrors::one("events", how_many).into());
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_a_million_is_refused_like_one_of_a_hundred_and_one() {
        let many = format!("[{}1]", "1,".repeat(1_000_000));
        assert_eq!(split(&many).unwrap_err().status(), 422);
        assert_eq!(split(&format!("{{\"events\":{many}}}")).unwrap_err().status(), 422);
        // Half a batch is none.
        assert_eq!(split(&many[..many.len() - 1]).unwrap_err().status(), 422);
        assert_eq!(split("[1, {}]").unwrap().len(), 2);
    }
}

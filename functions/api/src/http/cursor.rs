//! Cursors: opaque positions in a list. A cursor works only with the list and the filters it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A list with its filters. Its cursors do not work with another list.
pub(crate) struct List(String);

/// The number of bytes of the list's hash that a cursor contains.
const MARK: usize = 6;

impl List {
    /// `parts` identify the list and its filters.
    pub(crate) fn of(parts: &[&dyn std::fmt::Debug]) -> Self {
        Self(format!("{parts:?}"))
    }

    fn mark(&self) -> [u8; MARK] {
        let hash: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let mut mark = [0; MARK];
        mark.copy_from_slice(&hash[..MARK]);
        mark
    }

    pub(crate) fn cursor(&self, place: impl ToString) -> String {
        let mut bytes = self.mark().to_vec();
        bytes.extend_from_slice(place.to_string().as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in a cursor of this list.
    pub(crate) fn place<T: std::str::FromStr>(&self, cursor: &str) -> Result<T, &'static str> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| UNKNOWN)?;
        let (mark, place) = bytes.split_first_chunk::<MARK>().ok_or(UNKNOWN)?;
        let place = std::str::from_utf8(place).ok().and_then(|place| place.parse().ok());
        let place = place.ok_or(UNKNOWN)?;
        if *mark == self.mark() { Ok(place) } else { Err(OTHER) }
    }
}

pub(crate) const UNKNOWN: &str = "must be a nextCursor from a previous answer";
const OTHER: &str = "is from a request with other filters: only limit may change between pages";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_works_only_with_its_own_list() {
        let list = List::of(&[&"deliveries", &"wh_1", &Some(7)]);
        let cursor = list.cursor(42u64);
        assert_eq!(list.place::<u64>(&cursor), Ok(42));
        let other = List::of(&[&"deliveries", &"wh_1", &None::<u8>]);
        assert_eq!(other.place::<u64>(&cursor), Err(OTHER));
        for text in ["", "x", "nonsense!", "AAAAAAAA", &list.cursor("no number")] {
            assert_eq!(list.place::<u64>(text), Err(UNKNOWN), "{text}");
        }
    }
}

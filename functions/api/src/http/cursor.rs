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
        if names_a_version(cursor) {
            return Err(NEWER);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| UNKNOWN)?;
        let (mark, place) = bytes.split_first_chunk::<MARK>().ok_or(UNKNOWN)?;
        let place = std::str::from_utf8(place).ok().and_then(|place| place.parse().ok());
        match (place, *mark == self.mark()) {
            (Some(place), true) => Ok(place),
            (Some(_), false) => Err(OTHER),
            // It is of this list, and its position is of a kind that only another version knows.
            (None, true) => Err(NEWER),
            (None, false) => Err(UNKNOWN),
        }
    }
}

/// Whether a cursor names its version, as those of this version do not: `v2.` and more. A version that
/// changes cursors begins them like that, so that this one can say what is wrong. No cursor of this version
/// has a full stop.
fn names_a_version(cursor: &str) -> bool {
    let number = cursor.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    number.is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

pub(crate) const UNKNOWN: &str = "must be a nextCursor from a previous answer";
const OTHER: &str = "is from a request with other filters: only limit may change between pages";
const NEWER: &str = "is a nextCursor of another version of Hooklane: begin again without a cursor";

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
        for text in ["", "x", "nonsense!", "AAAAAAAA", "v.x", "vx.1", &other.cursor("no number")] {
            assert_eq!(list.place::<u64>(text), Err(UNKNOWN), "{text}");
        }
    }

    #[test]
    fn finding_rolling_upgrade_a_cursor_of_a_newer_version_says_to_begin_again() {
        let list = List::of(&[&"deliveries", &"wh_1"]);
        for text in ["v2.AAAA", "v10.", &list.cursor("42@eu-west-1")] {
            assert_eq!(list.place::<u64>(text), Err(NEWER), "{text}");
        }
    }
}

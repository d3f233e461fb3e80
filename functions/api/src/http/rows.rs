//! Rows of a list that fit into one answer. Lambda limits an answer to 6 MB, in which it is a JSON string:
//! each quotation mark and backslash takes two bytes there.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::http::problem::Problem;

/// The bytes that the rows of one answer may take, as Lambda counts them. That leaves room for a contract that
/// shapes the answer, and for the rest of it.
const ROOM: usize = 3 * 1024 * 1024;

/// Rows in JSON, as many as fit.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Box<RawValue>>,
    /// Whether some were left out at the end.
    pub(crate) is_cut: bool,
}

impl Rows {
    /// The first rows, at least one, that fit together.
    pub(crate) fn fitting<T: Serialize>(all: impl Iterator<Item = T>) -> Result<Self, Problem> {
        let (mut rows, mut room) = (Vec::new(), ROOM);
        for row in all {
            let row = to_raw_value(&row).map_err(Problem::internal)?;
            let size = size_in_answer(row.get());
            if size > room && !rows.is_empty() {
                return Ok(Self { rows, is_cut: true });
            }
            room = room.saturating_sub(size);
            rows.push(row);
        }
        Ok(Self { rows, is_cut: false })
    }
}

fn size_in_answer(json: &str) -> usize {
    let doubled = json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    json.len() + doubled + ",".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_lambda_would_refuse_the_answer() {
        // Quoted, this text has 2 + 2 * 500,000 bytes, of which 2 + 2 * 500,000 count twice.
        let row = "\"".repeat(500_000);
        assert_eq!(size_in_answer(to_raw_value(&row).unwrap().get()), 2_000_005);
        let all = Rows::fitting(std::iter::repeat_n(&row, 5)).unwrap();
        assert_eq!((all.rows.len(), all.is_cut), (1, true));
        let plain = "a".repeat(500_000);
        let some = Rows::fitting(std::iter::repeat_n(&plain, 10)).unwrap();
        assert_eq!((some.rows.len(), some.is_cut), (6, true));
        let few = Rows::fitting([1, 2, 3].into_iter()).unwrap();
        assert_eq!((few.rows.len(), few.is_cut), (3, false));
        let huge = "a".repeat(2 * ROOM);
        let one = Rows::fitting([&huge, &huge].into_iter()).unwrap();
        assert_eq!((one.rows.len(), one.is_cut), (1, true), "the list goes on");
    }
}

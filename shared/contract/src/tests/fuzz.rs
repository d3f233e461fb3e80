//! Any contract file is a contract that works, or a mistake with its line.

use proptest::prelude::*;

use super::*;
use crate::request::tests::{any_piece, many};

prop_compose! {
    /// The file of `standard` with pieces replaced.
    fn any_file()(edits in proptest::collection::vec((0..STANDARD.len(), 0..24usize, any_piece()), 0..4))
        -> String
    {
        let mut text = STANDARD.to_owned();
        for (at, length, piece) in edits {
            let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at));
            let from = boundary(at.min(text.len())).unwrap_or(text.len());
            let to = boundary((from + length).min(text.len())).unwrap_or(text.len());
            text.replace_range(from..to, piece);
        }
        text
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn any_file_is_a_contract_or_a_mistake_with_its_line(text in any_file()) {
        match contract(&[("a.toml", &text), ("standard.toml", STANDARD)]) {
            Ok(contract) => {
                let wire = request(&contract, &webhook(&[]), "[1]");
                prop_assert!(serde_json::from_str::<serde_json::Value>(&wire.body).is_ok(), "{}", wire.body);
                for (name, value) in &wire.headers {
                    prop_assert!(hooklane_domain::webhook::headers::is_value(value), "{name}: {value}");
                }
                prop_assert!(wire.headers.iter().any(|(name, _)| contract.sets_header(&name.to_lowercase())));
            }
            Err(mistake) => {
                prop_assert!(["a.toml", "standard.toml"].contains(&mistake.file.as_str()));
                let lines = text.lines().count().max(STANDARD.lines().count());
                prop_assert!((1..=lines + 1).contains(&mistake.line), "{}", mistake);
                prop_assert!(!mistake.message.is_empty());
            }
        }
    }

}

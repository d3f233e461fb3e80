//! Whatever a contract file says: a contract that works, or a mistake with its place.

use proptest::prelude::*;

use super::*;

/// Eighty times `PROPTEST_CASES`, so 20,480 unless that is set.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.saturating_mul(80), ..usual }
}

/// What may be written in the place of something else.
fn any_piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "{",
        "}",
        "{event.data}",
        "{event.id}",
        "{event.version|}",
        "{event.version|1}",
        "{attempt.timestamp:unix}",
        "{signature}",
        "{body}",
        "{event.timestamp:rfc3339ms}",
        "|",
        ":",
        "\"",
        "'''",
        "[",
        "]",
        "=",
        ",",
        "#",
        "\n",
        "0",
        "-1",
        "99999999999999999999",
        "1.5",
        "true",
        "standard",
        "extends = \"standard\"\n",
        "json = \"javascript\"\n",
        "hex",
        "text",
        "é",
        "\u{0}",
        "[headers]\n",
        "[signature.ed25519]\n",
        "rate_limit = { requests = 1, perSeconds = 1 }\n",
        "another = \"{signature}\"\n",
        "null",
        "{}",
        "Content-Type",
        "a-Next",
        "\\\"",
        "\r\n",
    ])
}

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
    fn any_file_is_a_contract_or_a_mistake_with_its_place(text in any_file()) {
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

    #[test]
    fn any_template_is_read_and_rendered(pieces in proptest::collection::vec(any_piece(), 0..12), place in 0..5usize) {
        use crate::placeholder::Place;
        let places =
            [Place::Header, Place::Signed, Place::SignatureValue, Place::BodyText, Place::BodyValue];
        let text = pieces.concat();
        if let Ok(template) = Template::parse(&text, places[place]) {
            prop_assert_eq!(template.to_string(), text);
            let rendered = template.render(|_| Some("v".to_owned()));
            // Every placeholder gave a letter, and the rest is there as it was.
            let braces = rendered.is_none_or(|rendered| rendered.contains(['{', '}']));
            prop_assert!(!braces);
        }
    }

    #[test]
    fn any_body_is_read_and_rendered(pieces in proptest::collection::vec(any_piece(), 0..12)) {
        drop(BodyTemplate::parse(&pieces.concat()));
    }
}

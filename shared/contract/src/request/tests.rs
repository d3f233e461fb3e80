//! Any template is read and rendered, or refused.

use proptest::prelude::*;

use super::placeholder::Place;
use super::*;

/// Eighty times `PROPTEST_CASES`, so 20,480 unless that is set.
pub(crate) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.saturating_mul(80), ..usual }
}

/// A piece of text that replaces another.
pub(crate) fn any_piece() -> impl Strategy<Value = &'static str> {
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

proptest! {
    #![proptest_config(many())]

    #[test]
    fn any_template_is_read_and_rendered(pieces in proptest::collection::vec(any_piece(), 0..12), place in 0..5usize) {
        let places =
            [Place::Header, Place::Signed, Place::SignatureValue, Place::BodyText, Place::BodyValue];
        let text = pieces.concat();
        if let Ok(template) = Template::parse(&text, places[place]) {
            prop_assert_eq!(template.to_string(), text);
            let rendered = template.render(|_| Some("v".to_owned()));
            // Every placeholder became a letter, and no brace is left.
            let braces = rendered.is_none_or(|rendered| rendered.contains(['{', '}']));
            prop_assert!(!braces);
        }
    }

    #[test]
    fn any_body_is_read_and_rendered(pieces in proptest::collection::vec(any_piece(), 0..12)) {
        drop(BodyTemplate::parse(&pieces.concat()));
    }
}

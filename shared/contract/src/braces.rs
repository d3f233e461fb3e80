//! Splits a text with placeholders in braces, such as `v1,{signature}`.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text between the placeholders, never empty.
    Text(&'a str),
    /// The text between a `{` and its `}`.
    Placeholder(&'a str),
}

/// The pieces of a text in their order. An unbalanced brace is an error.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        push_text(&mut pieces, before)?;
        let (inner, after) = after.split_once('}').ok_or_else(|| "a { has no }".to_owned())?;
        pieces.push(Piece::Placeholder(inner));
        rest = after;
    }
    push_text(&mut pieces, rest)?;
    Ok(pieces)
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) -> Result<(), String> {
    if text.contains('}') {
        return Err("a } has no {".to_owned());
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_its_pieces_in_order() {
        use Piece::{Placeholder, Text};
        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![Text("plain")]),
            ("{a}", vec![Placeholder("a")]),
            ("v1,{a}{b} ", vec![Text("v1,"), Placeholder("a"), Placeholder("b"), Text(" ")]),
        ] {
            assert_eq!(pieces(text), Ok(expected), "{text}");
        }
        for (text, expected) in
            [("{a", "a { has no }"), ("a}", "a } has no {"), ("}{a}", "a } has no {")]
        {
            assert_eq!(pieces(text), Err(expected.to_owned()), "{text}");
        }
    }
}

//! Characters that nobody sees in a text: white space other than a blank, control characters, and invisible
//! format characters. They come along when a text is copied from a page or a terminal.

use std::fmt;

/// A character that nobody sees, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen {
    /// Counted from 1.
    position: usize,
    character: char,
}

impl Unseen {
    /// The first one in a text: a blank is one only at the beginning or the end.
    #[must_use]
    pub fn first_in(text: &str) -> Option<Self> {
        let outer =
            |at: usize| text[..at].trim_start().is_empty() || text[at..].trim_end().is_empty();
        Self::first(text, |at, c| is_unseen(c) || (c == ' ' && outer(at)))
    }

    /// The first character of which `is_wrong` says so, given its byte.
    pub(crate) fn first(text: &str, is_wrong: impl Fn(usize, char) -> bool) -> Option<Self> {
        let mut characters = text.char_indices().enumerate();
        let found = characters.find(|(_, (at, character))| is_wrong(*at, *character));
        found.map(|(before, (_, character))| Self { position: before + 1, character })
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, character } = *self;
        write!(f, "character {position} is U+{:04X}", u32::from(character))?;
        match NAMES.iter().find(|(named, _)| *named == character) {
            Some((_, name)) => write!(f, " ({name})"),
            None if character.is_control() => f.write_str(" (a control character)"),
            None if character.is_whitespace() => f.write_str(" (a space)"),
            None if is_invisible(character) => f.write_str(" (an invisible character)"),
            None => Ok(()),
        }
    }
}

/// Whether nobody sees this character in a text. A blank is seen between others.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c != ' ' && (c.is_control() || c.is_whitespace() || is_invisible(c))
}

/// Default_Ignorable_Code_Point (*Unicode Character Database*, DerivedCoreProperties.txt), interlinear
/// annotation, and U+2800, a Braille pattern without dots.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

const NAMES: [(char, &str); 15] = [
    ('\0', "null"),
    ('\t', "tab"),
    ('\n', "line feed"),
    ('\r', "carriage return"),
    (' ', "space"),
    ('\u{a0}', "no-break space"),
    ('\u{ad}', "soft hyphen"),
    ('\u{200b}', "zero width space"),
    ('\u{200c}', "zero width non-joiner"),
    ('\u{200d}', "zero width joiner"),
    ('\u{2028}', "line separator"),
    ('\u{202f}', "narrow no-break space"),
    ('\u{2060}', "word joiner"),
    ('\u{3000}', "ideographic space"),
    ('\u{feff}', "byte order mark"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_named_with_its_position() {
        for (text, expected) in [
            ("secret\u{a0}", Some("character 7 is U+00A0 (no-break space)")),
            ("\u{feff}secret", Some("character 1 is U+FEFF (byte order mark)")),
            ("sé\u{200b}cret", Some("character 3 is U+200B (zero width space)")),
            ("secret\n", Some("character 7 is U+000A (line feed)")),
            ("sec\tret", Some("character 4 is U+0009 (tab)")),
            ("secret ", Some("character 7 is U+0020 (space)")),
            ("  secret", Some("character 1 is U+0020 (space)")),
            ("secret \u{a0}", Some("character 7 is U+0020 (space)")),
            ("secret\u{2003}x", Some("character 7 is U+2003 (a space)")),
            ("\u{85}secret", Some("character 1 is U+0085 (a control character)")),
            ("\u{1680}secret", Some("character 1 is U+1680 (a space)")),
            ("se\u{202e}cret", Some("character 3 is U+202E (an invisible character)")),
            ("se\u{e0041}cret", Some("character 3 is U+E0041 (an invisible character)")),
            ("se\u{2800}cret", Some("character 3 is U+2800 (an invisible character)")),
            ("a secret of four words", None),
            ("sécrèt-秘密-🔑", None),
            ("", None),
        ] {
            let found = Unseen::first_in(text).map(|unseen| unseen.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }
}

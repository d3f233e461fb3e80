//! Keys that are rotated while they are in use: the operator's, and those that sign tenants' tokens.

use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

/// The keys of one purpose. The first is the current one; the others are still good, so that whoever has
/// one of them can move to the current one in peace.
#[derive(Debug)]
pub struct KeyRing {
    current: SecretString,
    former: Vec<SecretString>,
}

/// Why a text is no ring of keys: as a whole, since any line of it would be good for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    #[error("it holds no key: one a line, the current one first")]
    Empty,
    #[error("line {0} is no key: {MIN_LENGTH} characters or more, without spaces")]
    Line(usize),
}

/// What is shorter was not made by chance, but is a bracket or a note.
const MIN_LENGTH: usize = 16;

impl KeyRing {
    /// One key a line. Blank lines and spaces around a key are not part of any.
    pub fn parse(text: &str) -> Result<Self, NoKeys> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty())
        {
            if line.chars().count() < MIN_LENGTH || line.contains(char::is_whitespace) {
                return Err(NoKeys::Line(number + 1));
            }
            keys.push(SecretString::from(line));
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(NoKeys::Empty)?;
        Ok(Self { current, former: keys.collect() })
    }

    /// What signs.
    #[must_use]
    pub const fn current(&self) -> &SecretString {
        &self.current
    }

    /// What is good.
    pub fn all(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// Whether this text is one of the keys. How long that takes says nothing about them but their number
    /// and lengths.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let same = |key: &SecretString| text.as_bytes().ct_eq(key.expose_secret().as_bytes());
        self.all().map(same).fold(Choice::from(0), |found, same| found | same).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "the-first-of-the-keys";
    const TWO: &str = "the-second-of-the-keys";

    #[test]
    fn one_key_a_line_and_the_first_is_the_current_one() {
        for (text, keys) in [
            (ONE.to_owned(), vec![ONE]),
            (format!("{ONE}\n"), vec![ONE]),
            (format!("  {TWO} \r\n\n\t{ONE}"), vec![TWO, ONE]),
        ] {
            let ring = KeyRing::parse(&text).unwrap();
            assert_eq!(ring.current().expose_secret(), keys[0], "{text:?}");
            let all: Vec<_> = ring.all().map(ExposeSecret::expose_secret).collect();
            assert_eq!(all, keys, "{text:?}");
        }
    }

    /// A line that is not meant as a key must not be one: it would open everything.
    #[test]
    fn what_is_not_all_keys_is_none() {
        for (text, wrong) in [
            (String::new(), NoKeys::Empty),
            ("\n\r\n \t\n".to_owned(), NoKeys::Empty),
            (format!("{ONE}\nold\n{TWO}"), NoKeys::Line(2)),
            (format!("{{\n  \"key\": \"{ONE}\"\n}}"), NoKeys::Line(1)),
            (format!("{ONE}\n\n# the former one, until Monday"), NoKeys::Line(3)),
            ("fifteen-letters".to_owned(), NoKeys::Line(1)),
        ] {
            assert_eq!(KeyRing::parse(&text).unwrap_err(), wrong, "{text:?}");
        }
    }

    #[test]
    fn a_ring_holds_its_keys_and_nothing_else() {
        let ring = KeyRing::parse(&format!("{ONE}\n{TWO}")).unwrap();
        for (text, held) in [
            (ONE, true),
            (TWO, true),
            ("", false),
            (&ONE[1..], false),
            (&format!("{ONE}\n{TWO}"), false),
            (&ONE.to_uppercase(), false),
        ] {
            assert_eq!(ring.holds(text), held, "{text:?}");
        }
    }

    #[test]
    fn a_ring_does_not_show_its_keys() {
        let shown = format!("{:?}", KeyRing::parse(&format!("{ONE}\n{TWO}")).unwrap());
        assert!(!shown.contains(ONE) && !shown.contains(TWO), "{shown}");
    }
}

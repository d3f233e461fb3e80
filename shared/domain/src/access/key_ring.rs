//! Key rings: the operator's keys, and the keys that sign tenants' tokens. Both are rotated while in
//! use.

use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

/// The keys of one purpose. The first is the current one. The others are still accepted, so that their
/// users can change to the current one without an outage.
#[derive(Debug)]
pub struct KeyRing {
    current: SecretString,
    former: Vec<SecretString>,
}

/// Why a text is not a key ring. One malformed line refuses the whole text, since a line that was not
/// meant as a key would otherwise give full access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    #[error("there is no key; write one on each line, the current one first")]
    Empty,
    #[error(
        "line {0} is not a key; a key has at least {MIN_KEY_CHARACTERS} characters and no spaces"
    )]
    Line(usize),
}

/// The fewest characters of a key. A shorter line is not a random key but a bracket or a note.
const MIN_KEY_CHARACTERS: usize = 16;

impl KeyRing {
    /// Reads one key from each line. Blank lines and spaces around a key are ignored.
    pub fn parse(text: &str) -> Result<Self, NoKeys> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty())
        {
            if line.chars().count() < MIN_KEY_CHARACTERS || line.contains(char::is_whitespace) {
                return Err(NoKeys::Line(number + 1));
            }
            keys.push(SecretString::from(line));
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(NoKeys::Empty)?;
        Ok(Self { current, former: keys.collect() })
    }

    /// The key that signs.
    #[must_use]
    pub const fn current(&self) -> &SecretString {
        &self.current
    }

    /// The keys that are accepted.
    pub fn all(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// Whether this text is one of the keys. The time it takes reveals only the number and lengths of
    /// the keys.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        self.all().map(same_as(text)).fold(Choice::from(0), |found, same| found | same).into()
    }

    /// The key that this text is, if it is one. All keys are compared, as [`KeyRing::holds`] does.
    #[must_use]
    pub fn held(&self, text: &str) -> Option<&SecretString> {
        self.all()
            .fold(None, |found, key| if same_as(text)(key).into() { Some(key) } else { found })
    }
}

fn same_as(text: &str) -> impl Fn(&SecretString) -> Choice {
    move |key| text.as_bytes().ct_eq(key.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "the-first-of-the-keys";
    const TWO: &str = "the-second-of-the-keys";

    #[test]
    fn each_line_is_a_key_and_the_first_is_the_current_one() {
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

    /// A line that is not meant as a key must not be accepted as one, since it would give full access.
    #[test]
    fn one_malformed_line_refuses_the_ring() {
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
            let found = ring.held(text).map(ExposeSecret::expose_secret);
            assert_eq!(found, held.then_some(text), "{text:?}");
        }
    }

    #[test]
    fn a_ring_does_not_show_its_keys() {
        let shown = format!("{:?}", KeyRing::parse(&format!("{ONE}\n{TWO}")).unwrap());
        assert!(!shown.contains(ONE) && !shown.contains(TWO), "{shown}");
    }
}

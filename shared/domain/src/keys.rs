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

/// A text with nothing but blank lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it holds no key: one a line, the current one first")]
pub struct NoKey;

impl KeyRing {
    /// One key a line. Blank lines and spaces around a key are not part of any.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let mut keys = text.lines().map(str::trim).filter(|key| !key.is_empty());
        let current = keys.next().ok_or(NoKey)?.into();
        Ok(Self { current, former: keys.map(SecretString::from).collect() })
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

    #[test]
    fn one_key_a_line_and_the_first_is_the_current_one() {
        for (text, keys) in [
            ("one", vec!["one"]),
            ("one\n", vec!["one"]),
            ("  one \r\n\n\ttwo\nthree", vec!["one", "two", "three"]),
        ] {
            let ring = KeyRing::parse(text).unwrap();
            assert_eq!(ring.current().expose_secret(), keys[0], "{text:?}");
            let all: Vec<_> = ring.all().map(ExposeSecret::expose_secret).collect();
            assert_eq!(all, keys, "{text:?}");
        }
        for nothing in ["", " ", "\n\r\n\t\n"] {
            assert_eq!(KeyRing::parse(nothing).unwrap_err(), NoKey, "{nothing:?}");
        }
    }

    #[test]
    fn a_ring_holds_its_keys_and_nothing_else() {
        let ring = KeyRing::parse("one\ntwo").unwrap();
        for (text, held) in [
            ("one", true),
            ("two", true),
            ("", false),
            ("on", false),
            ("one\ntwo", false),
            ("ONE", false),
        ] {
            assert_eq!(ring.holds(text), held, "{text:?}");
        }
    }

    #[test]
    fn a_ring_does_not_show_its_keys() {
        let shown = format!("{:?}", KeyRing::parse("the-key\nanother-key").unwrap());
        assert!(!shown.contains("the-key") && !shown.contains("another-key"), "{shown}");
    }
}

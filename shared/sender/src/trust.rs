//! The operator's own certificate authorities. A receiver inside a network rarely has a certificate of a public one.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Certificate authorities that may sign receivers' certificates, beside the public ones. None by default.
#[derive(Debug, Clone)]
pub struct TrustedCas(RootCertStore);

/// Why the operator's list cannot be read. It counts certificates from 1, and repeats nothing of the list, which
/// may hold a key by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCas {
    #[error("certificate {0} does not begin with -----BEGIN CERTIFICATE-----")]
    NoBegin(usize),
    #[error("certificate {0} does not end with -----END CERTIFICATE-----")]
    NoEnd(usize),
    #[error("certificate {0} is not in base64")]
    NotBase64(usize),
    #[error("certificate {0} is not an X.509 certificate")]
    NotX509(usize),
}

impl TrustedCas {
    /// What each is known by when a certificate is checked.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = TrustAnchor<'static>> {
        self.0.roots.iter().cloned()
    }
}

impl Default for TrustedCas {
    fn default() -> Self {
        Self(RootCertStore::empty())
    }
}

/// Reads certificates as PEM (RFC 7468), one after the other, and nothing between them. Line ends may be blanks or
/// missing: consoles and command lines lose them on a parameter's way to the function.
impl FromStr for TrustedCas {
    type Err = InvalidCas;

    fn from_str(text: &str) -> Result<Self, InvalidCas> {
        let mut store = RootCertStore::empty();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let number = store.len() + 1;
            let begun = rest.strip_prefix(BEGIN).ok_or(InvalidCas::NoBegin(number))?;
            let (inside, after) = begun
                .split_once(END)
                .filter(|(inside, _)| !inside.contains(BEGIN))
                .ok_or(InvalidCas::NoEnd(number))?;
            let base64: String = inside.split_whitespace().collect();
            let der = STANDARD.decode(base64).map_err(|_| InvalidCas::NotBase64(number))?;
            let added = store.add(CertificateDer::from(der));
            added.map_err(|_| InvalidCas::NotX509(number))?;
            rest = after.trim_start();
        }
        Ok(Self(store))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of an authority on P-256, made for this test.
    const ONE: &str = include_str!("tests/authority.pem");
    /// A certificate that signed itself.
    const OTHER: &str = include_str!("tests/alone.pem");

    fn read(text: &str) -> Result<usize, InvalidCas> {
        text.parse::<TrustedCas>().map(|trusted| trusted.anchors().count())
    }

    #[test]
    fn certificates_are_read_whatever_became_of_their_line_ends() {
        let without_line_ends = |text: &str, instead: &str| text.replace('\n', instead);
        for (text, number) in [
            (String::new(), 0),
            (" \n ".to_owned(), 0),
            (ONE.to_owned(), 1),
            (ONE.replace('\n', "\r\n"), 1),
            (without_line_ends(ONE, " "), 1),
            (without_line_ends(ONE, ""), 1),
            (format!("{ONE}{OTHER}"), 2),
            (without_line_ends(&format!("\n{ONE}\n\n{OTHER}"), " "), 2),
            (without_line_ends(&format!("{OTHER}{ONE}{OTHER}"), ""), 3),
        ] {
            assert_eq!(read(&text), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_place() {
        let end_lost = ONE.replace(END, "");
        let (begin, key) = (format!("{BEGIN}\n"), "-----BEGIN PRIVATE KEY-----");
        for (text, error) in [
            ("MIIB".to_owned(), InvalidCas::NoBegin(1)),
            (format!("# ours\n{ONE}"), InvalidCas::NoBegin(1)),
            (format!("{ONE}# the next\n{OTHER}"), InvalidCas::NoBegin(2)),
            (format!("{ONE}{key}\nMIGH\n"), InvalidCas::NoBegin(2)),
            (ONE.replace("CERTIFICATE", "CERT"), InvalidCas::NoBegin(1)),
            (end_lost.clone(), InvalidCas::NoEnd(1)),
            (format!("{end_lost}{OTHER}"), InvalidCas::NoEnd(1)),
            (format!("{OTHER}{end_lost}"), InvalidCas::NoEnd(2)),
            (ONE.replace(&begin, &format!("{begin}?")), InvalidCas::NotBase64(1)),
            (ONE.replace(&begin, &format!("{begin}A")), InvalidCas::NotBase64(1)),
            (ONE.replace(&begin, &format!("{begin}AAAA")), InvalidCas::NotX509(1)),
            (format!("{ONE}{OTHER}{BEGIN}{END}"), InvalidCas::NotX509(3)),
            (format!("{ONE}{BEGIN}bm8gY2VydGlmaWNhdGU={END}"), InvalidCas::NotX509(2)),
        ] {
            assert_eq!(read(&text), Err(error), "{text}");
        }
        let said = InvalidCas::NoEnd(2).to_string();
        assert_eq!(said, "certificate 2 does not end with -----END CERTIFICATE-----");
    }
}

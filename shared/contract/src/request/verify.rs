//! The verifying side of a contract: what the signature of a request that arrived says.
//!
//! What is signed is made again from the request, as a receiver does it: the values of its placeholders are
//! read from the headers, by the templates that wrote them.

use hooklane_domain::inbox::{Arrival, SecretAge, TOLERANCE};
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::signature::is_same;
use jiff::Timestamp;

use super::RequestFormat;
use super::placeholder::PlaceholderName;
use super::signature::{SignatureRule, SignatureStyle, next_name};
use super::template::Template;

/// What the signature of a request says about one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Valid(SecretAge),
    /// Valid, but for a time that is so many seconds before the arrival, or after it if negative.
    Stale(i64),
    Wrong,
    /// It has none of the headers in which the contract signs.
    Unsigned,
}

impl Checked {
    /// The lower, the better. During the overlap of a rotation one header has the old signature and another one the
    /// new.
    fn rank(self) -> u8 {
        match self {
            Self::Valid(SecretAge::Current) => 0,
            Self::Valid(SecretAge::Previous) => 1,
            Self::Stale(_) => 2,
            Self::Wrong | Self::Unsigned => 3,
        }
    }
}

/// A signature in a header's value, and how signatures of its kind are written.
struct Written<'a> {
    style: &'a SignatureStyle,
    signature: &'a str,
}

type Values<'a> = Vec<(PlaceholderName, &'a str)>;

impl RequestFormat {
    pub(crate) fn check(&self, webhook: &Webhook, arrival: Arrival<'_>) -> Checked {
        let mut known = Values::new();
        let mut signatures = Vec::new();
        for (name, template) in &self.headers {
            if !SignatureRule::is_in(template) {
                let value = header(arrival, name).and_then(|value| template.read(value));
                known.extend(value.into_iter().flatten());
                continue;
            }
            signatures.extend(header(arrival, name).map(|value| (template, value)));
            if self.signature.has_one(template) {
                let next = header(arrival, &next_name(name));
                signatures.extend(next.map(|value| (template, value)));
            }
        }
        if signatures.is_empty() {
            return Checked::Unsigned;
        }
        let checked = signatures.into_iter().map(|(template, value)| {
            self.signature.check(webhook, arrival, (template, value), &known)
        });
        checked.min_by_key(|checked| checked.rank()).unwrap_or(Checked::Wrong)
    }
}

impl SignatureRule {
    /// Checks the signatures in one header.
    fn check(
        &self,
        webhook: &Webhook,
        arrival: Arrival<'_>,
        (template, value): (&Template, &str),
        known: &Values<'_>,
    ) -> Checked {
        let values = template.read(value).unwrap_or_default();
        let Some((_, text)) = values.iter().find(|(name, _)| *name == PlaceholderName::Signature)
        else {
            return Checked::Wrong;
        };
        let (written, mut beside) = self.signatures_in(text);
        beside.extend(known);
        beside.extend(values.iter().copied());
        let Ok(body) = std::str::from_utf8(arrival.body) else { return Checked::Wrong };
        let signed = self.signed.render(|placeholder| match placeholder {
            PlaceholderName::Body => Some(body.to_owned()),
            PlaceholderName::WebhookId => Some(webhook.id.to_string()),
            PlaceholderName::EventTenant => Some(webhook.tenant.to_string()),
            other => value_of(&beside, other).map(str::to_owned),
        });
        let Some(signed) = signed else { return Checked::Wrong };
        let secrets = [
            (SecretAge::Current, Some(&webhook.secret)),
            (SecretAge::Previous, webhook.retiring_at(arrival.at)),
        ];
        for (age, secret) in secrets {
            let Some(secret) = secret else { continue };
            let (style, expected) = self.signature_by(secret, &signed);
            let is_there = written
                .iter()
                .any(|one| std::ptr::eq(one.style, style) && is_same(one.signature, &expected));
            if is_there {
                return self.in_time(age, &beside, arrival.at);
            }
        }
        Checked::Wrong
    }

    /// The signatures in the text of a header, one after the other, as [`SignatureRule::sign`] writes them, and
    /// the values beside them. What follows something else is not read.
    fn signatures_in<'a>(&'a self, text: &'a str) -> (Vec<Written<'a>>, Values<'a>) {
        let styles = || std::iter::once(&self.hmac).chain(&self.ed25519);
        let (mut written, mut beside, mut rest) = (Vec::new(), Values::new(), text);
        while !rest.is_empty() {
            let found = styles().find_map(|style| {
                let first =
                    if written.is_empty() { Some(&style.value) } else { style.another.as_ref() };
                let (values, rest) = first?.read_beginning(rest, |c| self.encoding.has(c))?;
                Some((style, values, rest))
            });
            let Some((style, values, left)) = found else { break };
            let signature = value_of(&values, PlaceholderName::Signature).unwrap_or_default();
            written.push(Written { style, signature });
            beside.extend(values);
            rest = left;
        }
        (written, beside)
    }

    /// A valid signature, if its time is signed, is valid for a while only.
    fn in_time(&self, age: SecretAge, values: &Values<'_>, now: Timestamp) -> Checked {
        let Some((name, format)) = self.signed.attempt_timestamp() else {
            return Checked::Valid(age);
        };
        let time = value_of(values, name).and_then(|text| format.read(text));
        let Some(time) = time else { return Checked::Wrong };
        let late = now.duration_since(time);
        if late.abs() <= TOLERANCE { Checked::Valid(age) } else { Checked::Stale(late.as_secs()) }
    }
}

fn value_of<'a>(values: &Values<'a>, name: PlaceholderName) -> Option<&'a str> {
    values.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
}

/// A header that the request has once.
fn header<'a>(arrival: Arrival<'a>, name: &str) -> Option<&'a str> {
    let found = arrival.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

//! From a delivery to the bytes on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::{Contract, Encoding, JsonStyle, SignatureRule, Writing, next_name};
use crate::body::BodyValue;
use crate::placeholder::{Placeholder, TimeFormat};
use crate::template::Template;
use hooklane_domain::event::Content;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::json::as_javascript;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::signature::hmac_sha256;

/// What one attempt is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub content: &'a Content,
    pub delivery: &'a DeliveryId,
    pub webhook: &'a Webhook,
    pub attempt: u32,
    pub at: Timestamp,
}

/// A request as it is sent, byte for byte.
#[derive(Debug, Clone)]
pub struct WireRequest {
    /// In the order in which they are written; names as the contract spells them.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The headers as they may be kept and shown: signatures shortened, custom values masked.
    pub shown_headers: Vec<(String, String)>,
}

/// So much of a signature is shown: enough to tell two apart, nothing to forge with.
const SHOWN_SIGNATURE: usize = 12;
const MASK: &str = "***";

impl Contract {
    /// Writes and signs the request of one attempt.
    #[must_use]
    pub fn request(&self, subject: Subject<'_>) -> WireRequest {
        let body = self.write_body(subject);
        let signatures = self.signature.sign(subject, &body);
        let mut request = WireRequest { headers: Vec::new(), body, shown_headers: Vec::new() };
        request.push_both("Content-Type", &self.content_type);
        let custom_agent =
            subject.webhook.headers.names().any(|n| n.eq_ignore_ascii_case("user-agent"));
        if !custom_agent {
            request.push_both("User-Agent", &self.user_agent);
        }
        for (name, template) in &self.headers {
            request.push_signed(name, template, subject, &signatures.own);
            if let Some(next) =
                signatures.next.as_ref().filter(|_| template.contains(Placeholder::Signature))
            {
                request.push_signed(&next_name(name), template, subject, next);
            }
        }
        for (name, value) in subject.webhook.headers.iter() {
            request.headers.push((name.to_owned(), value.to_owned()));
            request.shown_headers.push((name.to_owned(), MASK.to_owned()));
        }
        request
    }

    fn write_body(&self, subject: Subject<'_>) -> String {
        // The loader takes no body that may have no value.
        let body =
            self.body.render(&|p| subject.body_value(p)).unwrap_or_else(|| "null".to_owned());
        match self.json {
            JsonStyle::Published => body,
            // All of the body, since that is what a receiver parses and writes again.
            JsonStyle::Javascript => as_javascript(&body),
        }
    }
}

impl WireRequest {
    fn push_both(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
        self.shown_headers.push((name.to_owned(), value.to_owned()));
    }

    fn push_signed(
        &mut self,
        name: &str,
        template: &Template,
        subject: Subject<'_>,
        signature: &str,
    ) {
        let render = |signature: &str| template.render(|p| subject.text(p, signature, ""));
        if let Some(value) = render(signature) {
            let shown = render(&shorten(signature)).unwrap_or_default();
            self.headers.push((name.to_owned(), value));
            self.shown_headers.push((name.to_owned(), shown));
        }
    }
}

/// What the `{signature}` stands for in the headers of one request.
struct Signatures {
    /// In the contract's own headers.
    own: String,
    /// In those beside them, in a rotation's overlap.
    next: Option<String>,
}

impl Contract {
    pub(super) fn carries_one_signature(&self, header: &Template) -> bool {
        self.signature.one_in(header)
    }
}

impl SignatureRule {
    /// Whether a header carries a signature, and only one.
    pub(super) fn one_in(&self, header: &Template) -> bool {
        header.contains(Placeholder::Signature) && self.hmac.another.is_none()
    }

    /// The old secret's receivers verify by the contract's own header for as long as it signs; those
    /// that have the new one already find its signature there too, or else in the header beside it.
    fn sign(&self, subject: Subject<'_>, body: &str) -> Signatures {
        let signed = render_or_empty(&self.signed, |p| subject.text(p, "", body));
        let made = |secret| self.make(secret, &signed);
        let write = |template: &Template, signature: &str| {
            render_or_empty(template, |p| subject.text(p, signature, ""))
        };
        let (writing, current) = made(&subject.webhook.secret);
        let own = write(&writing.value, &current);
        let Some(old) = subject.webhook.retiring_at(subject.at) else {
            return Signatures { own, next: None };
        };
        let (writing, old) = made(old);
        match &writing.another {
            Some(another) => Signatures { own: own + &write(another, &old), next: None },
            None => Signatures { own: write(&writing.value, &old), next: Some(own) },
        }
    }

    /// An encoded signature, and how one of its kind is written.
    fn make(&self, secret: &SigningSecret, signed: &str) -> (&Writing, String) {
        let encode = |bytes: &[u8]| match self.encoding {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => STANDARD.encode(bytes),
        };
        match (secret.ed25519(), &self.ed25519) {
            (Some(key), Some(writing)) => (writing, encode(&key.sign(signed.as_bytes()))),
            _ => (&self.hmac, encode(&hmac_sha256(&secret.key(self.key), &[signed.as_bytes()]))),
        }
    }
}

fn render_or_empty(
    template: &Template,
    value: impl FnMut(Placeholder) -> Option<String>,
) -> String {
    template.render(value).unwrap_or_default()
}

fn shorten(signature: &str) -> String {
    let mut shown: String = signature.chars().take(SHOWN_SIGNATURE).collect();
    shown.push('…');
    shown
}

impl<'a> Subject<'a> {
    fn text(&self, placeholder: Placeholder, signature: &str, body: &str) -> Option<String> {
        Some(match placeholder {
            Placeholder::Signature => signature.to_owned(),
            Placeholder::Body => body.to_owned(),
            Placeholder::AttemptTimestamp(format) => format.write(self.at),
            Placeholder::AttemptNumber => self.attempt.to_string(),
            other => return self.body_value(other)?.into_text(),
        })
    }

    fn body_value(&self, placeholder: Placeholder) -> Option<BodyValue<'a>> {
        let accepted_at = self.delivery.accepted_at();
        match placeholder {
            Placeholder::EventData => Some(BodyValue::Json(self.content.data.as_str())),
            Placeholder::EventMetadata => {
                self.content.metadata.as_ref().map(|m| BodyValue::Json(m.as_str()))
            }
            Placeholder::EventId => text(self.delivery.event()),
            Placeholder::EventTenant => text(&self.webhook.tenant),
            Placeholder::EventType => text(&self.content.event_type),
            Placeholder::EventVersion => self.content.version.clone().map(BodyValue::Text),
            Placeholder::EventTimestamp(format) => {
                time(format, self.content.happened_at(accepted_at))
            }
            // A delivery is created when its event is accepted.
            Placeholder::EventAcceptedAt(format) | Placeholder::DeliveryCreatedAt(format) => {
                time(format, accepted_at)
            }
            Placeholder::DeliveryId => text(self.delivery),
            Placeholder::WebhookId => text(&self.webhook.id),
            Placeholder::WebhookName => text(&self.webhook.name),
            // The loader lets none of these stand in a body.
            Placeholder::AttemptTimestamp(_)
            | Placeholder::AttemptNumber
            | Placeholder::Signature
            | Placeholder::Body => None,
        }
    }
}

fn text(value: &impl ToString) -> Option<BodyValue<'static>> {
    Some(BodyValue::Text(value.to_string()))
}

fn time(format: TimeFormat, time: Timestamp) -> Option<BodyValue<'static>> {
    Some(match format {
        TimeFormat::Unix => BodyValue::Number(time.as_second()),
        TimeFormat::Rfc3339 | TimeFormat::Rfc3339Ms => BodyValue::Text(format.write(time)),
    })
}

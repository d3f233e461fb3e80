//! Writes and signs the request of one attempt, byte for byte.

use hooklane_domain::json::as_javascript;
use hooklane_domain::webhook::headers::MASK;

use super::placeholder::PlaceholderName;
use super::signature::next_name;
use super::subject::Subject;
use super::template::Template;
use super::{JsonStyle, RequestFormat};

/// A request as it is sent, byte for byte.
#[derive(Debug, Clone)]
pub struct WireRequest {
    /// In the order in which they are sent, with the names as the contract spells them.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The headers that may be stored and shown: signatures are shortened and custom values masked.
    pub shown_headers: Vec<(String, String)>,
}

/// The number of characters of a signature that are shown: enough to compare two, too few to forge one.
const SHOWN_SIGNATURE_CHARACTERS: usize = 12;

impl RequestFormat {
    /// Writes and signs the request of one attempt.
    pub(crate) fn write(&self, subject: Subject<'_>) -> WireRequest {
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
                signatures.next.as_ref().filter(|_| template.contains(PlaceholderName::Signature))
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
        // The loader refuses a body that may have no value.
        let body =
            self.body.render(&|p| subject.body_value(p)).unwrap_or_else(|| "null".to_owned());
        match self.json {
            JsonStyle::Published => body,
            // The whole body, since a receiver parses all of it and writes it again.
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

fn shorten(signature: &str) -> String {
    let mut shown: String = signature.chars().take(SHOWN_SIGNATURE_CHARACTERS).collect();
    shown.push('…');
    shown
}

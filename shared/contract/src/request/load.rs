//! Reads the parts of a contract file that say how requests look.

use std::collections::BTreeMap;

use hooklane_domain::webhook::headers;
use hooklane_domain::webhook::secret::SecretForm;
use serde::Deserialize;
use toml::Spanned;

use super::body::BodyTemplate;
use super::placeholder::{Place, PlaceholderName};
use super::signature::{Encoding, SignatureRule, SignatureStyle, next_name};
use super::template::Template;
use super::{JsonStyle, RequestFormat};
use crate::files::{InvalidContract, Source};

/// These parts of a merged contract file.
pub(crate) struct RequestTables {
    pub(crate) user_agent: Spanned<String>,
    pub(crate) content_type: Option<Spanned<String>>,
    pub(crate) headers: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    pub(crate) signature: SignatureTable,
    pub(crate) body: Spanned<String>,
    pub(crate) json: JsonStyle,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureTable {
    #[serde(rename = "algorithm")]
    _algorithm: Algorithm,
    key: SecretForm,
    signed: Spanned<String>,
    encoding: Encoding,
    value: Spanned<String>,
    another: Option<Spanned<String>>,
    ed25519: Option<SignatureStyleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureStyleTable {
    value: Spanned<String>,
    another: Option<Spanned<String>>,
}

#[derive(Deserialize)]
enum Algorithm {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

impl RequestTables {
    pub(crate) fn load(self, source: &Source<'_>) -> Result<RequestFormat, InvalidContract> {
        let signature = load_signature(source, &self.signature)?;
        Ok(RequestFormat {
            user_agent: header_value(source, "user_agent", self.user_agent)?,
            content_type: match self.content_type {
                Some(content_type) => header_value(source, "content_type", content_type)?,
                None => "application/json".to_owned(),
            },
            headers: load_headers(source, &self.headers, &signature)?,
            signature,
            body: BodyTemplate::parse(self.body.get_ref())
                .map_err(|e| source.error(self.body.span().start, e))?,
            json: self.json,
        })
    }
}

fn header_value(
    source: &Source<'_>,
    key: &str,
    value: Spanned<String>,
) -> Result<String, InvalidContract> {
    let text = value.get_ref();
    if text.is_empty() || !headers::is_value(text) {
        return Err(source.error(value.span().start, format!("{key} must be a valid header value")));
    }
    Ok(value.into_inner())
}

fn load_headers(
    source: &Source<'_>,
    headers: &Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    signature: &SignatureRule,
) -> Result<Vec<(String, Template)>, InvalidContract> {
    let mut loaded: Vec<(String, Template)> = Vec::new();
    for (name, text) in headers.get_ref() {
        let template = load_header(name.get_ref(), text.get_ref(), &loaded).map_err(|e| {
            source.error(name.span().start, format!("header {}: {e}", name.get_ref()))
        })?;
        loaded.push((name.get_ref().clone(), template));
    }
    if !loaded.iter().any(|(_, template)| template.contains(PlaceholderName::Signature)) {
        return Err(source.error(headers.span().start, "no header contains the {signature}"));
    }
    // A header that can contain only one signature gets a `-Next` header beside it during a rotation.
    for (name, _) in loaded.iter().filter(|(_, template)| signature.has_one(template)) {
        let next = next_name(name);
        let taken =
            headers.get_ref().keys().find(|other| next.eq_ignore_ascii_case(other.get_ref()));
        if let Some(taken) = taken {
            let message = format!(
                "header {next}: contains the new signature of {name} while a secret is rotated"
            );
            return Err(source.error(taken.span().start, message));
        }
    }
    Ok(loaded)
}

fn load_header(name: &str, text: &str, others: &[(String, Template)]) -> Result<Template, String> {
    if !headers::is_name(name) {
        return Err("is not a valid header name".to_owned());
    }
    // `[request]` sets these two, so that a variant changes them in one place.
    for (header, key) in [("content-type", "content_type"), ("user-agent", "user_agent")] {
        if name.eq_ignore_ascii_case(header) {
            return Err(format!("is set by {key} in [request]"));
        }
    }
    if let Some((other, _)) = others.iter().find(|(other, _)| name.eq_ignore_ascii_case(other)) {
        return Err(format!("is given twice, also as {other} (header names are case-insensitive)"));
    }
    let template = Template::parse(text, Place::Header)?;
    if !template.literals().all(headers::is_value) {
        return Err(NO_VALUE.to_owned());
    }
    Ok(template)
}

const NO_VALUE: &str = "is not a valid header value";

fn load_signature(
    source: &Source<'_>,
    table: &SignatureTable,
) -> Result<SignatureRule, InvalidContract> {
    let template = |text: &Spanned<String>, place, needed, missing: &str| {
        let fail = |e: String| source.error(text.span().start, e);
        let template = Template::parse(text.get_ref(), place).map_err(fail)?;
        if template.contains(needed) { Ok(template) } else { Err(fail(missing.to_owned())) }
    };
    let value = |text: &Spanned<String>| {
        let (place, needed) = (Place::SignatureValue, PlaceholderName::Signature);
        let value = template(text, place, needed, "must contain the {signature}")?;
        // The text becomes part of a header.
        if !value.literals().all(headers::is_value) {
            return Err(source.error(text.span().start, NO_VALUE.to_owned()));
        }
        Ok(value)
    };
    let style = |first, another: Option<&Spanned<String>>| {
        Ok(SignatureStyle { value: value(first)?, another: another.map(value).transpose()? })
    };
    let ed25519 = table.ed25519.as_ref().map(|t| style(&t.value, t.another.as_ref()));
    if let Some(own) = &table.ed25519
        && own.another.is_some() != table.another.is_some()
    {
        let message = "another must be set for both algorithms or for neither";
        return Err(source.error(own.value.span().start, message));
    }
    Ok(SignatureRule {
        key: table.key,
        signed: template(
            &table.signed,
            Place::Signed,
            PlaceholderName::Body,
            "what is signed must contain the {body}",
        )?,
        encoding: table.encoding,
        hmac: style(&table.value, table.another.as_ref())?,
        ed25519: ed25519.transpose()?,
    })
}

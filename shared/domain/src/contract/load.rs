//! Reads a contract file. Every mistake is found here, when Hooklane is built: file, line, and what
//! was expected.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::body::BodyTemplate;
use super::placeholder::{Place, Placeholder};
use super::template::Template;
use super::{Contract, ContractName, Encoding, SignatureRule};
use crate::retry::RetryPolicy;
use crate::secret::SecretForm;
use crate::webhook;

/// A mistake in a contract file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct InvalidContract {
    pub file: String,
    /// 1 for the first line.
    pub line: usize,
    pub message: String,
}

const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=30;

/// A contract file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    description: String,
    #[serde(rename = "source")]
    _source: String,
    request: Spanned<RequestTable>,
    headers: Spanned<toml::Table>,
    signature: Spanned<SignatureTable>,
    body: Spanned<String>,
    retry: Spanned<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestTable {
    timeout_seconds: Spanned<u64>,
    user_agent: Spanned<String>,
    gone_disables: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureTable {
    #[serde(rename = "algorithm")]
    _algorithm: Algorithm,
    key: SecretForm,
    signed: Spanned<String>,
    encoding: Encoding,
    value: Spanned<String>,
}

#[derive(Deserialize)]
enum Algorithm {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

/// Turns a place in the file into its line.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, offset: usize, message: impl Into<String>) -> InvalidContract {
        let before = self.text.get(..offset).unwrap_or(self.text);
        InvalidContract {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            message: message.into(),
        }
    }

    fn template(&self, text: &Spanned<String>, place: Place) -> Result<Template, InvalidContract> {
        Template::parse(text.get_ref(), place).map_err(|e| self.error(text.span().start, e))
    }
}

impl Contract {
    pub(super) fn load(file: &str, text: &str) -> Result<Self, InvalidContract> {
        let source = Source { file, text };
        let name: ContractName = file
            .strip_suffix(".toml")
            .unwrap_or(file)
            .parse()
            .map_err(|_| source.error(0, "a contract's file is named [a-z0-9-]+.toml"))?;
        let parsed: File = toml::from_str(text)
            .map_err(|e| source.error(e.span().map_or(0, |span| span.start), e.message()))?;
        let request = parsed.request.get_ref();
        let seconds = *request.timeout_seconds.get_ref();
        if !TIMEOUT_SECONDS.contains(&seconds) {
            let at = request.timeout_seconds.span().start;
            return Err(source.error(at, "timeout_seconds must be from 1 to 30"));
        }
        if !webhook_value(request.user_agent.get_ref()) {
            let at = request.user_agent.span().start;
            return Err(source.error(at, "user_agent must be a header's value"));
        }
        Ok(Self {
            name,
            description: parsed.description,
            timeout: Duration::from_secs(seconds),
            user_agent: request.user_agent.get_ref().clone(),
            gone_disables: request.gone_disables,
            retry: load_retry(&source, &parsed.retry)?,
            headers: load_headers(&source, &parsed.headers)?,
            signature: load_signature(&source, parsed.signature.get_ref())?,
            body: BodyTemplate::parse(parsed.body.get_ref())
                .map_err(|e| source.error(parsed.body.span().start, e))?,
        })
    }
}

fn webhook_value(text: &str) -> bool {
    !text.is_empty() && webhook::headers::is_value(text)
}

fn load_retry(
    source: &Source<'_>,
    retry: &Spanned<toml::Value>,
) -> Result<RetryPolicy, InvalidContract> {
    let at = retry.span().start;
    let json =
        serde_json::to_string(retry.get_ref()).map_err(|e| source.error(at, e.to_string()))?;
    RetryPolicy::read("retry", &json).map_err(|e| source.error(at, e.to_string()))
}

fn load_headers(
    source: &Source<'_>,
    headers: &Spanned<toml::Table>,
) -> Result<Vec<(String, Template)>, InvalidContract> {
    let mut loaded = Vec::new();
    let mut signed = false;
    for (name, value) in headers.get_ref() {
        // The line on which the header is written, for a table that keeps no places of its own.
        let at = source.text[headers.span().start..]
            .find(name.as_str())
            .map_or(headers.span().start, |found| headers.span().start + found);
        let fail = |message: String| source.error(at, format!("header {name}: {message}"));
        if !webhook::headers::is_name(name) {
            return Err(fail("is not a header's name".to_owned()));
        }
        let text = value.as_str().ok_or_else(|| fail("must be a string".to_owned()))?;
        let template = Template::parse(text, Place::Header).map_err(fail)?;
        if !template.literals().all(webhook::headers::is_value) {
            return Err(fail("is not a header's value".to_owned()));
        }
        signed |= template.contains(Placeholder::Signature);
        loaded.push((name.clone(), template));
    }
    if !signed {
        let at = headers.span().start;
        return Err(source.error(at, "no header carries the {signature}"));
    }
    Ok(loaded)
}

fn load_signature(
    source: &Source<'_>,
    table: &SignatureTable,
) -> Result<SignatureRule, InvalidContract> {
    let signed = source.template(&table.signed, Place::Signed)?;
    if !signed.contains(Placeholder::Body) {
        return Err(
            source.error(table.signed.span().start, "what is signed must contain the {body}")
        );
    }
    let value = source.template(&table.value, Place::SignatureValue)?;
    if !value.contains(Placeholder::Signature) {
        return Err(source.error(table.value.span().start, "must contain the {signature}"));
    }
    Ok(SignatureRule { key: table.key, signed, encoding: table.encoding, value })
}

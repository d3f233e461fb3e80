//! Reads a contract file. Every mistake is found here, when Hooklane is built: file, line, and what
//! was expected.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{Contract, Encoding, JsonStyle, SignatureRule, Writing, next_name};
use crate::body::BodyTemplate;
use crate::placeholder::{Place, Placeholder};
use crate::shape::ApiTable;
use crate::source::{File, Files, InvalidContract, Source};
use crate::template::Template;
use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::ids::ContractName;
use hooklane_domain::webhook;
use hooklane_domain::webhook::limits::{InvalidLimit, RateLimit};
use hooklane_domain::webhook::secret::SecretForm;

const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=30;

/// A contract as its files say it, those it extends included.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractTable {
    description: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "extends")]
    _extends: Option<String>,
    request: RequestTable,
    headers: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    signature: SignatureTable,
    body: Spanned<String>,
    #[serde(default)]
    json: JsonStyle,
    retry: Spanned<toml::Value>,
    api: Option<ApiTable>,
    rate_limit: Option<RateLimitTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RateLimitTable {
    requests: Spanned<u64>,
    per_seconds: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestTable {
    timeout_seconds: Spanned<u64>,
    user_agent: Spanned<String>,
    content_type: Option<Spanned<String>>,
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
    another: Option<Spanned<String>>,
    ed25519: Option<WritingTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WritingTable {
    value: Spanned<String>,
    another: Option<Spanned<String>>,
}

#[derive(Deserialize)]
enum Algorithm {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

impl Contract {
    pub(super) fn load<'a>(
        name: &ContractName,
        file: File<'a>,
        files: &Files<'a>,
    ) -> Result<Self, InvalidContract> {
        let (source, table) = Source::read::<ContractTable>(file, files)?;
        let request = table.request;
        let seconds = *request.timeout_seconds.get_ref();
        if !TIMEOUT_SECONDS.contains(&seconds) {
            let at = request.timeout_seconds.span().start;
            return Err(source.error(at, "timeout_seconds must be from 1 to 30"));
        }
        let signature = load_signature(&source, &table.signature)?;
        Ok(Self {
            name: name.clone(),
            description: table.description,
            timeout: Duration::from_secs(seconds),
            user_agent: header_value(&source, "user_agent", request.user_agent)?,
            content_type: match request.content_type {
                Some(content_type) => header_value(&source, "content_type", content_type)?,
                None => "application/json".to_owned(),
            },
            gone_disables: request.gone_disables,
            retry: load_retry(&source, &table.retry)?,
            rate_limit: load_rate_limit(&source, table.rate_limit)?,
            headers: load_headers(&source, &table.headers, &signature)?,
            signature,
            body: BodyTemplate::parse(table.body.get_ref())
                .map_err(|e| source.error(table.body.span().start, e))?,
            json: table.json,
            api: table.api.map(|api| api.load(&source)).transpose()?,
        })
    }
}

fn header_value(
    source: &Source<'_>,
    key: &str,
    value: Spanned<String>,
) -> Result<String, InvalidContract> {
    let text = value.get_ref();
    if text.is_empty() || !webhook::headers::is_value(text) {
        return Err(source.error(value.span().start, format!("{key} must be a header's value")));
    }
    Ok(value.into_inner())
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

fn load_rate_limit(
    source: &Source<'_>,
    table: Option<RateLimitTable>,
) -> Result<Option<RateLimit>, InvalidContract> {
    let Some(RateLimitTable { requests, per_seconds }) = table else { return Ok(None) };
    let limit = RateLimit::new(*requests.get_ref(), *per_seconds.get_ref());
    limit.map(Some).map_err(|e| {
        let (key, at) = match e {
            InvalidLimit::PerSeconds => ("perSeconds", per_seconds.span().start),
            InvalidLimit::Requests | InvalidLimit::Timeout => ("requests", requests.span().start),
        };
        source.error(at, format!("{key} {e}"))
    })
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
    if !loaded.iter().any(|(_, template)| template.contains(Placeholder::Signature)) {
        return Err(source.error(headers.span().start, "no header carries the {signature}"));
    }
    // Where a header carries one signature, another stands beside it while a secret is rotated.
    for (name, _) in loaded.iter().filter(|(_, template)| signature.one_in(template)) {
        let next = next_name(name);
        let taken =
            headers.get_ref().keys().find(|other| next.eq_ignore_ascii_case(other.get_ref()));
        if let Some(taken) = taken {
            let message = format!(
                "header {next}: carries the new signature of {name} while a secret is rotated"
            );
            return Err(source.error(taken.span().start, message));
        }
    }
    Ok(loaded)
}

fn load_header(name: &str, text: &str, others: &[(String, Template)]) -> Result<Template, String> {
    if !webhook::headers::is_name(name) {
        return Err("is not a header's name".to_owned());
    }
    // One place for each: `[request]` says these, and a variant that wants another says so there.
    for (header, key) in [("content-type", "content_type"), ("user-agent", "user_agent")] {
        if name.eq_ignore_ascii_case(header) {
            return Err(format!("is said by {key} in [request]"));
        }
    }
    if let Some((other, _)) = others.iter().find(|(other, _)| name.eq_ignore_ascii_case(other)) {
        return Err(format!("is there twice, also as {other} (header names know no case)"));
    }
    let template = Template::parse(text, Place::Header)?;
    if !template.literals().all(webhook::headers::is_value) {
        return Err(NO_VALUE.to_owned());
    }
    Ok(template)
}

const NO_VALUE: &str = "is not a header's value";

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
        let (place, needed) = (Place::SignatureValue, Placeholder::Signature);
        let value = template(text, place, needed, "must contain the {signature}")?;
        // It is written into a header.
        if !value.literals().all(webhook::headers::is_value) {
            return Err(source.error(text.span().start, NO_VALUE.to_owned()));
        }
        Ok(value)
    };
    let writing = |first, another: Option<&Spanned<String>>| {
        Ok(Writing { value: value(first)?, another: another.map(value).transpose()? })
    };
    let ed25519 = table.ed25519.as_ref().map(|t| writing(&t.value, t.another.as_ref()));
    if let Some(own) = &table.ed25519
        && own.another.is_some() != table.another.is_some()
    {
        let message = "another must be said for both algorithms or for none";
        return Err(source.error(own.value.span().start, message));
    }
    Ok(SignatureRule {
        key: table.key,
        signed: template(
            &table.signed,
            Place::Signed,
            Placeholder::Body,
            "what is signed must contain the {body}",
        )?,
        encoding: table.encoding,
        hmac: writing(&table.value, table.another.as_ref())?,
        ed25519: ed25519.transpose()?,
    })
}

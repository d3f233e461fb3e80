//! Reads a contract file. It finds every mistake when Hooklane is built, with the file, the line and
//! what was expected.

use std::collections::BTreeMap;
use std::time::Duration;

use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::ids::ContractName;
use hooklane_domain::json::whole::Whole;
use hooklane_domain::webhook::limits::{InvalidLimit, RateLimit, TIME_LIMIT_SECONDS};
use serde::Deserialize;
use toml::Spanned;

use super::Contract;
use crate::answers::ApiTable;
use crate::files::{File, Files, InvalidContract, Source};
use crate::request::{JsonStyle, RequestTables, SignatureTable};

/// A contract file, merged with the files that it extends.
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
    requests: Spanned<FileNumber>,
    per_seconds: Spanned<FileNumber>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestTable {
    timeout_seconds: Spanned<FileNumber>,
    user_agent: Spanned<String>,
    content_type: Option<Spanned<String>>,
    gone_disables: bool,
}

/// A whole number, by the rule for requests: `60.0` is 60.
struct FileNumber(u64);

impl<'de> Deserialize<'de> for FileNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let text = serde_json::to_string(&value).unwrap_or_default();
        let number = Whole::parse(&text).map(|Whole(number)| Self(number));
        number.ok_or_else(|| serde::de::Error::custom("must be a whole number"))
    }
}

impl Contract {
    pub(super) fn load<'a>(
        name: &ContractName,
        file: File<'a>,
        files: &Files<'a>,
    ) -> Result<Self, InvalidContract> {
        let (source, table) = Source::read::<ContractTable>(file, files)?;
        let request = table.request;
        let seconds = request.timeout_seconds.get_ref().0;
        if !TIME_LIMIT_SECONDS.contains(&seconds) {
            let at = request.timeout_seconds.span().start;
            return Err(source.error(at, "timeout_seconds must be from 1 to 30"));
        }
        let tables = RequestTables {
            user_agent: request.user_agent,
            content_type: request.content_type,
            headers: table.headers,
            signature: table.signature,
            body: table.body,
            json: table.json,
        };
        Ok(Self {
            name: name.clone(),
            description: table.description,
            timeout: Duration::from_secs(seconds),
            gone_disables: request.gone_disables,
            request: tables.load(&source)?,
            retry: load_retry(&source, &table.retry)?,
            rate_limit: load_rate_limit(&source, table.rate_limit)?,
            api: table.api.map(|api| api.load(&source)).transpose()?,
        })
    }
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
    let limit = RateLimit::new(requests.get_ref().0, per_seconds.get_ref().0);
    limit.map(Some).map_err(|e| {
        let (key, at) = match e {
            InvalidLimit::PerSeconds => ("perSeconds", per_seconds.span().start),
            InvalidLimit::Requests | InvalidLimit::Timeout => ("requests", requests.span().start),
        };
        source.error(at, format!("{key} {e}"))
    })
}

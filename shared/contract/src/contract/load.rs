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
use crate::portal::PortalTable;
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
    #[serde(default)]
    presets: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    api: Option<ApiTable>,
    portal: Option<PortalTable>,
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
        let presets = load_presets(&source, table.presets)?;
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
            retry: load_retry(&source, &table.retry, &presets)?,
            presets,
            rate_limit: load_rate_limit(&source, table.rate_limit)?,
            api: table.api.map(|api| api.load(&source)).transpose()?,
            portal: table.portal.map(|portal| portal.load(&source)).transpose()?,
        })
    }
}

type Presets = BTreeMap<String, RetryPolicy>;

/// Reads the contract's policy, which may be a preset: one of the file's own, or one that every webhook may
/// name.
fn load_retry(
    source: &Source<'_>,
    retry: &Spanned<toml::Value>,
    presets: &Presets,
) -> Result<RetryPolicy, InvalidContract> {
    let own = retry.get_ref().as_str().and_then(|name| presets.get(name));
    own.map_or_else(|| load_policy(source, "retry", retry), |policy| Ok(policy.clone()))
}

fn load_presets(
    source: &Source<'_>,
    table: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
) -> Result<Presets, InvalidContract> {
    let load = |(name, policy): (Spanned<String>, Spanned<toml::Value>)| {
        let at = name.span().start;
        if RetryPolicy::preset(name.get_ref()).is_some() {
            let message = format!("the preset {} is one that every webhook has", name.get_ref());
            return Err(source.error(at, message));
        }
        if !policy.get_ref().is_table() {
            return Err(source.error(at, "a preset must be a table, not another preset's name"));
        }
        let loaded = load_policy(source, &format!("presets.{}", name.get_ref()), &policy)?;
        Ok((name.into_inner(), loaded))
    };
    table.into_iter().map(load).collect()
}

fn load_policy(
    source: &Source<'_>,
    key: &str,
    policy: &Spanned<toml::Value>,
) -> Result<RetryPolicy, InvalidContract> {
    let at = policy.span().start;
    let json =
        serde_json::to_string(policy.get_ref()).map_err(|e| source.error(at, e.to_string()))?;
    RetryPolicy::read(key, &json).map_err(|e| source.error(at, e.to_string()))
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

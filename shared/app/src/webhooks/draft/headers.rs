//! The custom headers of a body: masked values are replaced by the stored ones, and all are checked.

use std::collections::BTreeMap;

use hooklane_contract::Contract;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::headers::MASK;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Webhook};

use super::patch::Patch;

/// Answers show [`MASK`] in place of values. A client that sends the mask back keeps the stored value.
pub(super) fn with_kept_values(
    headers: BTreeMap<String, String>,
    current: &CustomHeaders,
) -> BTreeMap<String, String> {
    let kept = |name: &str| {
        current.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
    };
    let value = |(name, value): (String, String)| {
        let value = if value == MASK { kept(&name).unwrap_or(value) } else { value };
        (name, value)
    };
    headers.into_iter().map(value).collect()
}

/// The names of the headers whose stored values would stay.
fn kept_names<'a>(
    headers: &Patch<BTreeMap<String, String>>,
    current: &'a CustomHeaders,
) -> Vec<&'a str> {
    let stays = |name: &str| match headers {
        Patch::Absent => true,
        Patch::Null => false,
        Patch::Value(headers) => {
            headers.iter().any(|(n, value)| value == MASK && n.eq_ignore_ascii_case(name))
        }
    };
    current.names().filter(|name| stays(name)).collect()
}

/// Checks that no stored value goes to somebody else than it was given for. A value that may be a
/// credential was meant for one origin, and whoever may change the URL may not read it.
pub(super) fn check_origin(
    url: &TargetUrl,
    headers: &Patch<BTreeMap<String, String>>,
    current: &Webhook,
    errors: &mut FieldErrors,
) {
    let kept = kept_names(headers, &current.headers);
    if kept.is_empty() || url.origin() == current.url.origin() {
        return;
    }
    errors.push(
        "headers",
        format!(
            "must give the values of {} again (or be {{}}), because the URL changes to another scheme, host or port",
            kept.join(", ")
        ),
    );
}

pub(super) fn owned(headers: &CustomHeaders) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(super) fn custom_headers(
    headers: BTreeMap<String, String>,
    contract: &Contract,
    errors: &mut FieldErrors,
) -> CustomHeaders {
    for (name, _) in headers.iter().filter(|(_, value)| *value == MASK) {
        errors.push(
            format!("headers.{name}"),
            "`***` only keeps the value of a header that the webhook already has: send the real value",
        );
    }
    match contract.custom_headers(headers.into_iter().collect()) {
        Ok(headers) => headers,
        Err(wrong) => {
            for (name, error) in wrong {
                let path =
                    if name.is_empty() { "headers".to_owned() } else { format!("headers.{name}") };
                errors.push(path, error.to_string());
            }
            CustomHeaders::default()
        }
    }
}

//! Addresses of the portal's pages.

use std::fmt::Display;

use hooklane_domain::ids::TenantId;
use url::form_urlencoded::Serializer;

/// The path of the operator's pages.
pub(crate) const OPERATOR: &str = "/operator";
/// Where one signs in with the operator key.
pub(crate) const SIGN_IN: &str = "/operator/sign-in";

/// The address of a page of the operator's.
pub(crate) fn of_operator(path: &str) -> String {
    format!("{OPERATOR}/{path}")
}

/// The same with a query; what is empty is left out.
pub(crate) fn of_operator_with(path: &str, query: &[(&str, &str)]) -> String {
    format!("{OPERATOR}/{path}{}", written(query))
}

/// The address of a page of a tenant. Ids need no escaping.
pub(crate) fn to(tenant: &TenantId, path: impl Display) -> String {
    format!("/portal/{tenant}/{path}")
}

/// The same with a query; what is empty is left out.
pub(crate) fn with(tenant: &TenantId, path: &str, query: &[(&str, &str)]) -> String {
    format!("/portal/{tenant}/{path}{}", written(query))
}

fn written(query: &[(&str, &str)]) -> String {
    let mut written = Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        written.append_pair(name, value);
    }
    let query = written.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{mark}{query}")
}

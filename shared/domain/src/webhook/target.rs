//! The URL of a webhook, and which URLs are refused.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Position, Url};

use crate::inbox::InboxToken;
use crate::webhook::network::{INBOXES, NetworkRules, TargetCidrs};

/// The longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// A URL in which nothing is forbidden. The addresses that its name resolves to are judged at each
/// attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl(Url);

/// Whom a URL leads to: scheme, host and port (RFC 6454). Connections and header values are meant for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    pub https: bool,
    /// In lower case; an IPv6 address is in brackets.
    pub host: String,
    pub port: u16,
}

/// Why a URL is refused; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    #[error("is not a URL: {0}")]
    Syntax(String),
    #[error("must have at most {MAX_URL_BYTES} characters")]
    Length,
    #[error("must be an https URL (plain http only to an address that the operator has allowed)")]
    Scheme,
    #[error("must not carry a user name or password")]
    UserInfo,
    #[error("must not carry a fragment (#…)")]
    Fragment,
    #[error("must not contain {0}")]
    Character(&'static str),
    #[error("has an invalid host name")]
    HostName,
    #[error("must not point to localhost")]
    Localhost,
    #[error("must name its host right after https://")]
    NoHost,
    #[error(
        "must have a fully qualified host name: {0} has no dot, so it is a name on a private network"
    )]
    SingleLabel(String),
    #[error("must not use the name of a private network ({0})")]
    PrivateName(&'static str),
    #[error("must not point to {0} ({1})")]
    Address(IpAddr, &'static str),
    #[error("must be within the webhook's targetCidrs")]
    OutsideTargetCidrs,
    #[error("must not use port {0}")]
    Port(u16),
    #[error("must not point to Hooklane's own API")]
    OwnHost,
    #[error("must not point to a test inbox: the operator has turned them off")]
    InboxOff,
}

impl TargetUrl {
    /// Reads a URL and judges it. Plain `http` is accepted only for addresses that the operator listed.
    pub fn parse(text: &str, rules: &NetworkRules) -> Result<Self, InvalidTarget> {
        if text.len() > MAX_URL_BYTES {
            return Err(InvalidTarget::Length);
        }
        if let Some(what) = misread(text) {
            return Err(InvalidTarget::Character(what));
        }
        let url = Url::parse(text).map_err(|e| InvalidTarget::Syntax(e.to_string()))?;
        // Another scheme is refused as such.
        if matches!(url.scheme(), "https" | "http") && !names_host(text) {
            return Err(InvalidTarget::NoHost);
        }
        // The parser's escapes may have made it longer.
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(InvalidTarget::Length);
        }
        let target = Self(url);
        target.judge(rules)?;
        Ok(target)
    }

    /// Takes a URL that was judged when its webhook was saved. [`TargetUrl::judge`] it again before
    /// use, since the rules may have changed.
    pub fn from_stored(text: &str) -> Result<Self, InvalidTarget> {
        Url::parse(text).map(Self).map_err(|e| InvalidTarget::Syntax(e.to_string()))
    }

    /// Judges everything that does not need name resolution.
    pub fn judge(&self, rules: &NetworkRules) -> Result<(), InvalidTarget> {
        let literal = self.literal();
        let is_inbox = rules.is_inbox(self.as_str());
        let listed = literal.is_some_and(|address| rules.is_listed(address));
        match self.0.scheme() {
            "https" => {}
            "http" if listed => {}
            _ => return Err(InvalidTarget::Scheme),
        }
        if !self.0.username().is_empty() || self.0.password().is_some() {
            return Err(InvalidTarget::UserInfo);
        }
        if self.0.fragment().is_some() {
            return Err(InvalidTarget::Fragment);
        }
        if let Some(address) = literal
            && let Some(why) = rules.refusal(address)
        {
            return Err(InvalidTarget::Address(address, why));
        }
        if let Some(Host::Domain(name)) = self.0.host() {
            if !is_inbox && rules.is_own_host(name) {
                return Err(self.own_host(rules));
            }
            judge_name(name, rules)?;
        }
        match self.0.port_or_known_default() {
            // The operator says where its inboxes are.
            Some(_) if is_inbox => Ok(()),
            Some(port) if rules.allows_port(port) => Ok(()),
            // Plain http, which only listed addresses may use, has port 80 by default.
            Some(80) if listed => Ok(()),
            port => Err(InvalidTarget::Port(port.unwrap_or(0))),
        }
    }

    /// Why this URL of Hooklane's own API is refused.
    fn own_host(&self, rules: &NetworkRules) -> InvalidTarget {
        let token = self.0.path().strip_prefix(INBOXES);
        match token.map(str::parse::<InboxToken>) {
            Some(Ok(_)) if rules.inboxes().is_none() => InvalidTarget::InboxOff,
            _ => InvalidTarget::OwnHost,
        }
    }

    /// The same for a webhook with ranges of its own, in which an address in the URL must be.
    pub fn judge_within(
        &self,
        rules: &NetworkRules,
        only: Option<&TargetCidrs>,
    ) -> Result<(), InvalidTarget> {
        self.judge(rules)?;
        match (self.literal(), only) {
            (Some(address), Some(only)) if !only.contains(address) => {
                Err(InvalidTarget::OutsideTargetCidrs)
            }
            _ => Ok(()),
        }
    }

    /// The address, where the host is one. No resolver sees it.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(v4) => Some(v4.into()),
            Host::Ipv6(v6) => Some(v6.into()),
            Host::Domain(_) => None,
        }
    }

    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            https: self.0.scheme() == "https",
            host: self.host().to_owned(),
            port: self.0.port_or_known_default().unwrap_or(0),
        }
    }

    /// The host as a request names it: with the port, unless that is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// The path and the query.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kind of character that URL parsers drop or replace, so that others read the URL differently.
fn misread(text: &str) -> Option<&'static str> {
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        Some("spaces or control characters")
    } else if text.contains('\\') {
        Some("a backslash")
    } else {
        None
    }
}

/// Whether a host follows the scheme and two slashes. This parser takes `https:///x`, `https:/x` and `https:x`
/// too, for the host `x`, where others see a path.
fn names_host(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    rest.strip_prefix("//").is_some_and(|rest| !rest.starts_with(['/', '?', '#']))
}

/// The last labels of names that exist only on private networks: special-use domains (RFC 6761, 6762
/// with its appendix G, 7686, 8375, 9476; ICANN on `internal`), and `arpa`, which names addresses.
const PRIVATE_SUFFIXES: [&str; 12] = [
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "mail",
    "onion",
    "private",
];

/// Judges a host name as the URL parser returns it: lower case, in ASCII, with its trailing dot.
fn judge_name(name: &str, rules: &NetworkRules) -> Result<(), InvalidTarget> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(InvalidTarget::HostName);
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    if last == "localhost" {
        return Err(InvalidTarget::Localhost);
    }
    // The operator lets webhooks into a network of its own, so only the addresses decide.
    if rules.lists_network() {
        return Ok(());
    }
    if !name.contains('.') {
        return Err(InvalidTarget::SingleLabel(name.to_owned()));
    }
    match PRIVATE_SUFFIXES.iter().find(|suffix| **suffix == last) {
        Some(suffix) => Err(InvalidTarget::PrivateName(suffix)),
        None => Ok(()),
    }
}

/// Letters, digits, hyphens, and the underscore that some hosts have.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests;

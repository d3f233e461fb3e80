//! Which addresses and ports webhooks may reach.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::ids::TenantId;
use crate::inbox::InboxToken;

mod listed;
mod ranges;
mod special;

use listed::ListedRange;
pub use ranges::{InvalidRange, MAX_RANGES, TargetCidrs};

/// Where deliveries may go: every public address, and the special ones that the operator lists. Never to
/// Hooklane's own API, where they could publish events that are delivered there again. Its test inboxes are the
/// one exception: they only keep what arrives.
///
/// A range that the operator lists for some tenants counts only in the rules that
/// [`NetworkRules::for_tenant`] returns for one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRules {
    listed: Vec<ListedRange>,
    ports: Vec<RangeInclusive<u16>>,
    own_hosts: Vec<String>,
    /// What the URLs of all test inboxes begin with; `None` if the operator turned them off.
    inboxes: Option<String>,
}

/// Why the operator's lists cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    #[error("{0:?} is not a range such as 10.0.0.0/8 or 10.0.0.0/8=acme|beta")]
    Cidr(String),
    #[error("{0:?} is not a port or a range such as 1024-65535")]
    Ports(String),
    #[error("{0:?} is not the address of an API, such as https://hooks.example.com")]
    Inboxes(String),
}

impl NetworkRules {
    /// Reads comma-separated lists: special ranges that are allowed, and ports. A range may name the
    /// tenants that it is for: `10.1.0.0/16=acme|beta`.
    pub fn parse(allowed_cidrs: &str, ports: &str) -> Result<Self, InvalidRules> {
        let listed = items(allowed_cidrs)
            .map(|text| ListedRange::parse(text).ok_or_else(|| InvalidRules::Cidr(text.to_owned())))
            .collect::<Result<_, _>>()?;
        let ports = items(ports)
            .map(|text| port_range(text).ok_or_else(|| InvalidRules::Ports(text.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self { listed, ports, own_hosts: Vec::new(), inboxes: None })
    }

    /// With the hosts of Hooklane's own API, which no webhook may point to: comma-separated names or URLs.
    #[must_use]
    pub fn with_own_hosts(self, hosts: &str) -> Self {
        let own_hosts = items(hosts).map(host_of).filter(|host| !host.is_empty());
        Self { own_hosts: own_hosts.collect(), ..self }
    }

    /// Whether this is a host of Hooklane's own API, given as a URL parser returns it.
    #[must_use]
    pub fn is_own_host(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.own_hosts.iter().any(|own| own == host)
    }

    /// With the address under which receivers find Hooklane's own API, which leads to its test inboxes. Empty if
    /// there are none.
    pub fn with_inboxes(self, address: &str) -> Result<Self, InvalidRules> {
        let inboxes = match address {
            "" => None,
            address => {
                Some(inboxes_at(address).ok_or_else(|| InvalidRules::Inboxes(address.to_owned()))?)
            }
        };
        Ok(Self { inboxes, ..self })
    }

    /// What the URLs of all test inboxes begin with; `None` if the operator turned them off.
    #[must_use]
    pub fn inboxes(&self) -> Option<&str> {
        self.inboxes.as_deref()
    }

    /// Whether this is the URL of a test inbox, given as a URL parser returns it: exactly its address and a
    /// token, with nothing before, between or after.
    #[must_use]
    pub fn is_inbox(&self, url: &str) -> bool {
        let token = self.inboxes.as_deref().and_then(|inboxes| url.strip_prefix(inboxes));
        token.is_some_and(|token| token.parse::<InboxToken>().is_ok())
    }

    /// The rules for one tenant: with the ranges listed for it, and without those listed for others.
    #[must_use]
    pub fn for_tenant(&self, tenant: &TenantId) -> Cow<'_, Self> {
        if self.listed.iter().all(ListedRange::is_for_all) {
            return Cow::Borrowed(self);
        }
        let listed = self.listed.iter().filter_map(|range| range.as_seen_by(tenant)).collect();
        Cow::Owned(Self { listed, ..self.clone() })
    }

    #[must_use]
    pub fn allows_port(&self, port: u16) -> bool {
        self.ports.iter().any(|range| range.contains(&port))
    }

    /// Whether the operator listed this address for every tenant that these rules are for.
    #[must_use]
    pub fn is_listed(&self, address: IpAddr) -> bool {
        self.open().any(|range| range.contains(address))
    }

    /// Whether the operator listed a range of a network. Then private network names are accepted too, and the
    /// addresses that they resolve to decide. This machine's own addresses are no network: nothing on it is
    /// found by a private name.
    #[must_use]
    pub fn lists_network(&self) -> bool {
        self.open().any(|range| !range.is_loopback())
    }

    /// Why this address must not be called, or `None` where it may.
    #[must_use]
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        if self.is_listed(address) { None } else { special::purpose(address) }
    }

    fn open(&self) -> impl Iterator<Item = &ListedRange> {
        self.listed.iter().filter(|range| range.is_for_all())
    }
}

impl Default for NetworkRules {
    fn default() -> Self {
        Self {
            listed: Vec::new(),
            ports: vec![443..=443, 1024..=u16::MAX],
            own_hosts: Vec::new(),
            inboxes: None,
        }
    }
}

/// The path below which the inboxes are, at the root of the API.
pub const INBOXES: &str = "/inbox/";

/// The address as every URL below it begins.
fn inboxes_at(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let origin = url.origin();
    let is_plain =
        origin.is_tuple() && url.as_str() == format!("{}/", origin.ascii_serialization());
    is_plain.then(|| format!("{}{INBOXES}", origin.ascii_serialization()))
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The host of a name or a URL, in lower case.
fn host_of(text: &str) -> String {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = text.split(['/', ':', '?']).next().unwrap_or_default();
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn port_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to && from > 0).then_some(from..=to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_listed_range_is_allowed() {
        let rules = NetworkRules::parse("127.0.0.0/8, fd00::/8", "443,8000-8100").unwrap();
        assert!(rules.refusal("127.0.0.1".parse().unwrap()).is_none());
        assert!(rules.refusal("fd12::1".parse().unwrap()).is_none());
        assert!(rules.refusal("10.0.0.1".parse().unwrap()).is_some());
        assert!(rules.allows_port(443) && rules.allows_port(8100) && !rules.allows_port(80));
        assert!(NetworkRules::parse("localhost", "443").is_err());
        for ports in ["x", "0", "9-8", "70000"] {
            assert!(NetworkRules::parse("", ports).is_err(), "{ports}");
        }
    }

    /// A range that names tenants is closed to everybody else, and to code that asks for no tenant.
    #[test]
    fn finding_12_a_range_is_open_to_the_tenants_that_it_names() {
        let rules = NetworkRules::parse("10.1.0.0/16=acme|beta, 10.2.0.0/16, fd00::/8=beta", "443")
            .unwrap();
        let open = |tenant: &str, address: &str| {
            let rules = rules.for_tenant(&tenant.parse().unwrap());
            rules.refusal(address.parse().unwrap()).is_none()
        };
        for (tenant, address, expected) in [
            ("acme", "10.1.2.3", true),
            ("beta", "10.1.2.3", true),
            ("gamma", "10.1.2.3", false),
            ("Acme", "10.1.2.3", false),
            ("acm", "10.1.2.3", false),
            ("gamma", "10.2.0.1", true),
            ("acme", "10.2.0.1", true),
            ("beta", "fd12::1", true),
            ("acme", "fd12::1", false),
            ("acme", "10.3.0.1", false),
            ("gamma", "93.184.216.34", true),
        ] {
            assert_eq!(open(tenant, address), expected, "{tenant} {address}");
        }
        assert!(rules.refusal("10.1.2.3".parse().unwrap()).is_some(), "no tenant was asked for");
        let named = NetworkRules::parse("10.1.0.0/16=acme", "443").unwrap();
        assert!(named.for_tenant(&"acme".parse().unwrap()).lists_network());
        assert!(!named.for_tenant(&"beta".parse().unwrap()).lists_network());
        for wrong in ["10.0.0.0/8=", "10.0.0.0/8=a|", "10.0.0.0/8=a b", "=acme", "10.0.0.0/8=a=b"] {
            assert!(NetworkRules::parse(wrong, "443").is_err(), "{wrong}");
        }
    }
}

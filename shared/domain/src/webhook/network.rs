//! Which addresses and ports webhooks may reach.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;

mod ranges;
mod special;

pub use ranges::{InvalidRange, TargetCidrs};

/// Where deliveries may go: every public address, and the special ones that the operator lists. Never to
/// Hooklane's own API, where they could publish events that are delivered there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRules {
    allowed: Vec<IpNet>,
    ports: Vec<RangeInclusive<u16>>,
    own_hosts: Vec<String>,
}

/// Why the operator's lists cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    #[error("{0:?} is not a range such as 10.0.0.0/8")]
    Cidr(String),
    #[error("{0:?} is not a port or a range such as 1024-65535")]
    Ports(String),
}

impl NetworkRules {
    /// Reads comma-separated lists: special ranges that are allowed, and ports.
    pub fn parse(allowed_cidrs: &str, ports: &str) -> Result<Self, InvalidRules> {
        let allowed = items(allowed_cidrs)
            .map(|text| IpNet::from_str(text).map_err(|_| InvalidRules::Cidr(text.to_owned())))
            .collect::<Result<_, _>>()?;
        let ports = items(ports)
            .map(|text| port_range(text).ok_or_else(|| InvalidRules::Ports(text.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self { allowed, ports, own_hosts: Vec::new() })
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

    #[must_use]
    pub fn allows_port(&self, port: u16) -> bool {
        self.ports.iter().any(|range| range.contains(&port))
    }

    /// Whether the operator listed this address.
    #[must_use]
    pub fn is_listed(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&address))
    }

    /// Whether the operator listed any range. Then private network names are accepted too, and the
    /// addresses that they resolve to decide.
    #[must_use]
    pub fn lists_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Why this address must not be called, or `None` where it may.
    #[must_use]
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        if self.is_listed(address) { None } else { special::purpose(address) }
    }
}

impl Default for NetworkRules {
    fn default() -> Self {
        Self { allowed: Vec::new(), ports: vec![443..=443, 1024..=u16::MAX], own_hosts: Vec::new() }
    }
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
}

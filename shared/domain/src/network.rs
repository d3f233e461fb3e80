//! Which addresses a webhook may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Special-purpose IPv4 ranges (IANA, "IPv4 Special-Purpose Address Registry") and multicast.
const IPV4: [(&str, &str); 17] = [
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared address space"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/3", "multicast or reserved"),
];

/// Special-purpose IPv6 ranges inside the one that is routed, 2000::/3 (IANA, "IPv6 Special-Purpose
/// Address Registry"); all that is outside of it is special anyway.
const IPV6: [(&str, &str); 6] = [
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
];

/// Where deliveries may go: every public address, and what the operator allows all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRules {
    allowed: Vec<IpNet>,
    ports: Vec<RangeInclusive<u16>>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    #[error("{0:?} is not a range such as 10.0.0.0/8")]
    Cidr(String),
    #[error("{0:?} is not a port or a range such as 1024-65535")]
    Ports(String),
}

impl NetworkRules {
    /// Reads comma-separated lists: ranges that are allowed although special, and ports.
    pub fn parse(allowed_cidrs: &str, ports: &str) -> Result<Self, InvalidRules> {
        let allowed = items(allowed_cidrs)
            .map(|text| IpNet::from_str(text).map_err(|_| InvalidRules::Cidr(text.to_owned())))
            .collect::<Result<_, _>>()?;
        let ports = items(ports)
            .map(|text| port_range(text).ok_or_else(|| InvalidRules::Ports(text.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self { allowed, ports })
    }

    #[must_use]
    pub fn allows_port(&self, port: u16) -> bool {
        self.ports.iter().any(|range| range.contains(&port))
    }

    /// Whether the operator named this address as allowed.
    #[must_use]
    pub fn is_listed(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&address))
    }

    /// Why this address may not be called, or `None` where it may.
    #[must_use]
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        if self.is_listed(address) { None } else { special(address) }
    }
}

impl Default for NetworkRules {
    fn default() -> Self {
        Self { allowed: Vec::new(), ports: vec![443..=443, 1024..=u16::MAX] }
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn port_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to && from > 0).then_some(from..=to)
}

fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => special_v4(v4),
            None => special_v6(v6),
        },
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    IPV4.iter()
        .find(|(net, _)| net.parse::<Ipv4Net>().is_ok_and(|net| net.contains(&address)))
        .map(|(_, name)| *name)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.segments()[0] & 0xe000 != 0x2000 {
        return Some("not a global unicast address");
    }
    IPV6.iter()
        .find(|(net, _)| net.parse::<Ipv6Net>().is_ok_and(|net| net.contains(&address)))
        .map(|(_, name)| *name)
}

/// The IPv4 address inside an IPv4-mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`, RFC 6052) one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let low = || {
        let [a, b] = s[6].to_be_bytes();
        let [c, d] = s[7].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    (matches!(s, [0, 0, 0, 0, 0, 0xffff, _, _]) || matches!(s, [0x64, 0xff9b, 0, 0, 0, 0, _, _]))
        .then(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_in_the_tables_parses() {
        assert!(IPV4.iter().all(|(net, _)| net.parse::<Ipv4Net>().is_ok()));
        assert!(IPV6.iter().all(|(net, _)| net.parse::<Ipv6Net>().is_ok()));
    }

    #[test]
    fn special_addresses_are_refused_and_public_ones_are_not() {
        let rules = NetworkRules::default();
        for (address, refused) in [
            ("93.184.216.34", false),
            ("2606:2800:220:1::1", false),
            ("64:ff9b::5db8:d822", false),
            ("127.0.0.1", true),
            ("127.255.255.254", true),
            ("0.0.0.0", true),
            ("10.1.2.3", true),
            ("172.31.255.255", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("100.100.100.200", true),
            ("224.0.0.1", true),
            ("255.255.255.255", true),
            ("::1", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:93.184.216.34", false),
            ("::127.0.0.1", true),
            ("64:ff9b::7f00:1", true),
            ("64:ff9b:1::7f00:1", true),
            ("2002:7f00:1::", true),
            ("2001:db8::1", true),
            ("fc00::1", true),
            ("fe80::1", true),
            ("fec0::1", true),
            ("ff02::1", true),
            ("fd00:ec2::254", true),
        ] {
            assert_eq!(rules.refusal(address.parse().unwrap()).is_some(), refused, "{address}");
        }
    }

    #[test]
    fn a_listed_range_is_allowed_and_nothing_beside_it() {
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

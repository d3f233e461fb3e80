//! Special-purpose addresses, which are not on the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Special-purpose IPv4 ranges (IANA, "IPv4 Special-Purpose Address Registry") and multicast. Where the
/// registry also lists a part of a range, only the whole range is here.
const IPV4: [(&str, &str); 18] = [
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
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
];

/// Special-purpose IPv6 ranges (IANA, "IPv6 Special-Purpose Address Registry"), multicast, and the
/// forms that contain an IPv4 address. Everything outside of 2000::/3, the one block that is routed, is
/// special too.
const IPV6: [(&str, &str); 19] = [
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::/96", "IPv4-compatible"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("64:ff9b:1::/48", "local-use NAT64"),
    ("100::/64", "discard-only"),
    ("100:0:0:1::/64", "dummy prefix"),
    ("2001::/32", "Teredo"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3ffe::/16", "6bone"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

/// The purpose of a special address, or `None` for a public one.
pub(super) fn purpose(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => purpose_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => purpose_v4(v4),
            None => purpose_v6(v6),
        },
    }
}

fn purpose_v4(address: Ipv4Addr) -> Option<&'static str> {
    IPV4.iter()
        .find(|(net, _)| net.parse::<Ipv4Net>().is_ok_and(|net| net.contains(&address)))
        .map(|(_, name)| *name)
}

fn purpose_v6(address: Ipv6Addr) -> Option<&'static str> {
    let routed = address.segments()[0] & 0xe000 == 0x2000;
    IPV6.iter()
        .find(|(net, _)| net.parse::<Ipv6Net>().is_ok_and(|net| net.contains(&address)))
        .map(|(_, name)| *name)
        .or((!routed).then_some("not a global unicast address"))
}

/// The IPv4 address in an IPv4-mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`, RFC 6052) address.
/// Both reach that address directly, which may be public. The other forms go through a relay and are
/// refused whatever address they contain.
pub(super) fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
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
mod tests;

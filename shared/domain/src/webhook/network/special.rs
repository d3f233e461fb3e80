//! Addresses that are no place on the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Special-purpose IPv4 ranges (IANA, "IPv4 Special-Purpose Address Registry") and multicast. Where the
/// registry lists a part of a range here, the range decides.
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
/// forms that carry an IPv4 address. What is in none of them and outside of 2000::/3, the one block
/// that is routed, is special all the same.
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

/// What makes an address special, or `None` for one of the public internet.
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

/// The IPv4 address that is meant by an IPv4-mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`,
/// RFC 6052) one: what is behind those two is that address itself, and may be a public one. The other
/// forms lead through somebody's relay and are refused whatever they carry.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_range_in_the_tables_parses() {
        assert!(IPV4.iter().all(|(net, _)| net.parse::<Ipv4Net>().is_ok()));
        assert!(IPV6.iter().all(|(net, _)| net.parse::<Ipv6Net>().is_ok()));
    }

    /// The registries of IANA as they stood in 2025, entry by entry, those that are part of another too.
    #[test]
    fn every_entry_of_the_registries_is_special() {
        for entry in [
            "0.0.0.0/8",
            "0.0.0.0/32",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.0.0/29",
            "192.0.0.8/32",
            "192.0.0.9/32",
            "192.0.0.10/32",
            "192.0.0.170/32",
            "192.0.0.171/32",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.88.99.2/32",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "255.255.255.255/32",
        ] {
            let net: Ipv4Net = entry.parse().unwrap();
            for address in [net.network(), net.broadcast()] {
                assert!(purpose(address.into()).is_some(), "{entry}: {address}");
                for prefix in ["::ffff:", "64:ff9b::"] {
                    let carried: Ipv6Addr = format!("{prefix}{address}").parse().unwrap();
                    assert!(purpose(carried.into()).is_some(), "{carried}");
                }
            }
        }
        for entry in [
            "::1/128",
            "::/128",
            "::/96",
            "::ffff:0:0:0/96",
            "64:ff9b:1::/48",
            "100::/64",
            "100:0:0:1::/64",
            "2001::/23",
            "2001::/32",
            "2001:1::1/128",
            "2001:1::2/128",
            "2001:1::3/128",
            "2001:2::/48",
            "2001:3::/32",
            "2001:4:112::/48",
            "2001:10::/28",
            "2001:20::/28",
            "2001:30::/28",
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ] {
            let net: Ipv6Net = entry.parse().unwrap();
            for address in [net.network(), net.broadcast()] {
                assert!(purpose(address.into()).is_some(), "{entry}: {address}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_special_ranges_are_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2003::1",
            "2606:2800:220:1::1",
            "2620:4f:8001::1",
            "3ffd::1",
            "::ffff:93.184.216.34",
            "64:ff9b::5db8:d822",
        ] {
            assert_eq!(purpose(address.parse().unwrap()), None, "{address}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_no_better_inside_an_ipv6_one(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from(bits);
            let mapped = IpAddr::from(v4.to_ipv6_mapped());
            prop_assert_eq!(purpose(mapped), purpose(v4.into()));
            prop_assert!(purpose(IpAddr::from(Ipv6Addr::from(u128::from(bits)))).is_some());
        }

        #[test]
        fn nothing_outside_of_the_routed_block_is_public(bits in any::<u128>()) {
            let v6 = Ipv6Addr::from(bits);
            prop_assume!(embedded(v6).is_none());
            let routed = v6.segments()[0] & 0xe000 == 0x2000;
            prop_assert!(routed || purpose(v6.into()).is_some());
        }
    }
}

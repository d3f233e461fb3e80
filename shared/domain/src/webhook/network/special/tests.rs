use proptest::prelude::*;

use super::*;

#[test]
fn every_range_in_the_tables_parses() {
    assert!(IPV4.iter().all(|(net, _)| net.parse::<Ipv4Net>().is_ok()));
    assert!(IPV6.iter().all(|(net, _)| net.parse::<Ipv6Net>().is_ok()));
}

/// The registries of IANA as of 2025, entry by entry, with those that are part of another.
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
    fn an_ipv4_address_has_the_same_purpose_inside_an_ipv6_one(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from(bits);
        let mapped = IpAddr::from(v4.to_ipv6_mapped());
        prop_assert_eq!(purpose(mapped), purpose(v4.into()));
        prop_assert!(purpose(IpAddr::from(Ipv6Addr::from(u128::from(bits)))).is_some());
    }

    #[test]
    fn no_address_outside_of_the_routed_block_is_public(bits in any::<u128>()) {
        let v6 = Ipv6Addr::from(bits);
        prop_assume!(embedded(v6).is_none());
        let routed = v6.segments()[0] & 0xe000 == 0x2000;
        prop_assert!(routed || purpose(v6.into()).is_some());
    }
}

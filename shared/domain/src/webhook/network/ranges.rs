//! The ranges that a webhook keeps its own deliveries within.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::special::embedded;

const MAX_RANGES: usize = 20;

/// A webhook's own list of address ranges. It narrows: an address must be in it and be allowed by the
/// operator's rules as well. The order of the ranges says nothing, so equal lists are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetCidrs(Vec<IpNet>);

/// Why a text is no list of ranges; fit to be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    #[error("must list 1 to {MAX_RANGES} ranges")]
    Count,
    #[error("must be an address or a range such as 198.51.100.0/24 or 2001:db8::/32")]
    Syntax,
    /// `10.0.0.1/8`: nobody can tell which of the two was meant.
    #[error("has bits behind its prefix: {0} is the whole range")]
    HostBits(IpNet),
}

impl TargetCidrs {
    /// Reads ranges and single addresses; an error names the index of the range it is of.
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Result<Self, Vec<(Option<usize>, InvalidRange)>> {
        if texts.is_empty() || texts.len() > MAX_RANGES {
            return Err(vec![(None, InvalidRange::Count)]);
        }
        let mut ranges = Vec::new();
        let mut errors = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match range(text.as_ref()) {
                Ok(range) => ranges.push(range),
                Err(error) => errors.push((Some(index), error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        ranges.sort();
        ranges.dedup();
        Ok(Self(ranges))
    }

    /// Whether deliveries may go to this address. An IPv4 address counts as itself also in the
    /// IPv6 forms that mean it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        self.0.iter().any(|range| range.contains(&address))
    }

    /// The ranges in their usual spelling.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

impl fmt::Display for TargetCidrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(", "))
    }
}

fn range(text: &str) -> Result<IpNet, InvalidRange> {
    let range = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| InvalidRange::Syntax)?;
    if range.trunc() == range { Ok(range) } else { Err(InvalidRange::HostBits(range.trunc())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_is_in_them() {
        let ranges =
            TargetCidrs::new(&["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]).unwrap();
        for (address, inside) in [
            ("203.0.113.7", true),
            ("203.0.113.8", false),
            ("198.51.100.255", true),
            ("198.51.101.0", false),
            ("::ffff:198.51.100.9", true),
            ("::ffff:198.51.101.9", false),
            ("64:ff9b::198.51.100.9", true),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(ranges.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert_eq!(ranges.to_string(), "198.51.100.0/24, 203.0.113.7/32, 2001:db8::/32");
    }

    #[test]
    fn equal_lists_are_equal() {
        let one = TargetCidrs::new(&["10.0.0.0/8", "192.168.0.0/16", "10.0.0.0/8"]).unwrap();
        assert_eq!(one, TargetCidrs::new(&["192.168.0.0/16", "10.0.0.0/8"]).unwrap());
    }

    #[test]
    fn what_is_no_range() {
        for text in ["", "all", "10.0.0.0/33", "10.0.0/8", "10.0.0.0 /8", "example.com", "0x0a/8"] {
            assert_eq!(
                TargetCidrs::new(&[text]),
                Err(vec![(Some(0), InvalidRange::Syntax)]),
                "{text}"
            );
        }
        let whole = "10.0.0.0/8".parse().unwrap();
        let errors = TargetCidrs::new(&["10.0.0.0/8", "10.0.0.1/8"]).unwrap_err();
        assert_eq!(errors, [(Some(1), InvalidRange::HostBits(whole))]);
        assert_eq!(TargetCidrs::new::<&str>(&[]), Err(vec![(None, InvalidRange::Count)]));
        assert!(TargetCidrs::new(&["10.0.0.0/8"; MAX_RANGES + 1]).is_err());
    }
}

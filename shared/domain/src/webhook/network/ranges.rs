//! A webhook's own list of address ranges, `targetCidrs`.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::special::embedded;

pub const MAX_RANGES: usize = 20;

/// The ranges that a webhook's deliveries must go to. They restrict the operator's rules: an address
/// must be in them and allowed by the rules. Their order has no meaning, so they are sorted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetCidrs(Vec<IpNet>);

/// Why a list of ranges is refused; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    #[error("must list at most {MAX_RANGES} ranges")]
    Count,
    #[error("must be an address or a range such as 198.51.100.0/24 or 2001:db8::/32")]
    Syntax,
    /// `10.0.0.1/8`: it is unclear whether the address or the range was meant.
    #[error("has host bits set; did you mean {0}?")]
    HostBits(IpNet),
}

impl TargetCidrs {
    /// Reads ranges and single addresses. Each error has the index of its range.
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

    /// Whether deliveries may go to this address. The IPv6 forms of an IPv4 address count as that
    /// address.
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
    fn ranges_contain_their_addresses_in_every_form() {
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
    fn order_and_duplicates_have_no_meaning() {
        let one = TargetCidrs::new(&["10.0.0.0/8", "192.168.0.0/16", "10.0.0.0/8"]).unwrap();
        assert_eq!(one, TargetCidrs::new(&["192.168.0.0/16", "10.0.0.0/8"]).unwrap());
    }

    #[test]
    fn malformed_ranges_are_refused() {
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

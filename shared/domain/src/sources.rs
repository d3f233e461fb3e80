//! Where deliveries come from: the addresses that a receiver may allow-list.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The addresses that attempts are made from, as far as they are fixed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SourceAddresses {
    /// They change without notice, so a receiver cannot tell deliveries by them.
    #[default]
    Changing,
    /// Every attempt is made from one of these ranges. At least one.
    Fixed(Vec<IpNet>),
}

/// Why the operator's list cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    #[error("{0:?} is not an address or a range such as 203.0.113.7/32 or 2001:db8::/64")]
    Syntax(String),
    /// `203.0.113.7/24`: it is unclear whether the address or the range was meant.
    #[error("{given:?} has host bits set; did you mean {range}?")]
    HostBits { given: String, range: IpNet },
}

impl SourceAddresses {
    /// The ranges in their usual spelling, sorted, each once. Empty if the addresses change.
    #[must_use]
    pub fn ranges(&self) -> &[IpNet] {
        match self {
            Self::Changing => &[],
            Self::Fixed(ranges) => ranges,
        }
    }
}

/// Reads addresses and ranges between commas. An empty list means that the addresses change.
impl FromStr for SourceAddresses {
    type Err = InvalidSource;

    fn from_str(list: &str) -> Result<Self, InvalidSource> {
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        let mut ranges = items.map(range).collect::<Result<Vec<_>, _>>()?;
        ranges.sort();
        ranges.dedup();
        Ok(if ranges.is_empty() { Self::Changing } else { Self::Fixed(ranges) })
    }
}

fn range(text: &str) -> Result<IpNet, InvalidSource> {
    let range = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| InvalidSource::Syntax(text.to_owned()))?;
    if range.trunc() == range {
        Ok(range)
    } else {
        Err(InvalidSource::HostBits { given: text.to_owned(), range: range.trunc() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_sorted_and_each_range_stands_once() {
        for (list, expected) in [
            ("", &[][..]),
            (" , ", &[]),
            ("203.0.113.7/32", &["203.0.113.7/32"]),
            ("203.0.113.7", &["203.0.113.7/32"]),
            (
                "2001:DB8::/64, 203.0.113.8,198.51.100.0/24 ,203.0.113.8/32",
                &["198.51.100.0/24", "203.0.113.8/32", "2001:db8::/64"],
            ),
        ] {
            let sources: SourceAddresses = list.parse().unwrap();
            let ranges: Vec<_> = sources.ranges().iter().map(ToString::to_string).collect();
            assert_eq!(ranges, expected, "{list:?}");
            assert_eq!(sources == SourceAddresses::Changing, expected.is_empty(), "{list:?}");
        }
    }

    #[test]
    fn a_mistake_is_shown_with_what_was_given() {
        for (list, message) in [
            (
                "203.0.113.7/32,nat",
                "\"nat\" is not an address or a range such as 203.0.113.7/32 or 2001:db8::/64",
            ),
            (
                "203.0.113.7/33",
                "\"203.0.113.7/33\" is not an address or a range such as 203.0.113.7/32 or 2001:db8::/64",
            ),
            (
                "203.0.113.7/24",
                "\"203.0.113.7/24\" has host bits set; did you mean 203.0.113.0/24?",
            ),
        ] {
            let error = list.parse::<SourceAddresses>().unwrap_err();
            assert_eq!(error.to_string(), message, "{list:?}");
        }
    }
}

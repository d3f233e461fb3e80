//! A range that the operator lists, and whom it is for.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::ids::TenantId;

/// One item of the operator's list: `10.1.0.0/16`, or `10.1.0.0/16=acme|beta`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedRange {
    range: IpNet,
    open_to: Tenants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tenants {
    All,
    Only(Vec<TenantId>),
}

impl ListedRange {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (range, open_to) = match text.split_once('=') {
            None => (text, Tenants::All),
            Some((range, names)) => {
                let names = names.split('|').map(|name| name.trim().parse().ok());
                (range.trim(), Tenants::Only(names.collect::<Option<_>>()?))
            }
        };
        Some(Self { range: range.parse().ok()?, open_to })
    }

    pub(super) fn is_for_all(&self) -> bool {
        self.open_to == Tenants::All
    }

    /// The range in the rules of one tenant, or `None` if it is for others only.
    pub(super) fn as_seen_by(&self, tenant: &TenantId) -> Option<Self> {
        match &self.open_to {
            Tenants::Only(names) if !names.contains(tenant) => None,
            _ => Some(Self { range: self.range, open_to: Tenants::All }),
        }
    }

    /// Whether every address of it is the machine's own.
    pub(super) fn is_loopback(&self) -> bool {
        self.range.network().is_loopback() && self.range.broadcast().is_loopback()
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.range.contains(&address)
    }
}

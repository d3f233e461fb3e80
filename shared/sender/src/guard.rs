//! The resolver of the sender's clients. A client connects to exactly the addresses that its resolver
//! returns, so an address is judged where it is used.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use hooklane_domain::webhook::network::{NetworkRules, TargetCidrs};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks up the addresses of a name, without judging them.
pub(crate) trait Lookup: Send + Sync {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The resolver of the operating system.
pub(crate) struct System;

impl Lookup for System {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The resolver of one client, with the operator's rules and the ranges of a webhook that lists its own.
pub(crate) struct Guard {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) rules: Arc<NetworkRules>,
    pub(crate) only: Option<TargetCidrs>,
}

/// A name resolves to an address that may not be called. The text says neither which one nor of what kind:
/// the webhook's owner reads it, and is not to learn what the name means inside the network. The kind is in
/// the log.
#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to an address that may not be called")]
pub(crate) struct BlockedAddress {
    name: String,
}

/// A name resolves to no address that its webhook allows.
#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to no address within the webhook's targetCidrs")]
pub(crate) struct OutsideTargetCidrs {
    name: String,
}

/// A name does not resolve.
#[derive(Debug, thiserror::Error)]
#[error("{name} does not resolve: {why}")]
pub(crate) struct Unresolved {
    name: String,
    why: String,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let asked = self.lookup.addresses(name.clone());
        let (rules, only) = (Arc::clone(&self.rules), self.only.clone());
        Box::pin(async move {
            let found = match asked.await {
                Ok(found) => found,
                Err(e) => return Err(boxed(Unresolved { name, why: e.to_string() })),
            };
            let allowed = judge(&rules, only.as_ref(), &name, found)?;
            // The client replaces the 0 with the URL's port.
            let addresses = allowed.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The addresses that may be called. One forbidden address rules out the whole name, because an answer
/// that mixes allowed and forbidden addresses is an attack. Addresses outside the webhook's own ranges are
/// only left out, because a receiver may have more than its owner lists.
fn judge(
    rules: &NetworkRules,
    only: Option<&TargetCidrs>,
    name: &str,
    found: Vec<IpAddr>,
) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
    if found.is_empty() {
        return Err(boxed(Unresolved { name: name.to_owned(), why: "no address".to_owned() }));
    }
    if let Some(why) = found.iter().find_map(|address| rules.refusal(*address)) {
        tracing::warn!(target.host = name, why, "target.blocked");
        return Err(boxed(BlockedAddress { name: name.to_owned() }));
    }
    let Some(only) = only else { return Ok(found) };
    let within: Vec<_> = found.into_iter().filter(|address| only.contains(*address)).collect();
    if within.is_empty() {
        return Err(boxed(OutsideTargetCidrs { name: name.to_owned() }));
    }
    Ok(within)
}

fn boxed(error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
    Box::new(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn one_forbidden_address_rules_out_a_name() {
        let rules = NetworkRules::default();
        let judged = |found: &[&str]| judge(&rules, None, "example.com", addresses(found));
        assert!(judged(&["93.184.216.34"]).is_ok());
        assert!(judged(&["93.184.216.34", "127.0.0.1"]).unwrap_err().is::<BlockedAddress>());
        assert!(judged(&["::ffff:10.0.0.1"]).unwrap_err().is::<BlockedAddress>());
        assert!(judged(&[]).unwrap_err().is::<Unresolved>());
    }

    /// What a name resolves to inside the network is the operator's business.
    #[test]
    fn finding_21_every_blocked_name_has_the_same_text() {
        let rules = NetworkRules::default();
        let refused = |address: &str| {
            judge(&rules, None, "split.example.com", addresses(&[address])).unwrap_err().to_string()
        };
        for address in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "fd00::1"] {
            let text = "split.example.com resolves to an address that may not be called";
            assert_eq!(refused(address), text, "{address}");
        }
    }

    #[test]
    fn a_webhooks_own_ranges_only_narrow_what_the_rules_allow() {
        let rules = NetworkRules::default();
        let only = TargetCidrs::new(&["93.184.216.0/24", "10.0.0.0/8"]).unwrap();
        let judged = |found: &[&str]| judge(&rules, Some(&only), "example.com", addresses(found));
        let inside = addresses(&["93.184.216.34"]);
        assert_eq!(judged(&["93.184.216.34"]).unwrap(), inside);
        assert_eq!(judged(&["2606:2800:220:1::1", "93.184.216.34"]).unwrap(), inside);
        assert!(judged(&["8.8.8.8"]).unwrap_err().is::<OutsideTargetCidrs>());
        assert!(judged(&["10.0.0.1"]).unwrap_err().is::<BlockedAddress>());
    }
}

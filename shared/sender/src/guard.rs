//! The resolver of the sender's connections. They lead to exactly the addresses that it returns, so an
//! address is judged where it is used.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::network::{NetworkRules, TargetCidrs};
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use crate::lookup::Lookups;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The resolver of one attempt, with the operator's rules for its tenant and the ranges of a webhook that
/// lists its own.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) lookups: Lookups,
    pub(crate) rules: Arc<NetworkRules>,
    pub(crate) tenant: TenantId,
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

impl Guard {
    async fn resolve(self, name: Name) -> Result<Vec<IpAddr>, BoxError> {
        let name = name.as_str();
        match self.lookups.addresses(&self.tenant, name).await {
            Ok(found) => judge(&self.rules, self.only.as_ref(), name, found),
            Err(why) => Err(Box::new(Unresolved { name: name.to_owned(), why })),
        }
    }
}

/// As the connector calls a resolver. It replaces the port 0 with the URL's.
impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolved = self.clone().resolve(name);
        Box::pin(async move {
            let addresses = resolved.await?.into_iter();
            let sockets: Vec<_> = addresses.map(|address| SocketAddr::new(address, 0)).collect();
            Ok(sockets.into_iter())
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
) -> Result<Vec<IpAddr>, BoxError> {
    if found.is_empty() {
        return Err(Box::new(Unresolved { name: name.to_owned(), why: "no address".to_owned() }));
    }
    if let Some(why) = found.iter().find_map(|address| rules.refusal(*address)) {
        tracing::warn!(target.host = name, why, "target.blocked");
        return Err(Box::new(BlockedAddress { name: name.to_owned() }));
    }
    let Some(only) = only else { return Ok(found) };
    let within: Vec<_> = found.into_iter().filter(|address| only.contains(*address)).collect();
    if within.is_empty() {
        return Err(Box::new(OutsideTargetCidrs { name: name.to_owned() }));
    }
    Ok(within)
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

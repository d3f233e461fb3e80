//! The resolver of the sender's client: what it answers is what is connected to, so an address is
//! judged exactly where it is used.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use hooklane_domain::network::NetworkRules;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

pub(crate) struct Guard {
    rules: Arc<NetworkRules>,
}

/// A name resolves to an address that may not be called.
#[derive(Debug, thiserror::Error)]
/// Which one is nobody's business but the operator's: the webhook's owner reads this.
#[error("{name} resolves to an address that may not be called ({why})")]
pub(crate) struct BlockedAddress {
    name: String,
    why: &'static str,
}

/// A name does not resolve.
#[derive(Debug, thiserror::Error)]
#[error("{name} does not resolve: {why}")]
pub(crate) struct Unresolved {
    name: String,
    why: String,
}

impl Guard {
    pub(crate) fn new(rules: Arc<NetworkRules>) -> Self {
        Self { rules }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = match found.map(Iterator::collect) {
                Ok(found) => found,
                Err(e) => {
                    return Err(boxed(Unresolved { name, why: e.to_string() }));
                }
            };
            judge(&rules, &name, found).map(|allowed| Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// One forbidden address among several spoils the name: an answer that mixes them is an attack.
fn judge(
    rules: &NetworkRules,
    name: &str,
    found: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    if found.is_empty() {
        return Err(boxed(Unresolved { name: name.to_owned(), why: "no address".to_owned() }));
    }
    for address in found.iter().map(SocketAddr::ip) {
        if let Some(why) = rules.refusal(address) {
            return Err(boxed(BlockedAddress { name: name.to_owned(), why }));
        }
    }
    Ok(found)
}

fn boxed(error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
    Box::new(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_forbidden_address_spoils_a_name() {
        let rules = NetworkRules::default();
        let address = |text: &str| -> SocketAddr { format!("{text}:0").parse().unwrap() };
        let judged = |found: &[&str]| {
            judge(&rules, "example.com", found.iter().map(|t| address(t)).collect())
        };
        assert!(judged(&["93.184.216.34"]).is_ok());
        assert!(judged(&["93.184.216.34", "127.0.0.1"]).unwrap_err().is::<BlockedAddress>());
        assert!(judged(&["[::ffff:10.0.0.1]"]).unwrap_err().is::<BlockedAddress>());
        assert!(judged(&[]).unwrap_err().is::<Unresolved>());
    }
}

//! What the sender refuses. Names resolve as each test says.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::network::{NetworkRules, TargetCidrs};
use hooklane_domain::webhook::target::TargetUrl;

use crate::connector;
use crate::lookup::Lookup;
use crate::{Destination, Sender, Sent, TrustedCas};

mod bytewise;
mod idle;
mod lookups;
mod restricted;
mod ssrf;
mod tls;

/// A resolver that knows these names only. If a name has several answers, each lookup gets the next one,
/// as from a name server that changes its mind.
#[derive(Default)]
struct Names {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn of(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        Arc::new(Self { answers: [(name.to_owned(), answers)].into(), ..Self::default() })
    }
}

impl Lookup for Names {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.answers.get(&name).map(|answers| answers[turn % answers.len()].clone());
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}

/// A sender that knows what the lookup knows.
fn sender_with(rules: NetworkRules, lookup: Arc<impl Lookup + 'static>) -> Sender {
    Sender::with(rules, lookup, connector::tls(&TrustedCas::default()))
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// One request for the tenant `acme`.
async fn post(sender: &Sender, url: &TargetUrl, only: Option<&TargetCidrs>) -> Sent {
    post_for(sender, "acme", url, only).await
}

async fn post_for(
    sender: &Sender,
    name: &str,
    url: &TargetUrl,
    only: Option<&TargetCidrs>,
) -> Sent {
    let to = Destination { tenant: &tenant(name), url, only };
    sender.post(to, request(), SECONDS).await
}

fn request() -> WireRequest {
    WireRequest { headers: Vec::new(), body: "{}".to_owned(), shown_headers: Vec::new() }
}

const SECONDS: Duration = Duration::from_secs(5);

fn error_of(sent: &Sent) -> (ErrorKind, &str) {
    let error = sent.outcome.error().expect("a failed attempt");
    (error.kind, &error.detail)
}

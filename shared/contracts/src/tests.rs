//! What each contract of `contracts/` looks like on the wire. A new contract fails here until its
//! snapshots are accepted and `receiver.rs` says how its receivers check a signature.

mod properties;
mod receiver;
mod sample;
mod shapes;
mod standard_webhooks;

use hooklane_domain::contract::Contract;

use super::*;
use sample::{Sample, Sent};

/// Every contract there is.
fn each(contracts: &Contracts) -> impl Iterator<Item = &Contract> {
    contracts.names().filter_map(|name| contracts.get(name))
}

#[test]
fn the_default_contract_is_there() {
    let name = "standard".parse().unwrap();
    assert!(load().get(&name).is_some());
}

#[test]
fn every_contract_on_the_wire() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        for (event, sample) in [("full", Sample::full(name)), ("bare", Sample::bare(name))] {
            let sent = sample.send(contract, 1);
            receiver::assert_verifies(name, &sample.secret, &sent);
            insta::assert_snapshot!(format!("{name}.{event}"), as_text(&sent));
        }
    }
}

/// Headers in lower case and sorted; an empty line; the body's exact bytes.
fn as_text(sent: &Sent) -> String {
    let mut lines: Vec<_> =
        sent.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.sort();
    format!("POST\n{}\n\n{}", lines.join("\n"), sent.body)
}

#[test]
fn what_every_contract_promises() {
    for contract in each(&load()) {
        let promises = format!(
            "time limit: {:?}\n410 disables: {}\nretries: {}",
            contract.timeout(),
            contract.gone_disables(),
            contract.retry().to_json(),
        );
        insta::assert_snapshot!(format!("{}.promises", contract.name()), promises);
    }
}

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

/// No code names a contract: one is there because its file is.
#[test]
fn a_file_that_is_taken_away_takes_its_contract_with_it() {
    let names = |contracts: &Contracts| contracts.names().cloned().collect::<Vec<_>>();
    let all = names(&load());
    for (taken, _) in FILES {
        match Contracts::load(FILES.iter().filter(|(name, _)| name != taken).copied()) {
            Ok(rest) => {
                let expected: Vec<_> =
                    all.iter().filter(|name| format!("{name}.toml") != *taken).cloned().collect();
                assert_eq!(names(&rest), expected);
            }
            Err(mistake) => {
                // Another is a variant of it, and says so.
                assert!(mistake.message.starts_with("extends must name"), "{mistake}");
                let extends = format!("extends = \"{}\"", taken.trim_end_matches(".toml"));
                assert!(FILES.iter().any(|(_, text)| text.contains(&extends)), "{taken}");
            }
        }
    }
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

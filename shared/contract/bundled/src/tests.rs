//! The requests of each contract of `contracts/`. A new contract fails here until its snapshots are
//! accepted and `receiver.rs` says how its receivers verify a signature.

mod properties;
mod receiver;
mod sample;
mod shapes;
mod standard_webhooks;
mod verifying;

use hooklane_contract::Contract;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::secret::SigningSecret;

use super::*;
use sample::{Sample, Sent};

/// All contracts, in order of their names.
fn each(contracts: &Contracts) -> impl Iterator<Item = &Contract> {
    contracts.names().filter_map(|name| contracts.get(name))
}

#[test]
fn the_default_contract_is_there() {
    let name = "standard".parse().unwrap();
    assert!(load().get(&name).is_some());
}

/// No code names a contract: it exists because its file does.
#[test]
fn a_contract_exists_exactly_where_its_file_does() {
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
                // Another file extends it.
                assert!(mistake.message.starts_with("extends must name"), "{mistake}");
                let extends = format!("extends = \"{}\"", taken.trim_end_matches(".toml"));
                assert!(FILES.iter().any(|(_, text)| text.contains(&extends)), "{taken}");
            }
        }
    }
}

#[test]
fn every_contract_writes_its_requests() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        for (event, sample) in [("full", Sample::full(name)), ("bare", Sample::bare(name))] {
            let sent = sample.send(contract, 1);
            receiver::assert_verifies(name, &sample.secret, &sent);
            insta::assert_snapshot!(format!("{name}.{event}"), as_text(&sent));
        }
    }
}

/// Receivers of these platforms sign `JSON.stringify(req.body)`.
#[test]
fn documents_of_platforms_whose_sender_writes_javascripts_json_are_written_like_it() {
    let contracts = load();
    let data = r#"{"b":1.0,"10":"\u00e9","9":[1e2,-0,1234567890123456789],"h":"\uD83D"}"#;
    let written = r#"{"9":[100,0,1234567890123456800],"10":"é","b":1,"h":"\ud83d"}"#;
    for contract in each(&contracts) {
        let name = contract.name().as_str();
        let mut sample = Sample::bare(name);
        sample.content.data = RawJson::parse(data).unwrap();
        let as_javascript =
            ["aegisx", "task-hub", "virtual-queue", "virtual-queue-hex"].contains(&name);
        let expected = if as_javascript { written } else { data };
        let sent = sample.send(contract, 1);
        assert!(sent.body.contains(expected), "{name}: {}", sent.body);
        receiver::assert_verifies(name, &sample.secret, &sent);
    }
}

/// A contract says how a key is read: under a text contract any text is one, also during a rotation.
#[test]
fn a_text_secret_that_begins_with_whsec_signs_under_text_contracts() {
    let contracts = load();
    for name in ["github", "stripe", "prism", "virtual-queue", "aegisx"] {
        let contract = contracts.get(&name.parse().unwrap()).unwrap();
        for text in ["whsec_test_secret", "whsk_not_a_key"] {
            assert_eq!(contract.accepts(&text.parse().unwrap()), Ok(()), "{name}");
            let sample = Sample { secret: text.to_owned(), ..Sample::bare(name) };
            receiver::assert_verifies(name, text, &sample.send(contract, 1));
            let rotating = Sample::bare(name).rotating(text).send(contract, 1);
            let old = Sample::bare(name).secret;
            receiver::assert_verifies_while_rotated(name, (&old, text), &rotating);
        }
    }
    for name in ["standard", "cloudevents"] {
        let contract = contracts.get(&name.parse().unwrap()).unwrap();
        for text in ["whsec_test_secret", "whsk_not_a_key"] {
            assert!(contract.accepts(&text.parse().unwrap()).is_err(), "{name}");
        }
    }
}

const NEW_SECRET: &str = "whsec_bmV3IHNlY3JldCwgbmV3IHNlY3JldA==";

#[test]
fn every_contract_verifies_during_a_rotation() {
    for contract in each(&load()) {
        let name = contract.name().as_str();
        let old = Sample::bare(name).secret;
        let sample = Sample::bare(name).rotating(NEW_SECRET);
        for (when, attempt) in [("rotating", 1), ("rotated", 2)] {
            let sent = sample.send(contract, attempt);
            match when {
                "rotating" => {
                    receiver::assert_verifies_while_rotated(name, (&old, NEW_SECRET), &sent);
                }
                _ => receiver::assert_verifies(name, NEW_SECRET, &sent),
            }
            insta::assert_snapshot!(format!("{name}.{when}"), as_text(&sent));
        }
    }
}

#[test]
fn ed25519_signatures_verify_where_a_contract_has_them() {
    let [first, second] = [7, 8].map(|n| SigningSecret::generate_ed25519([n; 32]));
    let have: Vec<_> = each(&load())
        .filter(|contract| contract.accepts(&first).is_ok())
        .map(|contract| contract.name().to_string())
        .collect();
    assert_eq!(have, ["cloudevents", "standard"]);
    for name in have {
        let contracts = load();
        let contract = contracts.get(&name.parse().unwrap()).unwrap();
        let alone = Sample { secret: first.expose().to_owned(), ..Sample::bare(&name) };
        let sent = alone.send(contract, 1);
        assert_eq!(receiver::ed25519_verified(&first.public_key().unwrap(), &sent), 1);
        assert_eq!(receiver::ed25519_verified(&second.public_key().unwrap(), &sent), 0);
        insta::assert_snapshot!(format!("{name}.ed25519"), as_text(&sent));

        let rotating = alone.rotating(second.expose()).send(contract, 1);
        for key in [&first, &second] {
            let public = key.public_key().unwrap();
            assert_eq!(receiver::ed25519_verified(&public, &rotating), 1);
        }
        // From a shared secret to a key: receivers of the old secret still verify.
        let moving = Sample::bare(&name).rotating(second.expose()).send(contract, 1);
        assert_eq!(receiver::ed25519_verified(&second.public_key().unwrap(), &moving), 1);
        insta::assert_snapshot!(format!("{name}.to-ed25519"), as_text(&moving));
    }
}

/// Headers in lower case and sorted; an empty line; the body's exact bytes.
fn as_text(sent: &Sent) -> String {
    let mut headers = sent.headers.clone();
    headers.sort();
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("POST\n{}\n\n{}", lines.join("\n"), sent.body)
}

#[test]
fn every_contract_has_its_limits_and_policy() {
    for contract in each(&load()) {
        let promises = format!(
            "time limit: {:?}\n410 disables: {}\nretries: {}\nrate limit: {}",
            contract.timeout(),
            contract.gone_disables(),
            contract.retry().to_json(),
            contract.rate_limit().map_or_else(
                || "none".to_owned(),
                |limit| format!("{} in {} s", limit.requests(), limit.per_seconds())
            ),
        );
        insta::assert_snapshot!(format!("{}.promises", contract.name()), promises);
    }
}

#[test]
fn presets_do_what_their_guide_and_their_name_say() {
    use hooklane_domain::delivery::retry::RetryPolicy;
    let contracts = load();
    let contract = |name: &str| contracts.get(&name.parse().unwrap()).unwrap();
    let standard = contract("standard");
    assert_eq!(RetryPolicy::preset("standard-webhooks").as_ref(), Some(standard.retry()));
    for name in ["virtual-queue", "virtual-queue-hex"] {
        let contract = contract(name);
        let summaries: Vec<_> = contract
            .preset_names()
            .map(|preset| (preset, contract.preset(preset).unwrap().summary()))
            .collect();
        let expected = [
            ("aggressive", "5 retries in 7 s"),
            ("conservative", "10 retries in 18 min 30 s"),
            ("immediate", "no retry"),
            ("standard", "3 retries in 7 s"),
        ];
        assert_eq!(summaries, expected.map(|(preset, summary)| (preset, summary.to_owned())));
        assert_eq!(contract.preset("standard"), Some(contract.retry()), "its default");
    }
    let with_presets = contracts.iter().filter(|contract| contract.preset_names().count() > 0);
    assert_eq!(with_presets.count(), 2);
}

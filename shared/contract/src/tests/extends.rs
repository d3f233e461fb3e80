use super::*;

const HEAD: &str = "description = \"A variant\"\nextends = \"standard\"\n";

fn variant(text: &str) -> Result<Contract, InvalidContract> {
    contract(&[("variant.toml", &format!("{HEAD}{text}")), ("standard.toml", STANDARD)])
}

/// A file's own preset may be its policy, and a variant has the presets of the file that it extends.
#[test]
fn presets_are_inherited_and_may_be_the_policy() {
    let presets = "[presets]\nslow = { schedule = [7, 8] }\n\n[request]";
    let base = STANDARD.replace("[request]", presets);
    let variant = "description = \"V\"\nextends = \"standard\"\nretry = \"slow\"\n";
    let contract = contract(&[("variant.toml", variant), ("standard.toml", &base)]).unwrap();
    assert_eq!(contract.preset_names().collect::<Vec<_>>(), ["slow"]);
    assert_eq!(contract.preset("slow"), Some(contract.retry()));
    assert_eq!(contract.retry().max_retries(), 2);
    assert_eq!(contract.preset("quick"), None, "what every webhook has is not the contract's");
}

#[test]
fn a_variant_contains_only_what_differs() {
    let contract = variant(
        r#"
        retry = { strategy = "fixed", initialDelay = 700, maxRetries = 1 }
        [request]
        timeout_seconds = 3
        [headers]
        x-more = "{event.tenant}"
        [signature]
        value = "v9,{signature}"
        "#,
    )
    .unwrap();
    assert_eq!(contract.name().as_str(), "variant");
    assert_eq!(contract.description(), "A variant");
    assert_eq!(contract.timeout(), Duration::from_secs(3));
    assert!(contract.gone_disables());
    assert_eq!(contract.retry().max_retries(), 1);

    let wire = request(&contract, &webhook(&[]), "[1]");
    let as_standard = request(&standard(), &webhook(&[]), "[1]");
    assert_eq!(wire.body, as_standard.body);
    let expected: Vec<_> = as_standard
        .headers
        .into_iter()
        .map(|(name, value)| (name, value.replace("v1,", "v9,")))
        .chain([("x-more".to_owned(), "t1".to_owned())])
        .collect();
    assert_eq!(wire.headers, expected);
}

#[test]
fn a_variant_may_extend_a_variant() {
    let contract = contract(&[
        ("a.toml", "description = \"a\"\nextends = \"b\"\n[request]\ntimeout_seconds = 7"),
        ("b.toml", "description = \"b\"\nextends = \"standard\"\n[request]\nuser_agent = \"B/1\""),
        ("standard.toml", STANDARD),
    ])
    .unwrap();
    assert_eq!(contract.timeout(), Duration::from_secs(7));
    let wire = request(&contract, &webhook(&[]), "1");
    assert_eq!(wire.headers[1], ("User-Agent".to_owned(), "B/1".to_owned()));
    assert!(contract.gone_disables());
}

#[test]
fn a_mistake_has_the_line_of_its_own_file() {
    for (text, file, line, expected) in [
        ("[request]\ntimeout_seconds = 99", "variant.toml", 4, "from 1 to 30"),
        ("colour = 1", "variant.toml", 3, "unknown field"),
        ("[headers]\nWebhook-Id = \"x\"", "standard.toml", 19, "given twice, also as Webhook-Id"),
        ("retry = { maxRetries = 99 }", "variant.toml", 3, "from 0 to 10"),
        ("[signature]\nencoding = 64", "variant.toml", 4, "wanted string"),
        ("headers = \"none\"", "variant.toml", 3, "expected a map"),
    ] {
        let error = variant(text).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (file, line), "{text}: {error}");
        assert!(error.message.contains(expected), "{text}: {error}");
    }
    let broken = STANDARD.replace("timeout_seconds = 20", "timeout_seconds = 0");
    let error = contract(&[("a-variant.toml", HEAD), ("standard.toml", &broken)]).unwrap_err();
    assert_eq!(error.to_string(), "standard.toml:13: timeout_seconds must be from 1 to 30");
    let unreadable = STANDARD.replace("[headers]", "[headers");
    let error = contract(&[("a-variant.toml", HEAD), ("standard.toml", &unreadable)]).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("standard.toml", 17), "{error}");
}

#[test]
fn only_another_contract_can_be_extended() {
    let extends = |name: &str| format!("description = \"x\"\nextends = {name}\n");
    for name in ["\"nothing\"", "\"No Name\"", "7"] {
        let error = contract(&[("a.toml", &extends(name)), ("b.toml", STANDARD)]).unwrap_err();
        assert_eq!(error.to_string(), "a.toml:2: extends must name a contract, one of a, b");
    }
    let error = contract(&[("a.toml", &extends("\"a\""))]).unwrap_err();
    assert_eq!(error.to_string(), "a.toml:2: a contract extends itself: a.toml, a.toml");
    let (to_b, to_c, to_a) = (extends("\"b\""), extends("\"c\""), extends("\"a\""));
    let error = contract(&[("a.toml", &to_b), ("b.toml", &to_c), ("c.toml", &to_a)]).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("c.toml", 2));
}

#[test]
fn a_variant_does_not_inherit_the_description() {
    let error =
        contract(&[("a.toml", "extends = \"standard\""), ("standard.toml", STANDARD)]).unwrap_err();
    assert_eq!(error.to_string(), "a.toml:1: missing field `description`");
}

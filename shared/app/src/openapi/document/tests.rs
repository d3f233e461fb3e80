use std::sync::LazyLock;

use hooklane_contract::{Contracts, Subject};
use hooklane_domain::Timestamp;
use hooklane_domain::event::Content;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use hooklane_fuzz::any_json;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const ORDER: &str = r##"{
    "category": "orders", "description": "An order was placed",
    "sample": {"id": "o-1", "total": 12.50, "to": {"city": "Ulm"}, "lines": [{"sku": "s-1"}]},
    "schema": {
        "type": "object",
        "required": ["id", "to"],
        "properties": {
            "id": {"type": "string", "description": "The order's id"},
            "total": {"type": "number", "minimum": 0},
            "to": {"$ref": "#/$defs/address"},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line~1item"}}
        },
        "$defs": {
            "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
            "line/item": {"properties": {"sku": {"type": "string"}, "from": {"$ref": "#/$defs/address"}}}
        }
    }
}"##;
const PING: &str = r#"{"sample": "half a \ud83d character"}"#;

fn types(bodies: &[(&str, &str)]) -> Vec<(EventType, Definition)> {
    let read =
        |(name, body): &(&str, &str)| (name.parse().unwrap(), Definition::read(body).unwrap());
    bodies.iter().map(read).collect()
}

fn text(
    contract: &Contract,
    types: &[(EventType, Definition)],
    most: usize,
) -> Result<String, TooLarge> {
    let types: Vec<_> = types.iter().map(|(name, definition)| (name, definition)).collect();
    Document { title: "Webhooks of acme", contract, types: &types }.text(most)
}

fn parsed(contract: &Contract, types: &[(EventType, Definition)]) -> Value {
    serde_json::from_str(&text(contract, types, usize::MAX).unwrap()).unwrap()
}

static CONTRACTS: LazyLock<Contracts> = LazyLock::new(hooklane_bundled_contracts::load);

fn contract(name: &str) -> &'static Contract {
    CONTRACTS.get(&name.parse().unwrap()).unwrap()
}

#[test]
fn a_document_of_each_kind_of_contract() {
    let types = types(&[("order.created", ORDER), ("ping", PING)]);
    for name in ["standard", "cloudevents", "stripe", "task-hub", "virtual-queue"] {
        insta::assert_snapshot!(name, text(contract(name), &types, usize::MAX).unwrap());
    }
}

#[test]
fn the_version_changes_with_anything_else() {
    let of = |types: &[(EventType, Definition)], name: &str| {
        parsed(contract(name), types)["info"]["version"].as_str().unwrap().to_owned()
    };
    let one = types(&[("order.created", ORDER)]);
    let first = of(&one, "standard");
    assert_eq!((first.len(), &of(&one, "standard")), (VERSION_DIGITS, &first), "{first}");
    let described = types(&[("order.created", &ORDER.replace("placed", "made"))]);
    let sampled = types(&[("order.created", &ORDER.replace("Ulm", "Bonn"))]);
    let others = [
        of(&described, "standard"),
        of(&sampled, "standard"),
        of(&one, "github"),
        of(&[], "standard"),
    ];
    assert!(!others.contains(&first), "{others:?}");
}

#[test]
fn a_document_has_at_most_the_bytes_that_it_may() {
    let types = types(&[("order.created", ORDER), ("ping", PING)]);
    let of = |most| text(contract("standard"), &types, most);
    let whole = of(usize::MAX).unwrap();
    let in_answer = |text: &str| serde_json::to_string(text).unwrap().len() - 2;
    assert_eq!(of(in_answer(&whole)), Ok(whole.clone()));
    let bare = of(in_answer(&whole) - 1).unwrap();
    assert!(bare.contains("There are no examples") && !bare.contains("\"example\""), "{bare}");
    assert_eq!(of(in_answer(&bare)), Ok(bare.clone()));
    assert_eq!(of(in_answer(&bare) - 1), Err(TooLarge));
}

/// A validator of what is at this place in the document.
fn validator(document: &Value, pointer: &str) -> Validator {
    let mut root = document.clone();
    root["$ref"] = format!("#{pointer}").into();
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    options.should_validate_formats(true).build(&root).unwrap()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn references<'a>(node: &'a Value, found: &mut Vec<&'a str>) {
    match node {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The rules of OpenAPI 3.1, and those of this document: everything that is referred to is there, and every example
/// fits its schema.
fn holds_the_rules(document: &Value, contract: &Contract) {
    let name = contract.name();
    assert_eq!(document["openapi"], "3.1.0");
    let of_components = |key: &String| {
        key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    for kind in ["schemas", "responses"] {
        assert!(
            document["components"][kind].as_object().unwrap().keys().all(of_components),
            "{name}"
        );
    }
    let mut found = Vec::new();
    references(document, &mut found);
    for reference in found {
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(target.is_some(), "{name}: {reference}");
    }
    let tags: Vec<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (event_type, item) in document["webhooks"].as_object().unwrap() {
        let post = &item["post"];
        assert_eq!(post["operationId"], event_type.as_str(), "as unique as the name");
        assert!(tags.contains(&&post["tags"][0]), "{name}: {event_type}");
        let mut headers = std::collections::BTreeSet::new();
        for parameter in post["parameters"].as_array().unwrap() {
            let header = parameter["name"].as_str().unwrap().to_ascii_lowercase();
            assert!(!["accept", "content-type", "authorization"].contains(&header.as_str()));
            assert!(headers.insert(header.clone()), "{name}: {header} is there twice");
            assert_eq!(parameter["in"], "header");
            assert!(parameter["description"].as_str().unwrap().ends_with('.'), "{name}: {header}");
            match parameter.get("example") {
                Some(example) => {
                    let schema = jsonschema::draft202012::new(&parameter["schema"]).unwrap();
                    assert!(schema.is_valid(example), "{name}: {header}: {example}");
                }
                None => assert_eq!(parameter["required"], false, "{name}: {header}"),
            }
        }
        let content = post["requestBody"]["content"].as_object().unwrap();
        assert_eq!(content.len(), 1, "{name}");
        for (kind, media) in content {
            let pointer = format!(
                "/webhooks/{}/post/requestBody/content/{}/schema",
                escaped(event_type),
                escaped(kind)
            );
            let judged = validator(document, &pointer)
                .validate(&media["example"])
                .map_err(|e| e.to_string());
            assert_eq!(judged, Ok(()), "{name}: {event_type}: {}", media["example"]);
        }
        let answers: Vec<_> =
            post["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let gone = contract.gone_disables();
        let expected: &[&str] = if gone {
            &["2XX", "410", "429", "503", "default"]
        } else {
            &["2XX", "429", "503", "default"]
        };
        assert_eq!(answers, expected, "{name}");
    }
}

#[test]
fn the_document_of_every_contract_and_catalog_of_this_build_holds_the_rules() {
    let catalogs = hooklane_bundled_catalogs::load();
    for contract in CONTRACTS.iter() {
        for catalog in catalogs.iter() {
            let types: Vec<_> = catalog.types().collect();
            let text = Document { title: "All", contract, types: &types }.text(usize::MAX).unwrap();
            holds_the_rules(&serde_json::from_str(&text).unwrap(), contract);
        }
        holds_the_rules(
            &parsed(contract, &types(&[("order.created", ORDER), ("ping", PING)])),
            contract,
        );
        holds_the_rules(&parsed(contract, &[]), contract);
    }
}

/// What a receiver would get.
fn sent(contract: &Contract, content: &Content) -> Value {
    let at = Timestamp::UNIX_EPOCH;
    let webhook = Webhook::new(Essentials {
        id: WebhookId::new(at, 1),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: Vec::new(),
        secret: example_secret(contract, Signing::Hmac),
        contract: contract.name().clone(),
        created_at: at,
    });
    let delivery = DeliveryId::new(webhook.id, at, "evt-1".parse().unwrap());
    let subject = Subject { content, delivery: &delivery, webhook: &webhook, attempt: 1, at };
    serde_json::from_str(&contract.request(subject).body).unwrap()
}

/// Data that is mostly as the schema of orders wants it.
fn any_data() -> impl Strategy<Value = Value> {
    let address = prop_oneof![
        4 => "[a-zé\"]{0,5}".prop_map(|city| json!({ "city": city })),
        1 => Just(json!({})),
    ];
    let line = ("[a-z]{0,3}", proptest::option::of(address.clone())).prop_map(
        |(sku, from)| json!({ "sku": sku, "from": from.unwrap_or_else(|| json!({"city": ""})) }),
    );
    let order = ("[a-z]{1,5}", -2..20i32, address, proptest::collection::vec(line, 0..3))
        .prop_map(|(id, total, to, lines)| json!({"id": id, "total": f64::from(total) / 2.0, "to": to, "lines": lines}));
    prop_oneof![4 => order, 1 => any_json()]
}

fn any_content() -> impl Strategy<Value = Content> {
    let metadata = proptest::option::of(Just(RawJson::parse(r#"{"a":{"b":1}}"#).unwrap()));
    let time = proptest::option::of(0..4_000_000_000_i64);
    (any_data(), metadata, time, proptest::option::of("[0-9.\"]{0,4}")).prop_map(
        |(data, metadata, time, version)| Content {
            event_type: "order.created".parse().unwrap(),
            data: RawJson::parse(&data.to_string()).unwrap(),
            metadata,
            timestamp: time.map(|seconds| Timestamp::from_second(seconds).unwrap()),
            version,
            test: false,
        },
    )
}

/// The schema of the body in each contract's document.
static BODIES: LazyLock<Vec<(&'static Contract, Validator)>> = LazyLock::new(|| {
    let types = types(&[("order.created", ORDER)]);
    let of = |contract: &'static Contract| {
        let document = parsed(contract, &types);
        let content = document.pointer("/webhooks/order.created/post/requestBody/content").unwrap();
        let reference = content.as_object().unwrap().values().next().unwrap()["schema"]["$ref"]
            .as_str()
            .unwrap();
        (contract, validator(&document, reference.strip_prefix('#').unwrap()))
    };
    CONTRACTS.iter().map(of).collect()
});

/// Templates of bodies: whatever a contract may say.
fn any_template() -> impl Strategy<Value = Value> {
    let texts = select(vec![
        "{event.data}",
        "{event.metadata}",
        "{event.version}",
        "{event.version|1.0}",
        "{event.id}",
        "{event.type}",
        "a {event.type}",
        "{event.type}{event.version}",
        "v{event.version|x}",
        "{event.timestamp:unix}",
        "at {event.timestamp:unix}",
        "{event.acceptedAt:rfc3339}",
        "{delivery.createdAt:rfc3339ms}",
        "{delivery.id}",
        "{webhook.id} {webhook.name}",
        "plain",
        "",
    ]);
    let leaf = prop_oneof![
        6 => texts.prop_map(Value::from),
        1 => select(vec![json!(null), json!(true), json!(-1.5), json!(7)]),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z~/\"]{0,3}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_sent_fits_the_document_exactly_if_its_data_fits_the_types_schema(content in any_content()) {
        let schema = &types(&[("order.created", ORDER)])[0].1.schema;
        let fits = schema.judge("data", &content.data).is_ok();
        for (contract, body) in BODIES.iter() {
            let sent = sent(contract, &content);
            prop_assert_eq!(body.is_valid(&sent), fits, "{}: {}", contract.name(), sent);
        }
    }

    #[test]
    fn what_any_template_sends_fits_its_outline(template in any_template(), content in any_content()) {
        let file = format!(
            "description = \"x\"\nextends = \"standard\"\nbody = '''{}'''\n", json!({ "all": template })
        );
        let standard = include_str!("../../../../../contracts/standard.toml");
        let contracts = Contracts::load([("a.toml", file.as_str()), ("standard.toml", standard)]).unwrap();
        let contract = contracts.get(&"a".parse().unwrap()).unwrap();
        let schema = contract.outline(&content.event_type, &json!({})).body;
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let sent = sent(contract, &content);
        prop_assert!(validator.is_valid(&sent), "{} {}", schema, sent);
    }
}

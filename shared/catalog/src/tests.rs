mod files;
mod schemas;

use std::collections::BTreeMap;
use std::sync::Arc;

use hooklane_domain::json::RawJson;

use super::*;

fn definition(schema: &str) -> Definition {
    Definition {
        category: "orders".to_owned(),
        description: "An order".to_owned(),
        sample: RawJson::parse("{}").unwrap(),
        schema: Schema::parse(schema).unwrap(),
    }
}

fn own(name: &str, schema: &str, revision: u64) -> OwnType {
    OwnType { name: name.parse().unwrap(), definition: definition(schema), revision }
}

fn catalog(names: &[&str]) -> Catalog {
    let types = names.iter().map(|name| (name.parse().unwrap(), definition("{}")));
    let types = types.collect::<BTreeMap<_, _>>().into();
    let (name, description) = ("default".parse().unwrap(), "All".to_owned());
    Catalog { name, description, contracts: Vec::new(), types }
}

fn refusal(known: &TenantTypes<'_>, wanted: &str) -> Option<String> {
    known.refusal(&wanted.parse().unwrap())
}

#[test]
fn an_unknown_type_is_refused_with_similar_names() {
    let catalog = catalog(&[
        "order.created",
        "order.completed",
        "order.cancelled",
        "order.item.added",
        "user.created",
        "webhook.failing",
        "delivery.exhausted",
    ]);
    let tenant = Arc::new(OwnTypes::from_iter([own("shipment.sent", "{}", 1)]));
    let known = TenantTypes { catalog: &catalog, platform: Arc::default(), tenant };
    for fine in [
        "*",
        "order.*",
        "order.item.*",
        "order.created",
        "shipment.*",
        "shipment.sent",
        "webhook.failing",
    ] {
        assert_eq!(refusal(&known, fine), None, "{fine}");
    }
    let adding = |name: &str| {
        format!("PUT /event-types/{name} with a body such as {{\"sample\": {{\"id\": \"1\"}}}}")
    };
    for (wanted, expected) in [
        ("order.create", "is not a known event type; did you mean order.created?"),
        ("orders.created", "is not a known event type; did you mean order.created?"),
        ("oder.cancelled", "is not a known event type; did you mean order.cancelled?"),
        (
            "order.something.else.entirely",
            "is not a known event type; did you mean order.cancelled, order.completed or order.created?",
        ),
        ("qqqqqqqq", "is not a known event type"),
        ("ordr.*", "matches no known event type; did you mean order.*?"),
        ("shipments.*", "matches no known event type; did you mean shipment.*?"),
        // No wildcard matches an operational event.
        ("delivery.*", "matches no known event type"),
        ("webhook.*", "matches no known event type"),
        ("order.created.*", "matches no known event type; did you mean order.item.*?"),
    ] {
        let how = if wanted.ends_with('*') {
            "to subscribe to it all the same, send \"register\": true".to_owned()
        } else {
            format!("to add it, send \"register\": true, or {}", adding(wanted))
        };
        assert_eq!(refusal(&known, wanted), Some(format!("{expected}; {how}")), "{wanted}");
    }
    let name = "order.create".parse().unwrap();
    assert_eq!(
        known.schema(&name).unwrap_err().to_string(),
        format!(
            "type: is not a known event type; did you mean order.created?; to add it, {}",
            adding("order.create")
        )
    );
    let long = "x".repeat(255);
    assert!(refusal(&known, &long).is_some());
}

#[test]
fn a_tenants_own_type_takes_precedence_over_the_platforms_and_the_files() {
    let catalog = catalog(&["a", "b", "c"]);
    let platform = OwnTypes::from_iter([own("b", "{}", 1), own("c", "{}", 1)]);
    let tenant = OwnTypes::from_iter([own("c", r#"{"type":"string"}"#, 1), own("d", "{}", 1)]);
    let known =
        TenantTypes { catalog: &catalog, platform: Arc::new(platform), tenant: Arc::new(tenant) };
    let types: Vec<_> = known.types().map(|(name, source, _)| (name.as_str(), source)).collect();
    assert_eq!(
        types,
        [
            ("a", Source::Catalog),
            ("b", Source::Platform),
            ("c", Source::Tenant),
            ("d", Source::Tenant)
        ]
    );
    let schema = |name: &str| known.schema(&name.parse().unwrap());
    assert_eq!(schema("b").unwrap().text().as_str(), "{}");
    assert_eq!(schema("c").unwrap().text().as_str(), r#"{"type":"string"}"#);
    assert_eq!(schema("e").unwrap_err().as_slice()[0].path, "type");
}

#[test]
fn a_definition_is_read_with_every_mistake_at_once() {
    let whole = Definition::read(
        r#"{"category":"orders","description":"An order went out","sample":{"id":"1"},
            "schema":{"type":"object","required":["id"]}}"#,
    )
    .unwrap();
    assert_eq!(whole.sample.as_str(), r#"{"id":"1"}"#);
    let free = Definition::read(r#"{"category":"a","description":"b","sample":[1]}"#).unwrap();
    assert_eq!(free.schema.text().as_str(), "{}");
    let least = Definition::read(r#"{"sample":[1],"description":""}"#).unwrap();
    let sample = RawJson::parse("[1]").unwrap();
    assert_eq!(least, Definition::of_sample(sample));
    assert_eq!((least.category.as_str(), least.description.as_str()), ("custom", ""));
    assert!(least.schema.judge("data", &RawJson::parse("7").unwrap()).is_ok());
    let large = format!(r#"{{"category":"a","description":"b","sample":"{}"}}"#, "x".repeat(9000));
    for (body, expected) in [
        ("{}", "sample: is required"),
        (
            r#"{"category":" ","description":7,"sample":null,"colour":1}"#,
            "category: must have 1 to 64 characters; description: must be a string; sample: is required; colour: is not a known field",
        ),
        (
            r#"{"category":"a","description":"b","sample":{"n":"x"},"schema":{"properties":{"n":{"type":"integer"}}}}"#,
            "sample.n: must be of type integer",
        ),
        (
            r#"{"category":"a","description":"b","sample":1,"schema":{"properties":{"n":{"type":"text"}}}}"#,
            "schema.properties.n.type: must match one of the schemas",
        ),
        (
            r#"{"category":"a","description":"b","sample":1,"schema":7}"#,
            "schema: must be a JSON Schema: an object",
        ),
        (&large, "sample: must have at most 8192 bytes"),
    ] {
        assert_eq!(Definition::read(body).unwrap_err().to_string(), expected, "{body:.80}");
    }
}

use std::sync::Mutex;

use hooklane_catalog::{Catalogs, OwnType, OwnTypes, Owner};
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::ids::TenantId;
use serde_json::Value;

use super::*;

/// The types that a tenant added.
#[derive(Default)]
struct Store(Mutex<Vec<OwnType>>);

impl Expectations for Store {
    async fn publisher(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        Ok(Tenant::unknown(id.clone()))
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let is_tenant = matches!(owner, Owner::Tenant(_));
        Ok(self.0.lock().unwrap().iter().filter(|_| is_tenant).cloned().collect())
    }
}

impl Store {
    fn add(&self, name: &str, body: &str) {
        let definition = Definition::read(body).unwrap();
        let own = OwnType { name: name.parse().unwrap(), definition, revision: 1 };
        self.0.lock().unwrap().push(own);
    }

    async fn describe(
        &self,
        contract: Option<&str>,
        order: &Order,
    ) -> Result<Described, DescribeError> {
        let catalogs: Catalogs = hooklane_bundled_catalogs::load();
        let (catalog, contracts) =
            (EventCatalog::new(catalogs), hooklane_bundled_contracts::load());
        let contract = contract.map(|name| name.parse().unwrap());
        let settings = TenantSettings { contract, ..TenantSettings::default() };
        let tenant = Tenant { settings, ..Tenant::unknown("acme".parse().unwrap()) };
        describe(self, (&catalog, &contracts), &tenant, order, Timestamp::UNIX_EPOCH).await
    }
}

fn names(described: &Described) -> Vec<String> {
    let document: Value = serde_json::from_str(&described.text).unwrap();
    document["webhooks"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn the_tenants_contract_and_all_its_types_are_described_unless_others_are_asked_for() {
    let store = Store::default();
    store.add("parcel.sent", r#"{"sample": 1}"#);
    store.add("parcel.lost", r#"{"sample": 1}"#);
    let usual = store.describe(None, &Order::default()).await.unwrap();
    assert_eq!(usual.file_name, "webhooks-standard.openapi.json");
    let all = names(&usual);
    assert!(all.is_sorted() && all.len() == 8, "{all:?}");
    let own = store.describe(Some("github"), &Order::default()).await.unwrap();
    assert_eq!(own.file_name, "webhooks-github.openapi.json");
    let order = |events: &[&str]| Order {
        format: Some("stripe".parse().unwrap()),
        events: events.iter().map(|event| event.parse().unwrap()).collect(),
    };
    let asked = store.describe(Some("github"), &order(&["parcel.*"])).await.unwrap();
    assert_eq!(asked.file_name, "webhooks-stripe.openapi.json");
    assert_eq!(names(&asked), ["parcel.lost", "parcel.sent"]);
    let asked = store.describe(None, &order(&["parcel.sent", "webhook.failing"])).await.unwrap();
    assert_eq!(names(&asked), ["parcel.sent", "webhook.failing"]);
}

#[tokio::test]
async fn every_mistake_has_its_parameter() {
    let order = Order {
        format: Some("none".parse().unwrap()),
        events: ["none.such", "*", "such.*"].map(|event| event.parse().unwrap()).to_vec(),
    };
    let Err(DescribeError::Invalid(errors)) = Store::default().describe(None, &order).await else {
        panic!("it was described");
    };
    let errors = errors.into_vec();
    let paths: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["format", "event", "event"]);
    assert!(errors[0].message.contains("standard, stripe"), "{}", errors[0].message);
    assert_eq!(errors[1].message, "none.such is none of the tenant's event types");
}

/// A type whose schema and sample are as large as they may be.
fn largest() -> String {
    let pad = |bytes: usize| "\"\\".repeat(bytes / 4);
    let (sample, about) = (pad(7_900), pad(15_900));
    let schema = serde_json::json!({ "description": "", "type": "string" }).to_string();
    let schema = schema.replacen("\"\"", &format!("{about:?}"), 1);
    format!(r#"{{"sample":{sample:?},"schema":{schema}}}"#)
}

#[tokio::test]
async fn a_document_that_would_be_too_large_loses_its_examples_and_then_is_refused() {
    let (store, body) = (Store::default(), largest());
    for n in 0..100 {
        store.add(&format!("large.t{n}"), &body);
    }
    let in_answer = |text: &str| serde_json::to_string(text).unwrap().len() - 2;
    // The most that a tenant may have by default, with examples.
    let whole = store.describe(None, &Order::default()).await.unwrap();
    assert!(whole.text.contains("\"example\": {\"type\":\"large.t99\""), "it has examples");
    assert!((3_000_000..MAX_BYTES).contains(&in_answer(&whole.text)), "{}", in_answer(&whole.text));
    for n in 100..130 {
        store.add(&format!("large.t{n}"), &body);
    }
    let bare = store.describe(None, &Order::default()).await.unwrap();
    assert!(!bare.text.contains("\"example\":{\"type\":\"large."), "it has none");
    assert!(bare.text.contains("There are no examples") && !bare.text.contains('\n'));
    assert_eq!(names(&bare).len(), 136);
    assert!(in_answer(&bare.text) < MAX_BYTES, "{}", in_answer(&bare.text));
    for n in 130..300 {
        store.add(&format!("large.t{n}"), &body);
    }
    let Err(DescribeError::Invalid(errors)) = store.describe(None, &Order::default()).await else {
        panic!("it was described");
    };
    assert_eq!(errors.to_string(), "event: names 306 event types, too many for one document");
    let order = Order { format: None, events: vec!["large.t7".parse().unwrap()] };
    assert_eq!(names(&store.describe(None, &order).await.unwrap()), ["large.t7"]);
}

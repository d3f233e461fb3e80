//! Compatibility with an earlier version: this version reads the items and messages that commit 28341ec
//! wrote, and writes the same items. They are in `stored-28341ec`: items in DynamoDB's JSON, messages as
//! SQS bodies.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics")]

mod stored {
    pub(crate) mod reading;
    pub(crate) mod stores;
    pub(crate) mod values;
    pub(crate) mod writing;
}

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use hooklane_app::payload::unpack;
use hooklane_app::ports::{
    DeliveryStore as _, HealthStore as _, RecoveryStore as _, RouteStore as _, WebhookStore as _,
};
use hooklane_domain::delivery::message::Message;
use hooklane_domain::event::Content;
use serde_json::{Value, json};
use stored::reading::{Reading, readings};
use stored::stores::{Item, Key, Stores, Tables, key_of};
use stored::{values, writing};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored-28341ec")
}

fn stored_items() -> Tables {
    let mut tables = Tables::new();
    for table in ["registry", "ledger"] {
        for file in std::fs::read_dir(folder().join(table)).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let items: Vec<Item> = serde_json::from_str(&text).unwrap();
            let items = items.into_iter().map(|item| (key_of(&item), item));
            tables.entry(table.to_owned()).or_default().extend(items);
        }
    }
    tables
}

#[tokio::test]
async fn every_item_of_an_earlier_version_is_read() {
    for Reading { read, expected, .. } in readings(&Stores::of(stored_items())) {
        assert_eq!(read.await, expected);
    }
}

/// Whether no port returns this attribute. `expiresAt` is for DynamoDB's TTL, `u` for the index of
/// undelivered deliveries, and `l` is only in the condition of a write.
/// `this_version_writes_the_same_items` covers these.
fn is_not_read(kind: &str, attribute: &str) -> bool {
    match attribute {
        "expiresAt" => kind != "DL",
        "u" => kind == "DL",
        "l" => kind == "IK",
        _ => false,
    }
}

/// The kind of an item, from its key: the first part of its sort key, or of its partition key if that
/// names the kind.
fn kind((pk, sk): &Key) -> &str {
    let first = |key: &str| key.split('#').next().unwrap_or_default().len();
    if ["PK", "RL", "RA", "IK", "OPEN"].contains(&&pk[..first(pk)]) {
        &pk[..first(pk)]
    } else {
        &sk[..first(sk)]
    }
}

#[tokio::test]
async fn a_renamed_attribute_changes_what_is_read() {
    let stored = stored_items();
    let mut attributes = BTreeSet::new();
    for (table, items) in &stored {
        for (key, item) in items {
            let paths = paths(item).into_iter();
            attributes.extend(paths.map(|path| (table.clone(), kind(key).to_owned(), path)));
        }
    }
    let stores = Stores::of(stored.clone());
    for (table, kind_of, path) in attributes {
        if is_not_read(&kind_of, &path) {
            continue;
        }
        for (key, item) in stores.tables().get_mut(&table).unwrap() {
            if kind(key) == kind_of {
                rename(item, &path);
            }
        }
        let mut changed = false;
        for reading in readings(&stores) {
            let reads_it = reading.kinds.contains(&kind_of.as_str());
            changed |= reads_it && reading.read.await != reading.expected;
        }
        assert!(changed, "no reading depends on {path} of {kind_of} in {table}");
        stores.tables().clone_from(&stored);
    }
}

/// The paths of an item's attributes except its key, nested ones included: `sweep/M/due`.
fn paths(item: &Item) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, value) in item.iter().filter(|(name, _)| !["pk", "sk"].contains(&name.as_str())) {
        paths.push(name.clone());
        if let Some(map) = value.get("M").and_then(Value::as_object) {
            paths.extend(paths_in(name, map));
        }
    }
    paths
}

fn paths_in(name: &str, map: &Item) -> impl Iterator<Item = String> {
    paths(map).into_iter().map(move |path| format!("{name}/M/{path}"))
}

fn rename(item: &mut Item, path: &str) {
    match path.split_once("/M/") {
        Some((outer, inner)) => {
            let map = item.get_mut(outer).and_then(|value| value.get_mut("M"));
            if let Some(map) = map.and_then(Value::as_object_mut) {
                rename(map, inner);
            }
        }
        None => {
            if let Some(value) = item.remove(path) {
                item.insert("renamed".to_owned(), value);
            }
        }
    }
}

/// Sets the attribute at a path, such as `health/M/circuit`, in every item whose sort key begins so.
fn set(stores: &Stores, table: &str, sk: &str, path: &str, value: &Value) {
    let mut tables = stores.tables();
    let items = tables.get_mut(table).unwrap().iter_mut();
    let mut found = 0;
    for (_, item) in items.filter(|((_, key), _)| key.starts_with(sk)) {
        let (outer, inner) = path.split_once("/M/").unwrap_or(("", path));
        let map = match outer {
            "" => Some(item),
            outer => item.get_mut(outer).and_then(|value| value["M"].as_object_mut()),
        };
        if let Some(map) = map {
            map.insert(inner.to_owned(), value.clone());
            found += 1;
        }
    }
    assert!(found > 0, "an item {sk} with {path}");
}

#[tokio::test]
async fn finding_rolling_upgrade_an_item_with_an_unknown_value_of_an_enum_is_not_corrupt() {
    let (word, tagged) = (json!({"S": "later"}), json!({"M": {"is": {"S": "later"}}}));
    let (time, tenant) = (json!({"N": "1705314600000"}), values::tenant());
    let state = |name: &str, value: &Value| json!({"M": {name: {"L": [time, value]}}});
    let last = json!({"L": [time, {"N": "7"}, {"NULL": true}, {"L": [word, {"S": "why"}]}]});
    let id = values::webhook_id(1);
    let deliveries: Vec<_> = values::deliveries().into_iter().map(|d| d.id).collect();
    for (table, sk, path, value) in [
        ("ledger", "DL#", "s", state("later", &time)),
        ("ledger", "DL#", "s", state("f", &word)),
        ("ledger", "DL#", "s", state("c", &word)),
        ("ledger", "DL#", "s", state("p", &word)),
        ("ledger", "DL#", "l", last),
        ("registry", "WH#", "state", tagged.clone()),
        ("registry", "HEALTH", "health/M/circuit", tagged.clone()),
        ("registry", "HEALTH", "health/M/owed", json!({"L": [tagged]})),
        ("registry", "RECOVERY", "stage", json!({"M": {"later": {"M": {}}}})),
        ("registry", "RECOVERY", "wanted/M/status", word.clone()),
    ] {
        let stores = Stores::of(stored_items());
        set(&stores, table, sk, path, &value);
        let error = match sk {
            "DL#" => stores.ledger.read(&deliveries).await.unwrap_err(),
            "WH#" => stores.registry.get(&tenant, id).await.unwrap_err(),
            "HEALTH" => stores.registry.health(id).await.unwrap_err(),
            _ => stores.registry.recovery(id).await.unwrap_err(),
        };
        assert!(error.is_newer() && !error.is_corrupt(), "{sk} {path}: {}", error.chain());
    }
}

#[tokio::test]
async fn finding_rolling_upgrade_a_webhook_in_an_unknown_state_gets_its_deliveries() {
    let stores = Stores::of(stored_items());
    let before = stores.routes.routes(&values::tenant(), None).await.unwrap();
    set(&stores, "registry", "WH#", "state", &json!({"M": {"is": {"S": "later"}}}));
    let page = stores.routes.routes(&values::tenant(), None).await.unwrap();
    assert_eq!(page.unreadable, [""; 0], "an unreadable webhook makes a dead letter of the event");
    assert_eq!(page.routes.len(), values::webhooks().len());
    assert!(before.routes.len() < page.routes.len(), "inactive ones were left out");
    // A list of webhooks leaves it out, as it does with a corrupt one.
    let ids: Vec<_> = values::webhooks().into_iter().map(|webhook| webhook.id).collect();
    assert_eq!(stores.registry.some(&values::tenant(), &ids).await.unwrap().len(), 0);
}

#[tokio::test]
async fn this_version_writes_the_same_items() {
    let stores = Stores::of(["registry", "ledger"].map(|name| (name.into(), [].into())).into());
    writing::put_all(&stores.registry, &stores.ledger).await;
    let mut written = stores.tables().clone();
    // Items of these kinds are created by updates of their attributes, not put as a whole.
    let updated = ["TENANT", "ET", "HEALTH", "OPEN", "RL", "RA"];
    // Saving a delivery late leaves a note, which earlier versions pass over.
    let is_note = |(pk, _): &Key| pk.starts_with("ST#");
    for (table, mut items) in stored_items() {
        items.retain(|key, _| !updated.contains(&kind(key)));
        let written_here = written.get_mut(&table).unwrap();
        written_here.retain(|key, _| !updated.contains(&kind(key)) && !is_note(key));
        assert_eq!(items.len(), written[&table].len(), "{table}");
        for (key, item) in items {
            let written = without_added(&written[&table][&key]);
            assert_eq!(comparable(&written), comparable(&item), "{key:?}");
        }
    }
}

/// An item without the attributes that later versions added. Earlier ones pass over them.
fn without_added(item: &Item) -> Item {
    let mut item = item.clone();
    item.remove("expression_cost");
    item.remove("listed");
    // Of a delivery: the counts of its failures and waits, and the lists of the index that are new.
    if item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("DL#")) {
        item.remove("k");
        item.remove("w");
    }
    let list = item.get("u").and_then(|u| u["S"].as_str()).unwrap_or_default();
    if list.ends_with("#late") || list.ends_with("#cancelled") {
        item.remove("u");
    }
    item
}

/// An item without the values that may differ from run to run: encrypted and compressed ones.
fn comparable(item: &Item) -> Value {
    let mut item = Value::Object(item.clone());
    for path in ["/secret/S", "/headers/S", "/retiring_secret/M/secret/S", "/z/B"] {
        if let Some(value) = item.pointer_mut(path) {
            *value = json!("");
        }
    }
    item
}

#[test]
fn every_message_of_an_earlier_version_is_read() {
    let text = std::fs::read_to_string(folder().join("messages.json")).unwrap();
    let sent: HashMap<String, String> = serde_json::from_str(&text).unwrap();
    let expected = values::messages();
    assert_eq!(sent.len(), expected.len());
    for (name, message) in expected {
        assert_eq!(unpacked(Message::decode(&sent[name]).unwrap()), unpacked(message), "{name}");
    }
}

/// A message without its payload, and the unpacked payload.
fn unpacked(message: Message) -> (Message, Option<Content>) {
    let Message::Deliver(mut deliver) = message;
    let content = deliver.payload.take().map(|payload| unpack(payload).unwrap());
    (Message::Deliver(deliver), content)
}

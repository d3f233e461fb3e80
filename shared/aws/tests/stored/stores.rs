//! The registry and the ledger over tables in memory. A small server answers the SDK's calls, so that
//! items are read and written through the ports.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use hooklane_aws::ledger::{Ledger, Retention};
use hooklane_aws::registry::{Registry, RouteRegistry};
use hooklane_aws::secrets::{Secret, Vault};
use hooklane_aws::{Aws, SdkConfig};
use serde_json::{Value, json};

use super::values::DATA_KEYS;

/// Partition key and sort key.
pub(crate) type Key = (String, String);

/// An item in DynamoDB's JSON.
pub(crate) type Item = serde_json::Map<String, Value>;

/// The items of each table by key; tables by name.
pub(crate) type Tables = HashMap<String, BTreeMap<Key, Item>>;

pub(crate) struct Stores {
    pub(crate) registry: Registry,
    pub(crate) routes: RouteRegistry,
    pub(crate) ledger: Ledger,
    tables: Arc<Mutex<Tables>>,
}

impl Stores {
    /// Stores whose tables hold these items.
    pub(crate) fn of(tables: Tables) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let tables = Arc::new(Mutex::new(tables));
        let served = Arc::clone(&tables);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || serve(&stream.unwrap(), &served));
            }
        });
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let config = Aws::of(config);
        let vault = Vault::new(Secret::new(&config, "data-keys".to_owned()));
        Self {
            registry: Registry::new(&config, "registry".to_owned(), vault),
            routes: RouteRegistry::new(&config, "registry".to_owned()),
            ledger: Ledger::new(&config, "ledger".to_owned(), Retention::days(30)),
            tables,
        }
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }
}

pub(crate) fn key_of(item: &Item) -> Key {
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("pk"), text("sk"))
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, tables: &Mutex<Tables>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_lowercase().as_str() {
                "x-amz-target" => {
                    value.trim().rsplit('.').next().unwrap().clone_into(&mut operation);
                }
                "content-length" => length = value.trim().parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let request: Value = serde_json::from_slice(&body).unwrap();
        let answer = answer(&operation, &request, &mut tables.lock().unwrap());
        let status = if answer.get("__type").is_some() { "400 Bad Request" } else { "200 OK" };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {}\r\n\r\n",
            answer.len()
        );
        let mut stream = stream;
        stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
    }
}

/// Answers one call. It implements only the operations of DynamoDB and Secrets Manager that these tests
/// call: reads, puts and updates. Of conditions it knows only that there is no item.
fn answer(operation: &str, request: &Value, tables: &mut Tables) -> Value {
    let name = request["TableName"].as_str().unwrap_or_default();
    let key = |key: &Value| key_of(key.as_object().unwrap());
    match operation {
        "GetSecretValue" => json!({ "SecretString": DATA_KEYS }),
        "GetItem" => match tables[name].get(&key(&request["Key"])) {
            Some(item) => json!({ "Item": item }),
            None => json!({}),
        },
        "BatchGetItem" => {
            let (name, wanted) =
                request["RequestItems"].as_object().unwrap().iter().next().unwrap();
            let keys = wanted["Keys"].as_array().unwrap().iter();
            let items: Vec<_> = keys.filter_map(|k| tables[name].get(&key(k))).collect();
            json!({ "Responses": { name: items } })
        }
        "Query" => {
            let value = |name: &str| request["ExpressionAttributeValues"][name]["S"].as_str();
            let items = tables[name].iter().filter(|((pk, sk), _)| {
                value(":pk") == Some(pk)
                    && value(":prefix").is_none_or(|prefix| sk.starts_with(prefix))
                    && value(":low").is_none_or(|low| sk.as_str() >= low)
                    && value(":high").is_none_or(|high| sk.as_str() <= high)
            });
            let items: Vec<_> = items.map(|(_, item)| item).collect();
            json!({ "Count": items.len(), "Items": items })
        }
        "UpdateItem" => update(request, tables),
        "PutItem" => put(request, tables),
        "TransactWriteItems" => {
            for part in request["TransactItems"].as_array().unwrap() {
                match part {
                    Value::Object(part) if part.contains_key("Put") => put(&part["Put"], tables),
                    Value::Object(part) if part.contains_key("Update") => {
                        update(&part["Update"], tables)
                    }
                    _ => panic!("{part} is not implemented"),
                };
            }
            json!({})
        }
        other => panic!("{other} is not implemented"),
    }
}

fn put(put: &Value, tables: &mut Tables) -> Value {
    let item = put["Item"].as_object().unwrap();
    let table = tables.entry(put["TableName"].as_str().unwrap().to_owned()).or_default();
    let condition = put["ConditionExpression"].as_str().unwrap_or_default();
    if condition.starts_with("attribute_not_exists(pk)") && table.contains_key(&key_of(item)) {
        return json!({ "__type": "ConditionalCheckFailedException", "message": "refused" });
    }
    table.insert(key_of(item), item.clone());
    json!({})
}

/// Makes an update, whatever its condition, and answers with the whole item.
fn update(update: &Value, tables: &mut Tables) -> Value {
    let key = update["Key"].as_object().unwrap();
    let table = tables.entry(update["TableName"].as_str().unwrap().to_owned()).or_default();
    let item = table.entry(key_of(key)).or_insert_with(|| key.clone());
    let mut clause = "";
    let parts = parts(update["UpdateExpression"].as_str().unwrap());
    for word in &parts {
        let part = match word.split_once(' ') {
            Some((name @ ("SET" | "REMOVE" | "ADD"), rest)) => {
                clause = name;
                rest
            }
            _ => word,
        };
        let (path, value) = part.split_once([' ', '=']).unwrap_or((part, ""));
        let names: Vec<_> = path.split('.').map(|name| name_of(update, name)).collect();
        let (name, map) = place(item, &names);
        let value = value.trim_start_matches([' ', '=']).trim();
        let given = |value: &str| update["ExpressionAttributeValues"][value].clone();
        match clause {
            "REMOVE" => drop(map.remove(name)),
            "ADD" => {
                let number = |value: &Value| value["N"].as_str()?.parse::<i64>().ok();
                let sum = map.get(name).and_then(number).unwrap_or(0);
                let sum = sum + number(&given(value)).unwrap();
                map.insert(name.to_owned(), json!({ "N": sum.to_string() }));
            }
            _ => match value.strip_prefix("if_not_exists(") {
                Some(arguments) => {
                    let default = arguments.trim_end_matches(')').rsplit(", ").next().unwrap();
                    map.entry(name).or_insert_with(|| given(default));
                }
                None => drop(map.insert(name.to_owned(), given(value))),
            },
        }
    }
    json!({ "Attributes": item })
}

/// The changes of an update expression. The first one of a clause begins with the name of the clause.
fn parts(expression: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for word in expression.split_whitespace() {
        if ["SET", "REMOVE", "ADD"].contains(&word) && !parts[parts.len() - 1].is_empty() {
            parts.push(String::new());
        }
        let part = parts.last_mut().unwrap();
        depth += word.matches('(').count();
        depth -= word.matches(')').count();
        let ends = depth == 0 && word.ends_with(',');
        let word = if ends { word.trim_end_matches(',') } else { word };
        if !part.is_empty() {
            part.push(' ');
        }
        part.push_str(word);
        if ends {
            parts.push(String::new());
        }
    }
    parts
}

fn name_of(update: &Value, name: &str) -> String {
    let named = update["ExpressionAttributeNames"][name].as_str();
    named.unwrap_or(name).trim().to_owned()
}

/// The map that a path ends in, and the name in it.
fn place<'a, 'n>(item: &'a mut Item, names: &'n [String]) -> (&'n str, &'a mut Item) {
    let (last, outer) = names.split_last().unwrap();
    let map = outer.iter().fold(item, |map, name| {
        let inner = map.get_mut(name).and_then(|value| value.get_mut("M"));
        inner.and_then(Value::as_object_mut).unwrap()
    });
    (last, map)
}

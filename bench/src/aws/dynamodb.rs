//! A stand-in for DynamoDB: the calls and the expressions that `shared/aws` uses, with the answers and
//! the errors of the API reference (*Amazon DynamoDB API Reference*).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::error::ServiceError;
use super::expression::{Change, Condition, Placeholders, apply, condition, projection, update};
use super::table::{Key, Range, Table, key_of};
use super::units::{read_units, write_units};
use super::value::{Item, size, text};

/// An item is at most this large, and a page of a query or scan.
const MAX_ITEM: usize = 400 * 1024;
const MAX_PAGE: usize = 1024 * 1024;

/// What a call answers, and the capacity units that it used.
#[derive(Debug)]
pub struct Answered {
    pub body: Value,
    pub read_units: f64,
    pub write_units: f64,
}

impl Answered {
    fn reading(body: Value, read_units: f64) -> Self {
        Self { body, read_units, write_units: 0.0 }
    }

    fn writing(body: Value, write_units: f64) -> Self {
        Self { body, read_units: 0.0, write_units }
    }
}

/// All tables. Every call holds the lock, so a transaction is atomic.
#[derive(Debug, Default)]
pub struct DynamoDb {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tables: HashMap<String, Table>,
    /// New events as stream records: what `template.yaml` lets through to `fanout`.
    records: Vec<Value>,
    sequence: u64,
}

/// A write that was checked and not yet made.
struct Planned {
    table: String,
    key: Key,
    new: Option<Item>,
    touched: Vec<String>,
}

impl DynamoDb {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn create_table(&self, name: &str) {
        self.state().tables.entry(name.to_owned()).or_default();
    }

    /// A copy of one item, as it is stored.
    #[must_use]
    pub fn item(&self, table: &str, pk: &str, sk: &str) -> Option<Item> {
        let state = self.state();
        let item = state.tables.get(table)?.get(&(pk.to_owned(), sk.to_owned()))?;
        Some((**item).clone())
    }

    /// Copies of all items of a partition.
    #[must_use]
    pub fn partition(&self, table: &str, pk: &str) -> Vec<Item> {
        let state = self.state();
        let Some(table) = state.tables.get(table) else { return Vec::new() };
        table.read(&Range::Partition(pk), None, true).map(|(_, item)| (**item).clone()).collect()
    }

    /// Puts an item as it is, past every check: data that an earlier version has written.
    pub fn store(&self, table: &str, item: Item) {
        if let (Some(key), Some(table)) = (key_of(&item), self.state().tables.get_mut(table)) {
            table.put(key, item);
        }
    }

    /// The stream records of the events that were stored since the last call.
    #[must_use]
    pub fn take_records(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().records)
    }

    /// Answers one call.
    pub fn call(&self, operation: &str, request: &Value) -> Result<Answered, ServiceError> {
        let mut state = self.state();
        match operation {
            "GetItem" => state.get_item(request),
            "BatchGetItem" => state.batch_get_item(request),
            "Query" => state.query(request),
            "Scan" => state.scan(request),
            "PutItem" => state.write_one(request, "Put"),
            "UpdateItem" => state.write_one(request, "Update"),
            "DeleteItem" => state.write_one(request, "Delete"),
            "BatchWriteItem" => state.batch_write_item(request),
            "TransactWriteItems" => state.transact_write_items(request),
            "CreateTable" => {
                state.tables.entry(name_of(request)?.to_owned()).or_default();
                Ok(Answered::reading(json!({"TableDescription": described(request)}), 0.0))
            }
            "DescribeTable" => {
                state.table(request)?;
                Ok(Answered::reading(json!({"Table": described(request)}), 0.0))
            }
            "DeleteTable" => {
                state.tables.remove(name_of(request)?);
                Ok(Answered::reading(json!({}), 0.0))
            }
            _ => Err(ServiceError::new(
                "UnknownOperationException",
                format!("the stand-in does not know {operation}"),
            )),
        }
    }
}

fn name_of(request: &Value) -> Result<&str, ServiceError> {
    let name = request.get("TableName").and_then(Value::as_str);
    name.ok_or_else(|| ServiceError::validation("TableName is missing"))
}

fn described(request: &Value) -> Value {
    json!({"TableName": request.get("TableName"), "TableStatus": "ACTIVE"})
}

fn object<'a>(request: &'a Value, name: &str) -> Result<&'a Item, ServiceError> {
    let found = request.get(name).and_then(Value::as_object);
    found.ok_or_else(|| ServiceError::validation(format!("{name} is missing")))
}

fn key(attributes: &Item) -> Result<Key, ServiceError> {
    let fits = attributes.len() == 2;
    key_of(attributes).filter(|_| fits).ok_or_else(|| {
        ServiceError::validation("The provided key element does not match the schema")
    })
}

fn missing_table() -> ServiceError {
    ServiceError::new("ResourceNotFoundException", "Cannot do operations on a non-existent table")
}

fn expression<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    request.get(name).and_then(Value::as_str)
}

fn is_set(request: &Value, name: &str) -> bool {
    request.get(name) == Some(&Value::Bool(true))
}

fn projected(item: &Item, names: Option<&[String]>) -> Value {
    match names {
        None => Value::Object(item.clone()),
        Some(names) => {
            let kept =
                names.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
            Value::Object(kept.collect())
        }
    }
}

/// The two parts of a key condition: the value that the partition key equals, and the whole condition.
fn partition_of(condition: &Condition, name: &str) -> Option<String> {
    use super::expression::{Operand, Step};
    match condition {
        Condition::And(a, b) => partition_of(a, name).or_else(|| partition_of(b, name)),
        Condition::Compare(Operand::Path(path), operator, Operand::Value(value))
            if operator == "=" && *path == [Step::Name(name.to_owned())] =>
        {
            value.get("S")?.as_str().map(str::to_owned)
        }
        _ => None,
    }
}

impl State {
    fn table(&self, request: &Value) -> Result<&Table, ServiceError> {
        self.tables.get(name_of(request)?).ok_or_else(missing_table)
    }

    fn get_item(&self, request: &Value) -> Result<Answered, ServiceError> {
        let mut placeholders = Placeholders::of(request);
        let names = match expression(request, "ProjectionExpression") {
            Some(source) => Some(projection(source, &mut placeholders)?),
            None => None,
        };
        placeholders.all_used()?;
        let item = self.table(request)?.get(&key(object(request, "Key")?)?);
        let units =
            read_units(item.map_or(0, |item| size(item)), is_set(request, "ConsistentRead"));
        let body = match item {
            Some(item) => json!({"Item": projected(item, names.as_deref())}),
            None => json!({}),
        };
        Ok(Answered::reading(body, units))
    }

    fn batch_get_item(&self, request: &Value) -> Result<Answered, ServiceError> {
        let (mut responses, mut units) = (Map::new(), 0.0);
        let mut keys_asked = 0;
        for (name, wanted) in object(request, "RequestItems")? {
            let table = self.tables.get(name).ok_or_else(missing_table)?;
            let keys = wanted.get("Keys").and_then(Value::as_array).ok_or_else(missing_table)?;
            keys_asked += keys.len();
            let mut items = Vec::new();
            let mut seen = std::collections::HashSet::new();
            for attributes in keys {
                let attributes = attributes.as_object().ok_or_else(missing_table)?;
                let key = key(attributes)?;
                let item = table.get(&key);
                if !seen.insert(key) {
                    return Err(ServiceError::validation(
                        "Provided list of item keys contains duplicates",
                    ));
                }
                units +=
                    read_units(item.map_or(0, |item| size(item)), is_set(wanted, "ConsistentRead"));
                items.extend(item.map(|item| projected(item, None)));
            }
            responses.insert(name.clone(), Value::Array(items));
        }
        if !(1..=100).contains(&keys_asked) {
            return Err(ServiceError::validation(
                "Too many items requested for the BatchGetItem call",
            ));
        }
        Ok(Answered::reading(json!({"Responses": responses, "UnprocessedKeys": {}}), units))
    }

    fn query(&self, request: &Value) -> Result<Answered, ServiceError> {
        let mut placeholders = Placeholders::of(request);
        let source = expression(request, "KeyConditionExpression").unwrap_or_default();
        let keys = condition(source, &mut placeholders)?;
        let index = request.get("IndexName").and_then(Value::as_str);
        if index.is_some() && is_set(request, "ConsistentRead") {
            let message = "Consistent reads are not supported on global secondary indexes";
            return Err(ServiceError::validation(message));
        }
        let partition = partition_of(&keys, if index.is_some() { "u" } else { "pk" });
        let partition = partition.ok_or_else(|| {
            ServiceError::validation("Query condition missed key schema element: pk")
        })?;
        let range =
            if index.is_some() { Range::Index(&partition) } else { Range::Partition(&partition) };
        self.page(request, &range, Some(&keys), placeholders)
    }

    fn scan(&self, request: &Value) -> Result<Answered, ServiceError> {
        self.page(request, &Range::All, None, Placeholders::of(request))
    }

    /// One page: up to a limit of items, or of bytes, before the filter is applied.
    fn page<'r>(
        &self,
        request: &'r Value,
        range: &Range<'_>,
        keys: Option<&Condition>,
        mut placeholders: Placeholders<'r>,
    ) -> Result<Answered, ServiceError> {
        let filter = match expression(request, "FilterExpression") {
            Some(source) => Some(condition(source, &mut placeholders)?),
            None => None,
        };
        let names = match expression(request, "ProjectionExpression") {
            Some(source) => Some(projection(source, &mut placeholders)?),
            None => None,
        };
        placeholders.all_used()?;
        let start = request.get("ExclusiveStartKey").and_then(Value::as_object);
        if let (Some(start), Some(keys)) = (start, keys)
            && !keys.holds(start)
        {
            let message = "The provided starting key is outside query boundaries based on provided conditions";
            return Err(ServiceError::validation(message));
        }
        let limit = request.get("Limit").and_then(Value::as_u64).unwrap_or(u64::MAX);
        let forward = request.get("ScanIndexForward") != Some(&Value::Bool(false));
        let start = start.and_then(key_of);
        let (mut found, mut scanned, mut bytes, mut last) = (Vec::new(), 0_u64, 0, None);
        for (_, item) in self.table(request)?.read(range, start.as_ref(), forward) {
            if keys.is_some_and(|keys| !keys.holds(item)) {
                continue;
            }
            if scanned >= limit || bytes >= MAX_PAGE {
                // There is more, so the page has a key to go on from.
                let answer = self.paged(request, range, found, scanned, last, names.as_deref());
                return Ok(Answered::reading(answer, read_units(bytes, consistent(request))));
            }
            scanned += 1;
            bytes += size(item);
            last = Some(item);
            if filter.as_ref().is_none_or(|filter| filter.holds(item)) {
                found.push(item);
            }
        }
        // A page that ends by its limit has a key even if nothing follows.
        let last = last.filter(|_| scanned >= limit);
        let answer = self.paged(request, range, found, scanned, last, names.as_deref());
        Ok(Answered::reading(answer, read_units(bytes, consistent(request))))
    }

    fn paged(
        &self,
        request: &Value,
        range: &Range<'_>,
        found: Vec<&std::sync::Arc<Item>>,
        scanned: u64,
        last: Option<&std::sync::Arc<Item>>,
        names: Option<&[String]>,
    ) -> Value {
        let mut answer = json!({"Count": found.len(), "ScannedCount": scanned});
        if expression(request, "Select") != Some("COUNT") {
            answer["Items"] = found.iter().map(|item| projected(item, names)).collect();
        }
        if let Some(item) = last {
            let mut attributes = vec!["pk".to_owned(), "sk".to_owned()];
            if matches!(range, Range::Index(_)) {
                attributes.push("u".to_owned());
            }
            answer["LastEvaluatedKey"] = projected(item, Some(&attributes));
        }
        answer
    }

    fn write_one(&mut self, request: &Value, action: &str) -> Result<Answered, ServiceError> {
        let planned = self.plan(request, action)?;
        let old = self.tables.get(&planned.table).and_then(|t| t.get(&planned.key)).cloned();
        let units = units_of(old.as_deref(), planned.new.as_ref());
        let old = old.as_deref();
        let touched: Vec<String> = planned.touched.clone();
        let attributes = match (expression(request, "ReturnValues"), &planned.new) {
            (Some("ALL_NEW"), Some(new)) => Some(projected(new, None)),
            (Some("UPDATED_NEW"), Some(new)) => Some(projected(new, Some(&touched))),
            (Some("ALL_OLD"), _) => old.map(|old| projected(old, None)),
            (Some("UPDATED_OLD"), _) => old.map(|old| projected(old, Some(&touched))),
            _ => None,
        };
        self.make(planned);
        let body =
            attributes.map_or_else(|| json!({}), |attributes| json!({"Attributes": attributes}));
        Ok(Answered::writing(body, units))
    }

    /// Checks a write and its condition against the table as it is.
    fn plan(&self, request: &Value, action: &str) -> Result<Planned, ServiceError> {
        let table = name_of(request)?;
        let mut placeholders = Placeholders::of(request);
        let asked = match expression(request, "ConditionExpression") {
            Some(source) => Some(condition(source, &mut placeholders)?),
            None => None,
        };
        let key = match action {
            "Put" => key_of(object(request, "Item")?).ok_or_else(|| {
                ServiceError::validation(
                    "One or more parameter values were invalid: Missing the key pk in the item",
                )
            })?,
            _ => key(object(request, "Key")?)?,
        };
        let changes: Vec<Change> = match expression(request, "UpdateExpression") {
            Some(source) => update(source, &mut placeholders)?,
            None => Vec::new(),
        };
        placeholders.all_used()?;
        let old = self.tables.get(table).ok_or_else(missing_table)?.get(&key);
        let nothing = Item::new();
        if asked.is_some_and(|asked| !asked.holds(old.map_or(&nothing, |old| old))) {
            return Err(ServiceError::condition_failed());
        }
        let mut touched = Vec::new();
        let new = match action {
            "Put" => Some(object(request, "Item")?.clone()),
            "Delete" => None,
            _ => {
                let mut item = match old {
                    Some(old) => (**old).clone(),
                    None => object(request, "Key")?.clone(),
                };
                touched = apply(&changes, &mut item)?;
                Some(item)
            }
        };
        if new.as_ref().is_some_and(|new| size(new) > MAX_ITEM) {
            return Err(ServiceError::validation(
                "Item size has exceeded the maximum allowed size",
            ));
        }
        Ok(Planned { table: table.to_owned(), key, new, touched })
    }

    fn make(&mut self, planned: Planned) {
        let Planned { table: name, key, new, .. } = planned;
        let Some(table) = self.tables.get_mut(&name) else { return };
        let Some(new) = new else {
            table.delete(&key);
            return;
        };
        let is_event = key.1 == "EVENT";
        let record = is_event.then(|| new.clone());
        let replaced = table.put(key, new);
        if let (Some(image), None) = (record, replaced) {
            self.sequence += 1;
            self.records.push(stream_record(self.sequence, image));
        }
    }

    fn batch_write_item(&mut self, request: &Value) -> Result<Answered, ServiceError> {
        let mut units = 0.0;
        for (table, writes) in object(request, "RequestItems")? {
            for write in writes.as_array().into_iter().flatten() {
                let (action, mut part) = match (write.get("PutRequest"), write.get("DeleteRequest"))
                {
                    (Some(put), _) => ("Put", put.clone()),
                    (_, Some(delete)) => ("Delete", delete.clone()),
                    _ => return Err(ServiceError::validation("a write without an action")),
                };
                part["TableName"] = json!(table);
                let planned = self.plan(&part, action)?;
                let old = self.tables.get(table).and_then(|t| t.get(&planned.key)).cloned();
                units += units_of(old.as_deref(), planned.new.as_ref());
                self.make(planned);
            }
        }
        Ok(Answered::writing(json!({"UnprocessedItems": {}}), units))
    }

    fn transact_write_items(&mut self, request: &Value) -> Result<Answered, ServiceError> {
        let parts = request.get("TransactItems").and_then(Value::as_array);
        let parts = parts.filter(|parts| (1..=100).contains(&parts.len()));
        let parts = parts.ok_or_else(|| ServiceError::validation("1 to 100 TransactItems"))?;
        let (mut planned, mut reasons, mut units) = (Vec::new(), Vec::new(), 0.0);
        for part in parts {
            let action = ["Put", "Update", "Delete", "ConditionCheck"]
                .into_iter()
                .find_map(|name| Some((name, part.get(name)?)));
            let (name, inner) =
                action.ok_or_else(|| ServiceError::validation("a part without an action"))?;
            match self.plan(inner, name) {
                Ok(plan) => {
                    let old = self.tables.get(&plan.table).and_then(|t| t.get(&plan.key));
                    units += 2.0 * units_of(old.map(|old| &**old), plan.new.as_ref());
                    reasons.push(json!({"Code": "None"}));
                    planned.push((name, plan));
                }
                Err(error) if error.kind == "ConditionalCheckFailedException" => {
                    reasons
                        .push(json!({"Code": "ConditionalCheckFailed", "Message": error.message}));
                }
                Err(error) => return Err(error),
            }
        }
        let keys: std::collections::HashSet<_> =
            planned.iter().map(|(_, plan)| (&plan.table, &plan.key)).collect();
        if keys.len() < planned.len() {
            let message = "Transaction request cannot include multiple operations on one item";
            return Err(ServiceError::validation(message));
        }
        if planned.len() < parts.len() {
            let codes: Vec<_> =
                reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
            let mut error = ServiceError::new(
                "TransactionCanceledException",
                format!(
                    "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                    codes.join(", ")
                ),
            );
            error.more = Some(Box::new(("CancellationReasons", Value::Array(reasons))));
            return Err(error);
        }
        for (name, plan) in planned {
            if name != "ConditionCheck" {
                self.make(plan);
            }
        }
        Ok(Answered::writing(json!({}), units))
    }
}

fn consistent(request: &Value) -> bool {
    is_set(request, "ConsistentRead")
}

fn units_of(old: Option<&Item>, new: Option<&Item>) -> f64 {
    let bytes = old.map_or(0, size).max(new.map_or(0, size));
    // A change of an index entry is a write of its own.
    let entry = |item: Option<&Item>| item.and_then(|item| text(item, "u")).map(str::to_owned);
    let index = match (entry(old), entry(new)) {
        (None, None) => 0.0,
        (Some(old_u), Some(new_u)) if old_u != new_u => 2.0 * write_units(bytes),
        _ => write_units(bytes),
    };
    write_units(bytes) + index
}

/// A stream record as Lambda hands it over (*AWS Lambda Developer Guide*, "Using AWS Lambda with Amazon
/// DynamoDB").
fn stream_record(sequence: u64, image: Item) -> Value {
    let keys = projected(&image, Some(&["pk".to_owned(), "sk".to_owned()]));
    json!({
        "eventID": format!("{sequence:032x}"),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": format!("{sequence:021}"),
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/ledger/stream/1",
    })
}

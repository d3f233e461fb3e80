//! The calls that read.

use serde_json::{Map, Value, json};

use super::state::{
    Answered, State, expression, is_set, key, missing_table, name_of, object, projected,
};
use crate::aws::error::ServiceError;
use crate::aws::expression::{Condition, Operand, Placeholders, Step, condition, projection};
use crate::aws::table::{Key, Range, Table, key_of};
use crate::aws::units::read_units;
use crate::aws::value::{Item, size};

/// A page of a query or scan is at most this large.
const MAX_PAGE: usize = 1024 * 1024;

/// The value that a key condition asks the partition key for.
fn partition_of(condition: &Condition, name: &str) -> Option<String> {
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
    pub(super) fn table(&self, request: &Value) -> Result<&Table, ServiceError> {
        self.tables.get(name_of(request)?).ok_or_else(missing_table)
    }

    pub(super) fn get_item(&self, request: &Value) -> Result<Answered, ServiceError> {
        let mut placeholders = Placeholders::of(request);
        let names = match expression(request, "ProjectionExpression") {
            Some(source) => Some(projection(source, &mut placeholders)?),
            None => None,
        };
        placeholders.all_used()?;
        let item = self.table(request)?.get(&key(object(request, "Key")?)?);
        let units = read_units(item.as_ref().map_or(0, size), is_set(request, "ConsistentRead"));
        let body = match item {
            Some(item) => json!({"Item": projected(&item, names.as_deref())}),
            None => json!({}),
        };
        Ok(Answered::reading(body, units))
    }

    pub(super) fn batch_get_item(&self, request: &Value) -> Result<Answered, ServiceError> {
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
                    read_units(item.as_ref().map_or(0, size), is_set(wanted, "ConsistentRead"));
                items.extend(item.map(|item| projected(&item, None)));
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

    pub(super) fn query(&self, request: &Value) -> Result<Answered, ServiceError> {
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

    pub(super) fn scan(&self, request: &Value) -> Result<Answered, ServiceError> {
        self.page(request, &Range::All, None, Placeholders::of(request))
    }

    /// One page: up to a limit of items, or of bytes, before the filter is applied.
    pub(super) fn page<'r>(
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
        for (key, packed) in self.table(request)?.read(range, start.as_ref(), forward) {
            let item = packed.item();
            if keys.is_some_and(|keys| !keys.holds(&item)) {
                continue;
            }
            if scanned >= limit || bytes >= MAX_PAGE {
                // There is more, so the page has a key to go on from.
                let answer = paged(request, range, found, scanned, last, names.as_deref());
                return Ok(Answered::reading(answer, read_units(bytes, consistent(request))));
            }
            scanned += 1;
            bytes += size(&item);
            last = Some(key);
            if filter.as_ref().is_none_or(|filter| filter.holds(&item)) {
                found.push(item);
            }
        }
        // A page that ends by its limit has a key even if nothing follows.
        let last = last.filter(|_| scanned >= limit);
        let answer = paged(request, range, found, scanned, last, names.as_deref());
        Ok(Answered::reading(answer, read_units(bytes, consistent(request))))
    }
}

fn paged(
    request: &Value,
    range: &Range<'_>,
    found: Vec<Item>,
    scanned: u64,
    last: Option<&Key>,
    names: Option<&[String]>,
) -> Value {
    let mut answer = json!({"Count": found.len(), "ScannedCount": scanned});
    if expression(request, "Select") != Some("COUNT") {
        answer["Items"] = found.iter().map(|item| projected(item, names)).collect();
    }
    if let Some((pk, sk)) = last {
        let mut key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        if let Range::Index(u) = range {
            key["u"] = json!({"S": u});
        }
        answer["LastEvaluatedKey"] = key;
    }
    answer
}

fn consistent(request: &Value) -> bool {
    is_set(request, "ConsistentRead")
}

//! The calls that write, one item or several.

use serde_json::{Value, json};

use super::state::{Answered, State, expression, key, missing_table, name_of, object, projected};
use crate::aws::error::ServiceError;
use crate::aws::expression::{Change, Placeholders, apply, condition, update};
use crate::aws::table::{Key, key_of};
use crate::aws::units::write_units;
use crate::aws::value::{Item, size, text};

/// An item is at most this large.
const MAX_ITEM: usize = 400 * 1024;

/// A write that was checked and not yet made.
pub(super) struct Planned {
    table: String,
    key: Key,
    old: Option<Item>,
    new: Option<Item>,
    touched: Vec<String>,
}

impl Planned {
    fn units(&self) -> f64 {
        units_of(self.old.as_ref(), self.new.as_ref())
    }
}

impl State {
    pub(super) fn write_one(
        &mut self,
        request: &Value,
        action: &str,
    ) -> Result<Answered, ServiceError> {
        let planned = self.plan(request, action)?;
        let (units, old) = (planned.units(), planned.old.as_ref());
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
    pub(super) fn plan(&self, request: &Value, action: &str) -> Result<Planned, ServiceError> {
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
        if asked.is_some_and(|asked| !asked.holds(old.as_ref().unwrap_or(&nothing))) {
            return Err(ServiceError::condition_failed());
        }
        let mut touched = Vec::new();
        let new = match action {
            "Put" => Some(object(request, "Item")?.clone()),
            "Delete" => None,
            _ => {
                let mut item = match &old {
                    Some(old) => old.clone(),
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
        Ok(Planned { table: table.to_owned(), key, old, new, touched })
    }

    pub(super) fn make(&mut self, planned: Planned) {
        let Planned { table: name, key, new, .. } = planned;
        let Some(table) = self.tables.get_mut(&name) else { return };
        let Some(new) = new else {
            table.delete(&key);
            return;
        };
        let is_event = key.1 == "EVENT";
        let replaced = table.put(key, &new);
        if let (true, None) = (is_event, replaced) {
            self.sequence += 1;
            self.records.push(stream_record(self.sequence, new));
        }
    }

    pub(super) fn batch_write_item(&mut self, request: &Value) -> Result<Answered, ServiceError> {
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
                units += planned.units();
                self.make(planned);
            }
        }
        Ok(Answered::writing(json!({"UnprocessedItems": {}}), units))
    }

    pub(super) fn transact_write_items(
        &mut self,
        request: &Value,
    ) -> Result<Answered, ServiceError> {
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
                    units += 2.0 * plan.units();
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

pub(super) fn units_of(old: Option<&Item>, new: Option<&Item>) -> f64 {
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

//! A stand-in for DynamoDB: the calls and the expressions that `shared/aws` uses, with the answers and
//! the errors of the API reference (*Amazon DynamoDB API Reference*).

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::error::ServiceError;
use super::table::{Range, Table, key_of};
use super::value::Item;

mod reading;
mod state;
mod statements;
mod writing;

pub use state::Answered;
use state::{State, described, name_of};

/// All tables. Every call holds the lock, so a transaction is atomic.
#[derive(Debug, Default)]
pub struct DynamoDb {
    state: Mutex<State>,
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

    /// The size of all items of a table.
    #[must_use]
    pub fn bytes(&self, table: &str) -> usize {
        self.state().tables.get(table).map_or(0, Table::bytes)
    }

    /// A copy of the first item of partitions that begin like that for which something holds.
    #[must_use]
    pub fn first_of(
        &self,
        table: &str,
        partitions: &str,
        holds: impl Fn(&Item) -> bool,
    ) -> Option<Item> {
        let state = self.state();
        let table = state.tables.get(table)?;
        let keys = table.keys_of(partitions);
        let mut items = keys.iter().filter_map(|key| table.get(key));
        items.find(|item| holds(item)).map(|item| (**item).clone())
    }

    /// Puts an item as it is, past every check: data that an earlier version has written.
    pub fn store(&self, table: &str, item: Item) {
        if let (Some(key), Some(table)) = (key_of(&item), self.state().tables.get_mut(table)) {
            table.put(key, item);
        }
    }

    /// Deletes the items of the partitions that begin like that.
    pub fn forget(&self, table: &str, partitions: &str) {
        if let Some(table) = self.state().tables.get_mut(table) {
            for key in table.keys_of(partitions) {
                table.delete(&key);
            }
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
            "BatchExecuteStatement" => state.batch_execute_statement(request),
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

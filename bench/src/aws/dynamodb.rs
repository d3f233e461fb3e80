//! A stand-in for DynamoDB: the calls and the expressions that `shared/aws` uses, with the answers and
//! the errors of the API reference (*Amazon DynamoDB API Reference*).

use std::collections::HashMap;
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

/// All tables as they were at one time. The items are shared with the tables.
#[derive(Debug, Clone)]
pub struct Tables(HashMap<String, Table>);

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
        state.tables.get(table)?.get(&(pk.to_owned(), sk.to_owned()))
    }

    /// Copies of all items of a partition.
    #[must_use]
    pub fn partition(&self, table: &str, pk: &str) -> Vec<Item> {
        let state = self.state();
        let Some(table) = state.tables.get(table) else { return Vec::new() };
        table.read(&Range::Partition(pk), None, true).map(|(_, packed)| packed.item()).collect()
    }

    /// The number of items of a partition.
    #[must_use]
    pub fn count(&self, table: &str, pk: &str) -> usize {
        let state = self.state();
        let table = state.tables.get(table);
        table.map_or(0, |table| table.read(&Range::Partition(pk), None, true).count())
    }

    /// What is stored now, for [`DynamoDb::restore`].
    #[must_use]
    pub fn tables(&self) -> Tables {
        Tables(self.state().tables.clone())
    }

    /// Puts everything back as it was stored then.
    pub fn restore(&self, tables: &Tables) {
        self.state().tables.clone_from(&tables.0);
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
        items.find(holds)
    }

    /// Puts an item as it is, past every check: data that an earlier version has written.
    pub fn store(&self, table: &str, item: Item) {
        if let (Some(key), Some(table)) = (key_of(&item), self.state().tables.get_mut(table)) {
            table.put(key, &item);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_is_what_was_stored() {
        let dynamodb = DynamoDb::default();
        dynamodb.create_table("t");
        let item = |sk: &str| -> Item {
            [("pk", "p"), ("sk", sk)]
                .map(|(name, key)| (name.to_owned(), json!({"S": key})))
                .into_iter()
                .collect()
        };
        dynamodb.store("t", item("a"));
        let (tables, bytes) = (dynamodb.tables(), dynamodb.bytes("t"));
        dynamodb.forget("t", "p");
        dynamodb.store("t", item("b"));
        dynamodb.store("t", item("c"));
        assert_eq!(dynamodb.count("t", "p"), 2);
        for _ in 0..2 {
            dynamodb.restore(&tables);
            assert_eq!(
                (dynamodb.partition("t", "p"), dynamodb.bytes("t")),
                (vec![item("a")], bytes)
            );
            dynamodb.forget("t", "p");
        }
        assert_eq!((dynamodb.count("t", "p"), dynamodb.count("u", "p")), (0, 0));
    }
}

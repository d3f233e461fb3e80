//! `BatchExecuteStatement`, for statements that insert an item of parameters.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::state::{Answered, State, missing_table};
use super::writing::units_of;
use crate::aws::error::ServiceError;
use crate::aws::table::{Key, key_of};
use crate::aws::units::write_units;
use crate::aws::value::{Item, size};

/// The number of statements of a call.
const STATEMENTS: std::ops::RangeInclusive<usize> = 1..=25;

/// An item that a statement inserts.
struct Insert<'a> {
    table: &'a str,
    item: Item,
    key: Option<Key>,
}

impl State {
    /// Runs each statement on its own. The call succeeds, whatever became of them.
    pub(super) fn batch_execute_statement(
        &mut self,
        request: &Value,
    ) -> Result<Answered, ServiceError> {
        let statements = request.get("Statements").and_then(Value::as_array);
        let statements = statements.filter(|all| STATEMENTS.contains(&all.len()));
        let statements = statements.ok_or_else(|| {
            ServiceError::validation(
                "1 validation error detected: Value at 'statements' failed to satisfy constraint: \
                 Member must have length between 1 and 25",
            )
        })?;
        let reads = statements.iter().filter(|statement| is_read(statement)).count();
        if reads > 0 && reads < statements.len() {
            let message = "A batch must consist of either read statements or write statements";
            return Err(ServiceError::validation(message));
        }
        let inserts: Vec<_> = statements.iter().map(read).collect();
        let mut keys = HashSet::new();
        let named = inserts
            .iter()
            .flatten()
            .filter_map(|insert| insert.key.as_ref().map(|key| (insert.table, key)));
        for key in named {
            if !keys.insert(key) {
                let message = "Provided list of item keys contains duplicates";
                return Err(ServiceError::validation(message));
            }
        }
        let (mut responses, mut units) = (Vec::new(), 0.0);
        for insert in inserts {
            let inserted = insert.and_then(|insert| self.insert(insert, &mut units));
            responses.push(inserted.unwrap_or_else(response));
        }
        Ok(Answered::writing(json!({"Responses": responses}), units))
    }

    fn insert(&mut self, insert: Insert<'_>, units: &mut f64) -> Result<Value, ServiceError> {
        let Insert { table, item, key } = insert;
        let stored = self.tables.get(table).ok_or_else(missing_table)?;
        if let Some(old) = key.and_then(|key| stored.get(&key)) {
            // A write that is refused costs as much as what is there.
            *units += write_units(size(&old));
            let message = "Duplicate primary key exists in table";
            return Err(ServiceError::new("DuplicateItemException", message));
        }
        let planned = self.plan(&json!({"TableName": table, "Item": item}), "Put")?;
        *units += units_of(None, Some(&item));
        self.make(planned);
        Ok(json!({"TableName": table}))
    }
}

/// What the answer says of a statement that failed: the codes are the names of exceptions without that word,
/// but for one (*Amazon DynamoDB API Reference*, "BatchStatementError").
fn response(error: ServiceError) -> Value {
    let code = match error.kind {
        "ValidationException" => "ValidationError",
        kind => kind.trim_end_matches("Exception"),
    };
    json!({"Error": {"Code": code, "Message": error.message}})
}

fn is_read(statement: &Value) -> bool {
    let text = statement.get("Statement").and_then(Value::as_str).unwrap_or_default();
    text.trim_start().to_ascii_uppercase().starts_with("SELECT")
}

/// Reads `INSERT INTO "table" VALUE {'name': ?, …}` with its parameters.
fn read(statement: &Value) -> Result<Insert<'_>, ServiceError> {
    let text = statement.get("Statement").and_then(Value::as_str).unwrap_or_default();
    let (table, names) = text
        .strip_prefix("INSERT INTO \"")
        .and_then(|rest| rest.strip_suffix('}'))
        .and_then(|rest| rest.split_once("\" VALUE {"))
        .and_then(|(table, names)| Some((table, names_of(names)?)))
        .ok_or_else(|| {
            ServiceError::validation("Statement wasn't well formed, can't be processed")
        })?;
    let parameters = statement.get("Parameters").and_then(Value::as_array);
    let parameters = parameters.map(Vec::as_slice).unwrap_or_default();
    if parameters.len() != names.len() {
        let message = "Number of parameters in request and statement don't match.";
        return Err(ServiceError::validation(message));
    }
    let item: Item = names.into_iter().zip(parameters.iter().cloned()).collect();
    if item.len() < parameters.len() {
        return Err(ServiceError::validation("An attribute is named twice"));
    }
    let key = key_of(&item);
    Ok(Insert { table, item, key })
}

/// The names of `'name': ?, …`.
fn names_of(text: &str) -> Option<Vec<String>> {
    let name = |pair: &str| pair.strip_prefix('\'')?.strip_suffix("': ?").map(str::to_owned);
    let names: Option<Vec<_>> = text.split(", ").map(name).collect();
    names.filter(|names| names.iter().all(|name| !name.contains('\'')))
}

#[cfg(test)]
mod tests {
    use crate::aws::dynamodb::DynamoDb;

    use super::*;

    fn insert(n: usize) -> Value {
        json!({
            "Statement": r#"INSERT INTO "ledger" VALUE {'a': ?, 'pk': ?, 'sk': ?}"#,
            "Parameters": [{"N": "1"}, {"S": format!("EV#acme#{n}")}, {"S": "EVENT"}],
        })
    }

    fn table() -> DynamoDb {
        let dynamodb = DynamoDb::default();
        dynamodb.create_table("ledger");
        dynamodb
    }

    fn call(dynamodb: &DynamoDb, statements: &[Value]) -> Result<Answered, ServiceError> {
        dynamodb.call("BatchExecuteStatement", &json!({"Statements": statements}))
    }

    /// What became of each statement: no code, or that of its error.
    fn codes(answered: &Answered) -> Vec<Option<&str>> {
        let responses = answered.body["Responses"].as_array().unwrap();
        responses.iter().map(|response| response["Error"]["Code"].as_str()).collect()
    }

    #[test]
    fn items_are_inserted_once_and_events_are_in_the_stream() {
        let dynamodb = table();
        let answered = call(&dynamodb, &[insert(1), insert(2)]).unwrap();
        assert_eq!(codes(&answered), [None, None]);
        assert_eq!(answered.body["Responses"][0], json!({"TableName": "ledger"}));
        assert!((answered.write_units - 2.0).abs() < f64::EPSILON);
        assert_eq!(dynamodb.item("ledger", "EV#acme#1", "EVENT").unwrap()["a"], json!({"N": "1"}));
        assert_eq!(dynamodb.take_records().len(), 2);

        let answered = call(&dynamodb, &[insert(1), insert(3)]).unwrap();
        assert_eq!(codes(&answered), [Some("DuplicateItem"), None]);
        assert!((answered.write_units - 2.0).abs() < f64::EPSILON, "one that fails costs as well");
        assert_eq!(dynamodb.take_records().len(), 1);
    }

    #[test]
    fn a_statement_that_is_refused_leaves_the_others_alone() {
        let with = |statement: &str, parameters: Value| json!({"Statement": statement, "Parameters": parameters});
        let keys = || json!([{"S": "p"}, {"S": "s"}]);
        let (to_ledger, to_none) = (
            r#"INSERT INTO "ledger" VALUE {'pk': ?, 'sk': ?}"#,
            r#"INSERT INTO "none" VALUE {'pk': ?, 'sk': ?}"#,
        );
        let large = "x".repeat(400 << 10);
        for (refused, code) in [
            (with(to_ledger, json!([{"S": "p"}])), "ValidationError"),
            (
                with(r#"INSERT INTO "ledger" VALUE {'pk': ?}"#, json!([{"S": "p"}])),
                "ValidationError",
            ),
            (with("INSERT INTO ledger VALUE {'pk': ?, 'sk': ?}", keys()), "ValidationError"),
            (with(r#"INSERT INTO "ledger" VALUE {'pk': ?, 'pk': ?}"#, keys()), "ValidationError"),
            (with(r#"DELETE FROM "ledger" WHERE pk = ?"#, keys()), "ValidationError"),
            (with(to_ledger, json!([{"S": "p"}, {"S": large}])), "ValidationError"),
            (with(to_none, keys()), "ResourceNotFound"),
        ] {
            let answered = call(&table(), &[refused.clone(), insert(1)]).unwrap();
            assert_eq!(codes(&answered), [Some(code), None], "{refused:.200}");
            assert!((answered.write_units - 1.0).abs() < f64::EPSILON, "{refused:.200}");
        }
    }

    #[test]
    fn a_call_is_refused_as_a_whole_for_its_form() {
        let read = json!({"Statement": r#"SELECT * FROM "ledger" WHERE pk = 'p' AND sk = 's'"#});
        let many: Vec<_> = (0..26).map(insert).collect();
        for statements in [&[][..], &many, &[insert(1), insert(1)], &[insert(1), read]] {
            let dynamodb = table();
            let error = call(&dynamodb, statements).unwrap_err();
            assert_eq!(error.kind, "ValidationException", "{}", error.message);
            assert!(dynamodb.take_records().is_empty());
        }
        assert!(call(&table(), &many[..25]).is_ok());
    }
}

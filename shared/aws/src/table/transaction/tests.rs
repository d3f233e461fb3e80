//! Errors of transactions that are in no retry class of the SDK.

use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, error};
use crate::table::{Key, number};

fn cancelled(codes: &[&str]) -> (u16, Value) {
    let (status, mut body) = error("TransactionCanceledException");
    body["CancellationReasons"] = codes.iter().map(|code| json!({ "Code": code })).collect();
    (status, body)
}

fn key() -> Key {
    Key { pk: "HE#1".to_owned(), sk: "HEALTH".to_owned() }
}

fn writes() -> Vec<Write> {
    vec![
        Write::update(&key(), "ADD n :one").value(":one", number(1)),
        Write::put(key().attributes()),
    ]
}

/// Answers the first calls with these, and the others with success.
fn first(answers: Vec<(u16, Value)>) -> (Scripted, Table) {
    let scripted = Scripted::answering(move |number, _, _| {
        answers.get(number).cloned().unwrap_or((200, json!({})))
    });
    let table = Table::new(&scripted.config, "Registry".to_owned());
    (scripted, table)
}

#[tokio::test]
async fn transaction_conflicts_are_tried_again() {
    let (scripted, table) = first(vec![
        cancelled(&["None", "TransactionConflict"]),
        cancelled(&["ThrottlingError", "None"]),
        cancelled(&["ProvisionedThroughputExceeded", "TransactionConflict"]),
        error("TransactionInProgressException"),
    ]);
    assert!(table.transact(writes()).await.unwrap());
    assert_eq!(scripted.operations(), ["TransactWriteItems"; 5]);
}

#[tokio::test]
async fn transactions_whose_condition_fails_or_whose_input_is_refused_are_not_tried_again() {
    let (scripted, table) =
        first(vec![cancelled(&["ConditionalCheckFailed", "TransactionConflict"])]);
    assert!(!table.transact(writes()).await.unwrap());
    assert_eq!(scripted.operations().len(), 1);

    let (scripted, table) = first(vec![cancelled(&["None", "ValidationError"])]);
    let failed = table.transact(writes()).await.unwrap_err();
    assert!(!failed.is_throttled());
    assert_eq!(scripted.operations().len(), 1);
}

#[tokio::test]
async fn writes_that_meet_a_transaction_are_tried_again() {
    let conflict = || error("TransactionConflictException");
    for (write, operation) in [
        (Write::put(key().attributes()), "PutItem"),
        (Write::update(&key(), "ADD n :one").value(":one", number(1)), "UpdateItem"),
        (Write::delete(&key()), "DeleteItem"),
    ] {
        let (scripted, table) = first(vec![conflict(), conflict(), conflict()]);
        assert!(table.write(write).await.unwrap());
        assert_eq!(scripted.operations(), [operation; 4]);
    }
}

#[tokio::test]
async fn throttled_writes_say_so() {
    for code in ["ProvisionedThroughputExceededException", "ThrottlingException"] {
        // The SDK makes three calls.
        let (_scripted, table) = first(vec![error(code), error(code), error(code)]);
        assert!(table.put(key().attributes()).await.unwrap_err().is_throttled(), "{code}");
    }
    let (_scripted, table) = first(vec![error("ValidationException")]);
    assert!(!table.put(key().attributes()).await.unwrap_err().is_throttled());
}

//! Inserts that share a call, and what becomes of each.

use std::pin::pin;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use futures::poll;
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, error};
use crate::table::{Key, number};

const BATCH: &str = "BatchExecuteStatement";

fn item(n: usize) -> Item {
    let mut item = Key { pk: format!("EV#acme#{n}"), sk: "EVENT".to_owned() }.attributes();
    item.insert("a".to_owned(), number(n));
    item
}

/// An item of about this size.
fn sized(n: usize, bytes: usize) -> Item {
    let mut item = item(n);
    item.insert("c".to_owned(), AttributeValue::S("x".repeat(bytes)));
    item
}

fn written() -> Value {
    json!({"TableName": "Ledger"})
}

fn refused(code: &str) -> Value {
    json!({"Error": {"Code": code, "Message": "scripted"}})
}

/// The number of statements of a call.
fn statements(body: &Value) -> usize {
    body["Statements"].as_array().map_or(0, Vec::len)
}

/// The partition keys that a call names.
fn keys(body: &Value) -> Vec<&str> {
    let statements = body["Statements"].as_array().unwrap().iter();
    // The values are in the order of the names: `a`, `pk`, `sk`.
    statements.map(|statement| statement["Parameters"][1]["S"].as_str().unwrap()).collect()
}

/// A table that answers each statement of the call with this number as `answer` says.
fn answering(answer: impl Fn(usize, &str) -> Value + Send + 'static) -> (Scripted, Table) {
    let scripted = Scripted::answering(move |number, operation, body| {
        let body = match operation {
            BATCH => {
                let responses = keys(body).into_iter().map(|key| answer(number, key));
                json!({"Responses": responses.collect::<Vec<_>>()})
            }
            _ => json!({}),
        };
        (200, body)
    });
    let table = Table::new(&scripted.config, "Ledger".to_owned());
    (scripted, table)
}

fn storing() -> (Scripted, Table) {
    answering(|_, _| written())
}

/// Inserts these items at the same time. Each caller says before that it is coming, and so do `others`, who
/// never come.
async fn put_beside(table: &Table, items: Vec<Item>, others: usize) -> Vec<Written> {
    let gathered: Vec<_> = (0..items.len() + others).map(|_| table.gather()).collect();
    let written = join_all(items.into_iter().map(|item| table.put_new(item))).await;
    drop(gathered);
    written
}

async fn put_all(table: &Table, items: Vec<Item>) -> Vec<Written> {
    put_beside(table, items, 0).await
}

#[tokio::test]
async fn inserts_of_callers_that_all_wait_share_a_call() {
    let (scripted, table) = storing();
    for written in put_all(&table, (0..10).map(item).collect()).await {
        assert!(written.unwrap());
    }
    assert_eq!(scripted.operations(), [BATCH]);
    let body = &scripted.bodies()[0];
    assert_eq!(statements(body), 10);
    assert_eq!(
        body["Statements"][3],
        json!({
            "Statement": r#"INSERT INTO "Ledger" VALUE {'a': ?, 'pk': ?, 'sk': ?}"#,
            "Parameters": [{"N": "3"}, {"S": "EV#acme#3"}, {"S": "EVENT"}],
        })
    );
}

#[tokio::test]
async fn an_insert_alone_is_a_conditional_put() {
    let (scripted, table) = storing();
    assert!(table.put_new(item(1)).await.unwrap(), "nobody says that they are coming");
    assert!(put_all(&table, vec![item(2)]).await.remove(0).unwrap());
    assert_eq!(scripted.operations(), ["PutItem"; 2]);
    for body in scripted.bodies() {
        assert_eq!(body["ConditionExpression"], "attribute_not_exists(pk)");
    }

    let scripted = Scripted::answering(|_, _, _| error("ConditionalCheckFailedException"));
    let table = Table::new(&scripted.config, "Ledger".to_owned());
    assert!(!table.put_new(item(1)).await.unwrap());
}

#[tokio::test]
async fn a_call_has_at_most_25_statements() {
    let (scripted, table) = storing();
    for written in put_all(&table, (0..60).map(item).collect()).await {
        assert!(written.unwrap());
    }
    let mut calls: Vec<_> = scripted.bodies().iter().map(statements).collect();
    calls.sort_unstable();
    assert_eq!(calls, [10, 25, 25]);
}

#[tokio::test]
async fn a_call_has_at_most_a_mebibyte_and_a_large_item_is_put_alone() {
    let (scripted, table) = storing();
    let items = (0..20).map(|n| sized(n, 60 << 10)).chain([sized(20, LARGE)]);
    for written in put_all(&table, items.collect()).await {
        assert!(written.unwrap());
    }
    let mut calls: Vec<_> = scripted.bodies().iter().map(statements).collect();
    calls.sort_unstable();
    assert_eq!(calls, [0, 3, 17], "the large one is no statement");
    let put = scripted.operations().iter().position(|operation| operation == "PutItem");
    assert_eq!(scripted.bodies()[put.unwrap()]["Item"]["pk"]["S"], "EV#acme#20");
}

#[tokio::test]
async fn a_call_names_no_key_twice() {
    let (scripted, table) = storing();
    let written = put_all(&table, vec![item(1), item(2), item(1), item(3), item(2)]).await;
    assert_eq!(written.len(), 5);
    let bodies = scripted.bodies();
    let mut calls: Vec<_> = bodies.iter().map(keys).collect();
    calls.sort_unstable();
    assert_eq!(
        calls,
        [vec!["EV#acme#1", "EV#acme#2"], vec!["EV#acme#1", "EV#acme#2", "EV#acme#3"]]
    );
}

#[tokio::test]
async fn each_statement_has_an_outcome_of_its_own() {
    let codes = [
        ("DuplicateItem", Ok(false)),
        ("ConditionalCheckFailed", Ok(false)),
        ("ValidationError", Err(false)),
        ("AccessDenied", Err(false)),
        ("ResourceNotFound", Err(false)),
        ("ItemCollectionSizeLimitExceeded", Err(false)),
        ("SomethingNew", Err(false)),
    ];
    let (scripted, table) = answering(move |_, key| {
        let n: usize = key.rsplit('#').next().unwrap().parse().unwrap();
        codes.get(n).map_or_else(written, |(code, _)| refused(code))
    });
    let outcomes = put_all(&table, (0..=codes.len()).map(item).collect()).await;
    for ((code, expected), outcome) in codes.into_iter().chain([("none", Ok(true))]).zip(outcomes) {
        let outcome = outcome.map_err(|error| {
            let text = error.chain();
            assert!(text.starts_with("DynamoDB BatchExecuteStatement on Ledger failed"), "{text}");
            assert!(text.contains(code), "{text}");
            error.is_throttled()
        });
        assert_eq!(outcome, expected, "{code}");
    }
    assert_eq!(scripted.operations(), [BATCH], "none of them passes");
}

#[tokio::test]
async fn statements_that_are_refused_for_now_are_repeated_alone() {
    for code in [
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "InternalServerError",
        "TransactionConflict",
    ] {
        let (scripted, table) = answering(move |call, key| match (call, key) {
            (0 | 1, "EV#acme#1") | (0, "EV#acme#3") => refused(code),
            (1, "EV#acme#3") => refused("DuplicateItem"),
            _ => written(),
        });
        let written = put_all(&table, (0..4).map(item).collect()).await;
        let written: Vec<_> = written.into_iter().map(Result::unwrap).collect();
        assert_eq!(written, [true, true, true, false], "{code}");
        let bodies = scripted.bodies();
        let calls: Vec<_> = bodies.iter().map(keys).collect();
        assert_eq!(calls[1..], [vec!["EV#acme#1", "EV#acme#3"], vec!["EV#acme#1"]], "{code}");
    }
}

#[tokio::test]
async fn a_statement_that_stays_throttled_keeps_nobody_else_waiting() {
    let (scripted, table) = answering(|_, key| match key {
        "EV#acme#1" => refused("ThrottlingError"),
        "EV#acme#2" => refused("TransactionConflict"),
        _ => written(),
    });
    let gathered = [table.gather(), table.gather(), table.gather()];
    let (mut throttled, mut met) = (pin!(table.put_new(item(1))), pin!(table.put_new(item(2))));
    assert!(poll!(&mut throttled).is_pending() && poll!(&mut met).is_pending());
    assert!(table.put_new(item(0)).await.unwrap());
    assert_eq!(scripted.operations(), [BATCH], "it did not wait for a second call");
    assert!(throttled.await.unwrap_err().is_throttled());
    assert!(!met.await.unwrap_err().is_throttled());
    assert_eq!(scripted.operations(), [BATCH; 5]);
    drop(gathered);
}

#[tokio::test]
async fn a_statement_without_a_response_has_failed() {
    let scripted = Scripted::answering(|_, _, _| (200, json!({"Responses": [written()]})));
    let table = Table::new(&scripted.config, "Ledger".to_owned());
    let mut outcomes = put_all(&table, vec![item(1), item(2)]).await.into_iter();
    assert!(outcomes.next().unwrap().unwrap());
    let error = outcomes.next().unwrap().unwrap_err().chain();
    assert_eq!(
        error,
        "DynamoDB BatchExecuteStatement on Ledger failed: the answer lacks a statement"
    );
}

#[tokio::test]
async fn a_call_that_fails_has_failed_for_every_caller() {
    // One by the short way, and then the SDK's: three if it is throttled.
    for (code, throttled, calls) in
        [("ThrottlingException", true, 4), ("AccessDeniedException", false, 2)]
    {
        let scripted = Scripted::answering(move |_, _, _| error(code));
        let table = Table::new(&scripted.config, "Ledger".to_owned());
        for outcome in put_all(&table, vec![item(1), item(2)]).await {
            let error = outcome.unwrap_err();
            assert_eq!(error.is_throttled(), throttled, "{code}");
            assert!(error.chain().contains("BatchExecuteStatement on Ledger"), "{code}");
        }
        assert_eq!(scripted.operations().len(), calls, "{code}");
    }
}

#[tokio::test]
async fn a_caller_that_is_dropped_before_the_call_takes_its_item_back() {
    let (scripted, table) = storing();
    let gathered = [table.gather(), table.gather()];
    {
        let mut dropped = pin!(table.put_new(item(1)));
        assert!(poll!(&mut dropped).is_pending());
    }
    let mut staying = pin!(table.put_new(item(2)));
    assert!(poll!(&mut staying).is_pending(), "the other one may still write");
    drop(gathered);
    assert!(staying.await.unwrap());
    assert_eq!(scripted.operations(), ["PutItem"]);
    assert_eq!(scripted.bodies()[0]["Item"]["pk"]["S"], "EV#acme#2");
}

#[tokio::test]
async fn a_caller_that_is_dropped_during_the_call_leaves_it_to_the_others() {
    let (scripted, table) = answering(|_, _| {
        std::thread::sleep(Duration::from_millis(50));
        written()
    });
    let gathered = [table.gather(), table.gather(), table.gather()];
    let mut staying = pin!(table.put_new(item(1)));
    assert!(poll!(&mut staying).is_pending());
    let dropped = [2, 3].map(|n| {
        let table = table.clone();
        tokio::spawn(async move { table.put_new(item(n)).await })
    });
    while scripted.operations().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for caller in &dropped {
        caller.abort();
    }
    assert!(staying.await.unwrap());
    assert_eq!(scripted.bodies().iter().map(statements).collect::<Vec<_>>(), [3]);
    drop(gathered);
}

#[tokio::test]
async fn who_no_longer_may_write_keeps_nobody_waiting() {
    let (_scripted, table) = storing();
    let (ours, theirs) = (table.gather(), table.gather());
    let mut put = pin!(table.put_new(item(1)));
    assert!(poll!(&mut put).is_pending());
    assert_eq!(table.group.state().waiting.len(), 1);
    drop(theirs);
    assert!(table.group.state().waiting.is_empty(), "its call has begun");
    assert!(put.await.unwrap());
    drop(ours);
    let state = table.group.state();
    assert_eq!((state.callers, state.gathered), (0, 0));
}

#[tokio::test]
async fn a_slow_caller_is_waited_for_10_ms() {
    let (scripted, table) = storing();
    let began = Instant::now();
    for written in put_beside(&table, vec![item(1), item(2)], 1).await {
        assert!(written.unwrap());
    }
    assert!(began.elapsed() >= LONGEST_WAIT);
    assert_eq!(scripted.operations(), [BATCH]);
}

#[tokio::test(start_paused = true)]
async fn an_item_waits_10_ms_at_most() {
    let mut state = State { gathered: 3, callers: 2, ..State::default() };
    let mut callers = Vec::new();
    for n in 0..2 {
        let (caller, answer) = oneshot::channel();
        callers.push(answer);
        state.waiting.push(Waiting { item: item(n), bytes: 20, since: Instant::now(), caller });
        tokio::time::advance(Duration::from_millis(5)).await;
    }
    let now = Instant::now();
    assert!(state.take_due(now - Duration::from_millis(1)).is_empty());
    assert_eq!(state.take_due(now).len(), 2, "the second one with the first");
    assert!(state.take_due(now + LONGEST_WAIT).is_empty(), "nothing is taken twice");
}

#[tokio::test]
async fn a_call_whose_task_has_ended_is_an_error() {
    let (_scripted, table) = storing();
    let gathered = [table.gather(), table.gather()];
    let mut put = pin!(table.put_new(item(1)));
    assert!(poll!(&mut put).is_pending());
    table.group.state().waiting.clear();
    assert!(put.await.is_err());
    drop(gathered);
}

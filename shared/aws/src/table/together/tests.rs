//! Reads that share a call, and what becomes of each.

use futures::future::{join, join_all};
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, error};
use crate::table::text;

const BATCH: &str = "BatchGetItem";

fn key(n: usize) -> Key {
    Key { pk: format!("T#{n:03}"), sk: "TENANT".to_owned() }
}

/// The partition keys that a call asks for.
fn asked(body: &Value) -> Vec<String> {
    match body["RequestItems"]["Registry"]["Keys"].as_array() {
        Some(keys) => keys.iter().map(|key| key["pk"]["S"].as_str().unwrap().to_owned()).collect(),
        None => vec![body["Key"]["pk"]["S"].as_str().unwrap().to_owned()],
    }
}

/// A table with an item under every key but those that `is_there` denies. A call with this number leaves the
/// keys that `is_left` names.
fn answering(
    is_there: impl Fn(&str) -> bool + Send + 'static,
    is_left: impl Fn(usize, &str) -> bool + Send + 'static,
) -> (Scripted, Table) {
    let scripted = Scripted::answering(move |number, operation, body| {
        let keys = asked(body);
        let attributes = |pk: &String| json!({"pk": {"S": pk}, "sk": {"S": "TENANT"}});
        if operation != BATCH {
            let item = keys.iter().find(|pk| is_there(pk)).map(attributes);
            return (200, item.map_or(json!({}), |item| json!({ "Item": item })));
        }
        let (left, read): (Vec<_>, Vec<_>) = keys.iter().partition(|pk| is_left(number, pk));
        // DynamoDB answers in no order.
        let items: Vec<_> =
            read.into_iter().rev().filter(|pk| is_there(pk)).map(attributes).collect();
        let left: Vec<_> = left.into_iter().map(attributes).collect();
        let unread = match left.is_empty() {
            true => json!({}),
            false => json!({"Registry": {"Keys": left}}),
        };
        (200, json!({"Responses": {"Registry": items}, "UnprocessedKeys": unread}))
    });
    let table = Table::new(&scripted.config, "Registry".to_owned());
    (scripted, table)
}

fn storing() -> (Scripted, Table) {
    answering(|_| true, |_, _| false)
}

async fn read_all(table: &Table, keys: impl IntoIterator<Item = Key>) -> Vec<Read> {
    join_all(keys.into_iter().map(async |key| table.get_together(&key).await)).await
}

/// The partition key of the item that was read.
fn pk(read: &Read) -> Option<String> {
    text(read.as_ref().unwrap().as_ref()?, "pk")
}

#[tokio::test]
async fn reads_at_the_same_time_share_a_consistent_call_and_each_gets_its_own_item() {
    let (scripted, table) = answering(|pk| pk != "T#003", |_, _| false);
    let read: Vec<_> = read_all(&table, (0..10).map(key)).await.iter().map(pk).collect();
    let expected: Vec<_> = (0..10).map(|n| (n != 3).then(|| key(n).pk)).collect();
    assert_eq!(read, expected);
    assert_eq!(scripted.operations(), [BATCH]);
    assert_eq!(scripted.bodies()[0]["RequestItems"]["Registry"]["ConsistentRead"], true);
}

#[tokio::test]
async fn a_read_alone_or_of_one_key_is_a_single_read() {
    let (scripted, table) = storing();
    assert_eq!(pk(&table.get_together(&key(1)).await), Some(key(1).pk));
    for read in read_all(&table, (0..10).map(|_| key(2))).await {
        assert_eq!(pk(&read), Some(key(2).pk));
    }
    assert_eq!(scripted.operations(), ["GetItem"; 2]);
    assert!(scripted.bodies().iter().all(|body| body["ConsistentRead"] == true));
}

#[tokio::test]
async fn a_read_that_comes_later_is_made_again() {
    let (scripted, table) = storing();
    for _ in 0..2 {
        read_all(&table, [key(1), key(2)]).await;
    }
    assert_eq!(scripted.operations(), [BATCH; 2], "nothing is remembered");
}

#[tokio::test]
async fn tasks_share_a_call_too() {
    let (scripted, table) = storing();
    let tasks = (0..5).map(|n| {
        let table = table.clone();
        tokio::spawn(async move { table.get_together(&key(n)).await })
    });
    for (n, read) in join_all(tasks).await.into_iter().enumerate() {
        assert_eq!(pk(&read.unwrap()), Some(key(n).pk));
    }
    assert_eq!(scripted.operations(), [BATCH]);
}

#[tokio::test]
async fn a_call_asks_for_at_most_a_hundred_keys() {
    let (scripted, table) = storing();
    let read = read_all(&table, (0..250).map(key)).await;
    assert!(read.iter().enumerate().all(|(n, read)| pk(read) == Some(key(n).pk)));
    let mut calls: Vec<_> = scripted.bodies().iter().map(|body| asked(body).len()).collect();
    calls.sort_unstable();
    assert_eq!(calls, [50, 100, 100]);
}

#[tokio::test]
async fn a_key_that_is_left_is_asked_for_again_and_holds_up_nobody() {
    let (scripted, table) = answering(|_| true, |number, pk| number == 0 && pk == "T#001");
    let order = Mutex::new(Vec::new());
    join_all((0..4).map(async |n| {
        let read = table.get_together(&key(n)).await;
        order.lock().unwrap().push(pk(&read).unwrap());
    }))
    .await;
    assert_eq!(order.into_inner().unwrap().last(), Some(&key(1).pk), "the others come first");
    assert_eq!(asked(&scripted.bodies()[1]), [key(1).pk]);
    assert_eq!(scripted.operations().len(), 2);
}

#[tokio::test]
async fn a_key_that_stays_left_is_an_error_of_its_callers_alone() {
    let (scripted, table) = answering(|_| true, |_, pk| pk == "T#001");
    let read = read_all(&table, [key(0), key(1), key(1)]).await;
    assert_eq!(pk(&read[0]), Some(key(0).pk));
    for failed in &read[1..] {
        let chain = failed.as_ref().unwrap_err().chain();
        let expected = "DynamoDB BatchGetItem on Registry failed: 1 keys stayed unprocessed";
        assert_eq!(chain, expected);
    }
    assert_eq!(scripted.operations().len(), 6, "five retries");
}

#[tokio::test]
async fn a_call_that_fails_has_failed_for_each_caller() {
    for (code, is_throttled) in
        [("ThrottlingException", true), ("ResourceNotFoundException", false)]
    {
        let scripted = Scripted::answering(move |_, _, _| error(code));
        let table = Table::new(&scripted.config, "Registry".to_owned());
        for read in [read_all(&table, (0..3).map(key)).await, read_all(&table, [key(1)]).await] {
            for failed in read {
                let failed = failed.unwrap_err();
                assert_eq!(failed.is_throttled(), is_throttled, "{code}");
                assert_eq!(failed.chain().matches("throttled").count(), usize::from(is_throttled));
                assert!(failed.chain().contains("scripted"), "{}", failed.chain());
            }
        }
    }
}

#[tokio::test]
async fn nobody_reads_for_a_caller_that_was_dropped() {
    let (scripted, table) = storing();
    let (one, other) = (key(1), key(2));
    let dropped = async {
        // It is polled once, and dropped.
        tokio::select! {
            biased;
            _ = table.get_together(&one) => unreachable!("it takes a call"),
            () = std::future::ready(()) => {}
        }
    };
    let ((), read) = join(dropped, table.get_together(&other)).await;
    assert_eq!(pk(&read), Some(other.pk.clone()));
    assert_eq!(scripted.operations(), ["GetItem"]);
    assert_eq!(asked(&scripted.bodies()[0]), [other.pk]);
}

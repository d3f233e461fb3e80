//! Entries that EventBridge refuses, and those that it cannot take now.

use hooklane_domain::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, error};

fn notices(sizes: &[usize]) -> Vec<Notice> {
    let notice = |(n, size): (usize, &usize)| Notice {
        event_type: "webhook.failing".parse().unwrap(),
        at: Timestamp::UNIX_EPOCH,
        detail: format!(r#"{{"n":{n},"padding":"{}"}}"#, "x".repeat(*size)),
    };
    sizes.iter().enumerate().map(notice).collect()
}

fn bus(scripted: &Scripted) -> EventBus {
    EventBus::new(&scripted.config, "platform".to_owned())
}

/// The numbers of the notices of a call.
fn numbers(body: &Value) -> Vec<u64> {
    let entries = body["Entries"].as_array().into_iter().flatten();
    let number = |entry: &Value| {
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        detail["n"].as_u64().unwrap()
    };
    entries.map(number).collect()
}

/// The answer to a call of which these entries fail, each with its code.
fn answer(body: &Value, fails: impl Fn(u64) -> Option<&'static str>) -> (u16, Value) {
    let results = numbers(body).into_iter().map(|n| match fails(n) {
        None => json!({ "EventId": "e" }),
        Some(code) => json!({ "ErrorCode": code, "ErrorMessage": "scripted" }),
    });
    let results: Vec<_> = results.collect();
    let failed = results.iter().filter(|entry| entry["ErrorCode"].is_string()).count();
    (200, json!({ "FailedEntryCount": failed, "Entries": results }))
}

fn indexes(refused: &[Refused]) -> Vec<usize> {
    refused.iter().map(|entry| entry.index).collect()
}

#[tokio::test]
async fn an_entry_says_who_sends_what_to_which_bus() {
    let scripted = Scripted::answering(|_, _, body| answer(body, |_| None));
    assert_eq!(bus(&scripted).tell(&notices(&[0])).await.unwrap(), []);
    assert_eq!(scripted.operations(), ["PutEvents"]);
    let expected = json!({
        "EventBusName": "platform",
        "Source": "hooklane",
        "DetailType": "webhook.failing",
        "Detail": r#"{"n":0,"padding":""}"#,
        "Time": 0,
    });
    assert_eq!(scripted.bodies()[0]["Entries"], json!([expected]));
}

#[tokio::test]
async fn a_call_has_ten_entries_and_256_kib_at_most() {
    let scripted = Scripted::answering(|_, _, body| answer(body, |_| None));
    let sizes = [[10; 11].as_slice(), &[200_000, 100_000, 50_000, 300_000, 10]].concat();
    let refused = bus(&scripted).tell(&notices(&sizes)).await.unwrap();
    assert_eq!(indexes(&refused), [14]);
    assert!(refused[0].reason.contains("262144"), "{}", refused[0].reason);
    let asked: Vec<_> = scripted.bodies().iter().map(numbers).collect();
    assert_eq!(asked, [(0..10).collect(), vec![10, 11], vec![12, 13, 15]]);
    for body in scripted.bodies() {
        let text = |entry: &Value| {
            ["Source", "DetailType", "Detail"]
                .map(|name| entry[name].as_str().unwrap().len())
                .iter()
                .sum::<usize>()
                + 14
        };
        let bytes: usize = body["Entries"].as_array().unwrap().iter().map(text).sum();
        assert!(bytes <= 256 * 1024, "{bytes}");
    }
}

#[tokio::test]
async fn refused_entries_are_told_from_unavailable_ones() {
    let scripted = Scripted::answering(|call, _, body| {
        answer(body, |n| match n {
            3 => Some("MalformedDetail"),
            5 if call == 0 => Some("ThrottlingException"),
            6 if call == 0 => Some("InternalFailure"),
            // An operator can mend it.
            7 if call == 0 => Some("AccessDeniedException"),
            _ => None,
        })
    });
    let refused = bus(&scripted).tell(&notices(&[0; 9])).await.unwrap();
    assert_eq!(indexes(&refused), [3]);
    assert!(refused[0].reason.contains("MalformedDetail"), "{}", refused[0].reason);
    let asked: Vec<_> = scripted.bodies().iter().map(numbers).collect();
    assert_eq!(
        asked,
        [(0..9).collect::<Vec<_>>(), vec![5, 6, 7]],
        "the refused one is not sent again"
    );
}

#[tokio::test]
async fn entries_that_stay_unavailable_are_an_error_and_so_is_a_call_that_fails() {
    let scripted =
        Scripted::answering(|_, _, body| answer(body, |n| (n == 1).then_some("InternalFailure")));
    let failed = bus(&scripted).tell(&notices(&[0; 3])).await.unwrap_err();
    assert!(failed.chain().contains("1 entries failed, last with"), "{}", failed.chain());
    assert_eq!(scripted.operations().len(), 5, "and four retries");

    let scripted = Scripted::answering(|_, _, _| error("ResourceNotFoundException"));
    assert!(bus(&scripted).tell(&notices(&[0])).await.is_err());

    let scripted =
        Scripted::answering(|_, _, _| (200, json!({ "FailedEntryCount": 0, "Entries": [] })));
    assert!(bus(&scripted).tell(&notices(&[0])).await.is_err(), "no result for an entry");
}

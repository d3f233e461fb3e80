//! Entries that SQS refuses, and those that it cannot take now.

use std::collections::BTreeSet;

use hooklane_app::ports::DispatchQueue as _;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Payload};
use hooklane_domain::event::Content;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::json::RawJson;
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Scripted, error};

fn messages(count: u32) -> Vec<Message> {
    let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 1);
    let message = |number| {
        Message::Deliver(Deliver {
            tenant: "acme".parse().unwrap(),
            delivery: DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, "e1".parse().unwrap()),
            event_type: format!("test.n{number}").parse().unwrap(),
            generation: 0,
            payload: None,
        })
    };
    (0..count).map(message).collect()
}

/// The same messages with their events' content, so that they may share one.
fn small_messages(count: u32) -> Vec<Message> {
    let content = Payload::Plain(Box::new(Content {
        event_type: "test.small".parse().unwrap(),
        data: RawJson::parse("{}").unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    }));
    let small = |Message::Deliver(deliver)| {
        Message::Deliver(Deliver { payload: Some(content.clone()), ..deliver })
    };
    messages(count).into_iter().map(small).collect()
}

fn queues(scripted: &Scripted) -> Queues {
    let delivery = Some("http://127.0.0.1/queue".to_owned());
    Queues::new(&scripted.config, QueueUrls { delivery, retry: None })
}

/// The answer to a batch of which these entries fail, each with its code and whether it is the sender's fault.
fn answer(body: &Value, fails: impl Fn(&str) -> Option<(&'static str, bool)>) -> (u16, Value) {
    let (mut sent, mut failed) = (Vec::new(), Vec::new());
    for entry in body["Entries"].as_array().unwrap() {
        let (id, message) = (&entry["Id"], entry["MessageBody"].as_str().unwrap());
        match fails(message) {
            None => sent.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "x" })),
            Some((code, fault)) => {
                failed.push(json!({ "Id": id, "Code": code, "SenderFault": fault }));
            }
        }
    }
    (200, json!({ "Successful": sent, "Failed": failed }))
}

/// The places of the entries of each call.
fn asked(scripted: &Scripted) -> Vec<Vec<String>> {
    let ids = |body: &Value| {
        let entries = body["Entries"].as_array().into_iter().flatten();
        entries.map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect()
    };
    scripted.bodies().iter().map(ids).collect()
}

#[tokio::test]
async fn refused_entries_are_told_from_unavailable_ones() {
    let scripted = Scripted::answering(|call, _, body| {
        answer(body, |message| {
            let is = |number: u32| message.contains(&format!("test.n{number}\""));
            if is(3) {
                Some(("InvalidMessageContents", true))
            } else if call == 0 && is(5) {
                Some(("InternalError", false))
            } else if call == 0 && is(6) {
                // Put down to the sender, and about something else than the message.
                Some(("KmsThrottled", true))
            } else {
                None
            }
        })
    });
    let refused = queues(&scripted).dispatch(Lane::Fast, &messages(8)).await.unwrap();
    assert_eq!(refused.iter().map(|entry| entry.index).collect::<Vec<_>>(), [3]);
    assert!(refused[0].reason.contains("InvalidMessageContents"), "{}", refused[0].reason);
    let calls = asked(&scripted);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1], ["5", "6"], "the refused entry is not sent again");
}

#[tokio::test]
async fn refused_entries_are_named_by_their_place_among_all() {
    let scripted = Scripted::answering(|_, _, body| {
        let refused = |message: &str| ["n7\"", "n14\""].iter().any(|event| message.contains(event));
        answer(body, |message| refused(message).then_some(("InvalidMessageContents", true)))
    });
    let refused = queues(&scripted).dispatch(Lane::Fast, &messages(25)).await.unwrap();
    assert_eq!(refused.iter().map(|entry| entry.index).collect::<Vec<_>>(), [7, 14]);
}

/// The types of the events in each entry of each call.
fn sent(scripted: &Scripted) -> Vec<Vec<Vec<String>>> {
    let types = |entry: &Value| {
        let each = Message::decode_each(entry["MessageBody"].as_str().unwrap()).unwrap();
        each.iter().map(|Message::Deliver(deliver)| deliver.event_type.to_string()).collect()
    };
    let entries = |body: &Value| {
        body["Entries"].as_array().into_iter().flatten().map(types).collect::<Vec<_>>()
    };
    scripted.bodies().iter().map(entries).collect()
}

#[tokio::test]
async fn small_first_attempts_of_a_webhook_share_a_message() {
    let scripted = Scripted::answering(|_, _, body| answer(body, |_| None));
    let queues = queues(&scripted).with("3".parse().unwrap());
    assert_eq!(queues.dispatch_together(&small_messages(7), &BTreeSet::new()).await.unwrap(), []);
    let of = |range: std::ops::Range<u32>| range.map(|n| format!("test.n{n}")).collect::<Vec<_>>();
    assert_eq!(sent(&scripted), [[of(0..3), of(3..6), of(6..7)]]);
    let group = &scripted.bodies()[0]["Entries"][0]["MessageGroupId"];
    assert_eq!(group, &WebhookId::new(Timestamp::UNIX_EPOCH, 1).to_string());
}

#[tokio::test]
async fn what_goes_to_the_slow_lane_shares_no_message() {
    let scripted = Scripted::answering(|_, _, body| answer(body, |_| None));
    let retry = Some("http://127.0.0.1/queue".to_owned());
    let queues = Queues::new(&scripted.config, QueueUrls { delivery: None, retry });
    let queues = queues.with("10".parse().unwrap());
    assert_eq!(queues.dispatch(Lane::Slow, &small_messages(3)).await.unwrap(), []);
    assert_eq!(sent(&scripted)[0].iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn a_webhook_whose_messages_go_alone_shares_none() {
    let scripted = Scripted::answering(|_, _, body| answer(body, |_| None));
    let queues = queues(&scripted).with("10".parse().unwrap());
    let alone = BTreeSet::from([WebhookId::new(Timestamp::UNIX_EPOCH, 1)]);
    assert_eq!(queues.dispatch_together(&small_messages(3), &alone).await.unwrap(), []);
    assert_eq!(sent(&scripted)[0].iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn refused_entries_of_several_messages_are_sent_one_by_one() {
    let scripted = Scripted::answering(|_, _, body| {
        answer(body, |message| {
            message.contains("test.n4\"").then_some(("InvalidMessageContents", true))
        })
    });
    let queues = queues(&scripted).with("3".parse().unwrap());
    let refused = queues.dispatch_together(&small_messages(7), &BTreeSet::new()).await.unwrap();
    assert_eq!(refused.iter().map(|entry| entry.index).collect::<Vec<_>>(), [4]);
    let sizes = |call: &Vec<Vec<String>>| call.iter().map(Vec::len).collect::<Vec<_>>();
    let sizes: Vec<_> = sent(&scripted).iter().map(sizes).collect();
    assert_eq!(sizes, [vec![3, 3, 1], vec![1, 1, 1]]);
}

#[tokio::test]
async fn refused_entries_that_make_a_whole_call_fail_are_found() {
    let scripted = Scripted::answering(|_, operation, body| match operation {
        "SendMessageBatch" => error("InvalidMessageContents"),
        _ if body["MessageBody"].as_str().unwrap().contains("n2\"") => {
            error("InvalidMessageContents")
        }
        _ => (200, json!({ "MessageId": "m", "MD5OfMessageBody": "x" })),
    });
    let refused = queues(&scripted).dispatch(Lane::Fast, &messages(4)).await.unwrap();
    assert_eq!(refused.iter().map(|entry| entry.index).collect::<Vec<_>>(), [2]);
    // The call by the short way, the SDK's, and one for each entry.
    assert_eq!(scripted.operations().len(), 6);
}

#[tokio::test]
async fn a_delayed_message_that_is_refused_for_good_is_told_from_one_that_cannot_be_sent_now() {
    for (code, refused) in [
        ("InvalidMessageContents", true),
        ("AccessDeniedException", false),
        ("KmsThrottled", false),
    ] {
        let scripted = Scripted::answering(move |_, _, _| error(code));
        let retry = Some("http://127.0.0.1/queue".to_owned());
        let queues = Queues::new(&scripted.config, QueueUrls { delivery: None, retry });
        let failed = queues.send_later(&messages(1)[0], 5).await.unwrap_err();
        assert_eq!(failed.refusal().is_some_and(|why| why.contains(code)), refused, "{code}");
    }
}

#[tokio::test]
async fn entries_that_stay_unavailable_are_an_error() {
    let scripted = Scripted::answering(|_, _, body| {
        answer(body, |message| message.contains("n1\"").then_some(("InternalError", false)))
    });
    assert!(queues(&scripted).dispatch(Lane::Fast, &messages(3)).await.is_err());
}

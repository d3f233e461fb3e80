use hooklane_domain::event::Content;
use hooklane_domain::expression::{Failure, Verdict};
use hooklane_domain::json::RawJson;
use jiff::SignedDuration;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger};

fn now() -> Timestamp {
    "2024-01-15T10:30:00Z".parse().unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

async fn publish(ledger: &MemoryLedger, tenant: &TenantId, n: i64, kind: &str, data: &str) {
    let event = Event {
        id: format!("evt-{n}").parse().unwrap(),
        tenant: tenant.clone(),
        content: Content {
            event_type: kind.parse().unwrap(),
            data: RawJson::parse(data).unwrap(),
            metadata: None,
            timestamp: None,
            version: None,
            test: false,
        },
        accepted_at: now() + SignedDuration::from_secs(n),
        value: None,
    };
    ledger.put(&event).await.unwrap();
    ledger.index(&event, now());
}

async fn tried(ledger: &MemoryLedger, body: &str) -> Result<Experiment, ExperimentError> {
    let order = ExperimentOrder::read(body).map_err(ExperimentError::Invalid)?;
    experiment(ledger, &FakeSystem::at(now()), &acme(), order).await
}

fn paths(result: Result<Experiment, ExperimentError>) -> Vec<String> {
    match result {
        Err(ExperimentError::Invalid(errors)) => {
            errors.into_vec().into_iter().map(|error| error.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn given_events_are_matched_and_transformed_each_on_its_own() {
    let body = r#"{"filter":"event.data.total > 10","transform":"{'sum': event.data.total}","events":[
        {"type":"order.created","data":{"total":11}},
        {"type":"order.created","data":{"total":9}},
        {"type":"order.created","data":{}}]}"#;
    let found = tried(&MemoryLedger::default(), body).await.unwrap();
    let missing = || Failure::Missing("there is no event.data.total".to_owned());
    let after = |json: &str| Some(Ok(RawJson::parse(json).unwrap()));
    let expected = [
        (Some(Ok(Verdict::Passed)), after(r#"{"sum":11}"#)),
        (Some(Ok(Verdict::Rejected)), after(r#"{"sum":9}"#)),
        (Some(Err(missing())), Some(Err(missing()))),
    ];
    let results = found.tried.into_iter().map(|one| one.result.unwrap());
    let results: Vec<_> = results.map(|result| (result.filter, result.transform)).collect();
    assert_eq!(results, expected);
}

#[tokio::test]
async fn without_given_events_it_is_the_newest_of_the_tenant_and_type() {
    let ledger = MemoryLedger::default();
    for n in 0..30 {
        let kind = if n % 3 == 0 { "user.created" } else { "order.created" };
        publish(&ledger, &acme(), n, kind, &format!(r#"{{"n":{n}}}"#)).await;
    }
    publish(&ledger, &"other".parse().unwrap(), 99, "order.created", "{}").await;
    let ids = |found: Experiment| -> Vec<_> {
        found.tried.iter().map(|one| one.event.id.to_string()).collect()
    };
    let all = tried(&ledger, "{}").await.unwrap();
    assert!(all.tried.iter().all(|one| one.result.as_ref().unwrap().filter.is_none()));
    let expected: Vec<_> = (10..30).rev().map(|n| format!("evt-{n}")).collect();
    assert_eq!(ids(all), expected);
    let some = tried(&ledger, r#"{"eventType":"user.*","limit":2}"#).await.unwrap();
    assert_eq!(ids(some), ["evt-27", "evt-24"]);
}

/// Twenty of the largest events do not fit into the memory of an instance, nor into an answer.
#[tokio::test]
async fn large_events_are_read_up_to_a_limit_and_the_rest_is_counted() {
    let ledger = MemoryLedger::default();
    let large = format!("\"{}\"", "x".repeat(200_000));
    for n in 0..20 {
        publish(&ledger, &acme(), n, "order.created", &large).await;
    }
    let found = tried(&ledger, "{}").await.unwrap();
    assert_eq!((found.tried.len(), found.left_out), (5, 15));
    let given = vec![format!(r#"{{"type":"a","data":{large}}}"#); 6].join(",");
    assert_eq!(paths(tried(&ledger, &format!(r#"{{"events":[{given}]}}"#)).await), ["events"]);
}

#[tokio::test]
async fn evaluations_of_one_experiment_share_what_they_may_take() {
    let heavy = "event.data.all(x, !('zz' in event.data))";
    let event = format!(r#"{{"type":"a","data":[{}1]}}"#, "1,".repeat(20_000));
    let events = vec![event; 6].join(",");
    let body = format!(r#"{{"filter":"{heavy}","events":[{events}]}}"#);
    let found = tried(&MemoryLedger::default(), &body).await.unwrap();
    let evaluated = found.tried.iter().filter(|one| one.result.is_some()).count();
    assert_eq!(evaluated, 3, "each takes all that one evaluation may");
    let too_much = |one: &&Tried| {
        matches!(one.result, Some(Preview { filter: Some(Err(Failure::TooMuch(_))), .. }))
    };
    assert_eq!(found.tried.iter().filter(too_much).count(), 3);
    assert_eq!(found.tried.len(), 6, "the others are listed, without a result");
}

#[tokio::test]
async fn every_mistake_is_named_with_its_path() {
    let ledger = MemoryLedger::default();
    for (body, expected) in [
        ("[]", &[""][..]),
        (r#"{"filter":"event.","transform":"{","x":1}"#, &["filter", "transform", "x"]),
        (r#"{"limit":21,"eventType":"no type"}"#, &["eventType", "limit"]),
        (r#"{"limit":0}"#, &["limit"]),
        (r#"{"events":[{"type":"a"}],"limit":3}"#, &["events"]),
        (
            r#"{"events":[{"type":"a","data":1},{"type":"","data":1},7]}"#,
            &["events[1].type", "events[2]"],
        ),
        (r#"{"events":[{"type":"a","data":1,"tenant":"other"}]}"#, &["events[0].tenant"]),
    ] {
        assert_eq!(paths(tried(&ledger, body).await), expected, "{body}");
    }
    let many = vec![r#"{"type":"a","data":1}"#; 21].join(",");
    assert_eq!(paths(tried(&ledger, &format!(r#"{{"events":[{many}]}}"#)).await), ["events"]);
    // The place of a mistake in an expression.
    let order = ExperimentOrder::read(r#"{"filter":"event.data.a ==\n 1 1"}"#).unwrap_err();
    assert!(order.as_slice()[0].message.starts_with("line 2, column 4"), "{order:?}");
}

//! Log lines carry the ids of their message.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;

use super::*;

/// The log lines of one batch.
async fn lines<E: EventStore + Gathering + Strikes>(
    ingest: &Ingest<Fakes<E>>,
    bodies: &[(&str, &str)],
) -> Vec<Value> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt().json().with_writer(Arc::new(writer)).finish();
    let guard = hooklane_aws::telemetry::printed::listen(subscriber);
    ingest.handle_all(event(bodies)).await.unwrap();
    drop(guard);
    let mut written = String::new();
    reader.read_to_string(&mut written).unwrap();
    written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn each_line_carries_what_is_known_of_its_message() {
    let body = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{}}"#;
    let without_id = r#"{"tenant":"acme","type":"user.created","data":{}}"#;
    for (corrupt, body, logged, event_id, tenant) in [
        (false, body, "event.not_stored", "e1".into(), "acme".into()),
        (false, without_id, "event.not_stored", "msg_m1".into(), "acme".into()),
        (true, body, "message.dead_lettered", "e1".into(), "acme".into()),
        (true, "not json", "message.dead_lettered", Value::Null, Value::Null),
    ] {
        let lines = lines(&over(Faulty { corrupt }), &[("m1", body)]).await;
        assert_eq!(lines[0]["fields"]["message"], logged, "{body}");
        let span = &lines[0]["span"];
        assert_eq!(span["message.id"], "m1", "{body}");
        assert_eq!((&span["event.id"], &span["tenant"]), (&event_id, &tenant), "{body}");
    }
}

#[tokio::test]
async fn finding_16_no_text_of_a_payload_is_logged() {
    let ingest = ingest();
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    ingest.deps.registry.set_settings(&"acme".parse().unwrap(), &settings, None).await.unwrap();
    let same = r#"{"id":"e1","tenant":"other","type":"t","data":{"s3cret":1}}"#;
    let lines = lines(
        &ingest,
        &[
            ("m1", r#"{"tenant":"acme","type":"a.b","data":1,"s3cret":1,"s3cret2":1}"#),
            ("m2", r#"{"tenant":"acme","type":"task.created","data":{"taskId":{"s3cret":1}}}"#),
            ("m3", r#"{"tenant":"acme","type":"s3cret.type","data":{}}"#),
            ("m4", r#"{"tenant":"other","s3cret"#),
            ("m5", same),
            ("m6", &same.replace(":1}}", ":2}}")),
        ],
    )
    .await;
    // In the order in which they end, which is not that of the batch.
    let mut logged: Vec<_> = lines
        .iter()
        .map(|line| &line["fields"])
        .filter(|fields| fields["message"] == "message.dead_lettered")
        .map(|fields| (fields["reason"].as_str().unwrap(), fields["mistakes"].as_u64().unwrap()))
        .collect();
    logged.sort_unstable();
    let expected = [
        ("id_in_use", 1),
        ("not_an_event", 1),
        ("not_an_event", 2),
        ("not_expected", 1),
        ("not_expected", 2),
    ];
    assert_eq!(logged, expected);
    for line in &lines {
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }
    // The dead letter itself says what is wrong.
    let letters = ingest.deps.dead_letters.all_dead_letters();
    assert_eq!(letters[0].reason, "s3cret: is not a known field; s3cret2: is not a known field");
}

//! Log lines carry the ids of their message.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;

use super::*;

/// The log lines of one batch.
async fn lines<E: EventStore + Strikes>(
    ingest: &Ingest<Fakes<E>>,
    bodies: &[(&str, &str)],
) -> Vec<Value> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt().json().with_writer(Arc::new(writer)).finish();
    let guard = tracing::subscriber::set_default(subscriber);
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

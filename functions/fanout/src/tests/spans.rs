//! Log lines carry the ids of their record.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::dead_letters::WithUnreadable;
use super::*;

/// The log lines of one batch.
async fn lines<R: RouteStore>(fanout: &Fanout<Fakes<R>>, text: &str) -> Vec<Value> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt().json().with_writer(Arc::new(writer)).finish();
    let guard = hooklane_aws::telemetry::printed::listen(subscriber);
    let _ = fanout.handle_all(batch(text)).await;
    drop(guard);
    let mut written = String::new();
    reader.read_to_string(&mut written).unwrap();
    written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn line<'a>(lines: &'a [Value], event: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["fields"]["message"] == event);
    found.unwrap_or_else(|| panic!("no {event} in {lines:?}"))
}

#[tokio::test]
async fn a_dead_letter_is_logged_with_the_ids_of_its_event() {
    let registry = WithUnreadable(MemoryRegistry::default(), Mutex::new("acme"));
    let lines = lines(&over(registry, MemoryQueues::at(at(NOW), 360)), SAMPLE).await;
    let span = &line(&lines, "record.dead_lettered")["span"];
    assert_eq!(
        (&span["event.id"], &span["tenant"]),
        (&"order-1001-created".into(), &"acme".into())
    );
}

#[tokio::test]
async fn a_failure_is_logged_once_with_the_ids_of_the_event_where_it_arose() {
    let faults = Faults::default();
    let registry = MemoryRegistry::with_faults(faults.clone());
    faults.die_after(0);
    let lines = lines(&over(registry, MemoryQueues::at(at(NOW), 360)), SAMPLE).await;
    assert_eq!(lines.len(), 1);
    let span = &line(&lines, "batch.failed")["span"];
    assert_eq!(
        (&span["event.id"], &span["tenant"]),
        (&"order-1001-created".into(), &"acme".into())
    );
}

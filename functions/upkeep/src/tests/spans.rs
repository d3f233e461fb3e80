//! Log lines carry the ids of their webhook and delivery.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;

use super::world::World;

/// The log lines of one run.
pub(super) async fn lines(world: &World) -> Vec<Value> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt().json().with_writer(Arc::new(writer)).finish();
    let guard = hooklane_aws::telemetry::printed::listen(subscriber);
    world.run().await;
    drop(guard);
    let mut written = String::new();
    reader.read_to_string(&mut written).unwrap();
    written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ids in the span of the line of that event.
fn ids<'a>(lines: &'a [Value], event: &str) -> [&'a str; 3] {
    let line = lines.iter().find(|line| line["fields"]["message"] == event);
    let line = line.unwrap_or_else(|| panic!("no {event} in {lines:?}"));
    ["tenant", "webhook.id", "delivery.id"].map(|id| line["span"][id].as_str().unwrap_or_default())
}

#[tokio::test]
async fn what_goes_wrong_is_logged_with_the_ids_of_what_it_is_about() {
    let world = World::new();
    let broken = world.watched_webhook(1).await;
    let webhook = world.watched_webhook(2).await;
    world.park(&webhook, "e1").await;
    world.ledger.corrupt(world.id(&webhook, "e1"));
    world.registry.hooks.unreadable.lock().unwrap().insert(broken.id);
    let lines = lines(&world).await;
    let (broken, delivery) = (broken.id.to_string(), world.id(&webhook, "e1").to_string());
    let webhook = webhook.id.to_string();
    assert_eq!(ids(&lines, "webhook.not_looked_at"), ["acme", &broken, ""]);
    assert_eq!(ids(&lines, "delivery.unreadable"), ["acme", &webhook, &delivery]);
}

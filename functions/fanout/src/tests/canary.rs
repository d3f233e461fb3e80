//! The canary's event goes to its own webhook, which is in no registry, and no tenant gets it.

use hooklane_domain::canary;

use super::*;

fn canarys() -> String {
    SAMPLE
        .replace("\"S\": \"acme\"", "\"S\": \"hooklane-canary\"")
        .replace("order.created", "hooklane.canary")
}

#[tokio::test]
async fn the_canary_goes_to_its_own_webhook_alone() {
    let curious = [
        webhook(1, "acme", &["hooklane.canary", "*"]),
        // What a tenant of that name left from a time when the name was free.
        webhook(2, "hooklane-canary", &["*", "hooklane.canary"]),
    ];
    let fanout = fanout(&curious).await;
    fanout.handle_all(batch(&canarys())).await.unwrap();
    let deliveries = sent(&fanout);
    assert_eq!(webhooks_of(&deliveries), [canary::webhook()]);
    assert!(deliveries[0].tenant.is_canary());

    let another_type = canarys().replace("hooklane.canary", "order.created");
    fanout.handle_all(batch(&another_type)).await.unwrap();
    assert!(sent(&fanout).is_empty());
}

/// The canary shows whether `fanout` can read the registry.
#[tokio::test]
async fn the_canary_is_not_sent_while_the_registry_cannot_be_read() {
    let faults = Faults::default();
    let registry = MemoryRegistry::with_faults(faults.clone());
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    faults.die_after(0);
    assert!(fanout.handle_all(batch(&canarys())).await.is_err());
    assert!(sent(&fanout).is_empty());
}

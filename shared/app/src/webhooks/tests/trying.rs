//! Tests of a webhook.

use super::*;

/// A receiver that gets no request.
struct NeverAsked;

impl Post for NeverAsked {
    async fn post(&self, to: Destination<'_>, _: WireRequest, _: Duration) -> Sent {
        unreachable!("a request to {:?}", to.url)
    }
}

/// An evaluation takes the instance as the wait for the receiver does, so a test without a place begins none.
#[tokio::test]
async fn finding_14_a_test_is_evaluated_in_its_place_only() {
    let world = World::new();
    let (registry, one) = (&world.registry.inner, world.webhook().await);
    let filter = "event.data.all(x, !('zz' in event.data))".parse().unwrap();
    let id = WebhookId::new(one.created_at, 77);
    assert!(registry.create(&Webhook { id, filter: Some(filter), ..one }).await.unwrap());
    let payload = format!("[{}1]", "1,".repeat(20_000));
    let try_now = || {
        let deps = TestDeps {
            registry,
            ledger: &world.ledger,
            sender: &NeverAsked,
            system: &world.system,
            contracts: &world.contracts,
            catalog: &world.catalog,
            at_once: 1,
        };
        test(deps, (&world.tenant, id), &payload).now_or_never()
    };

    // No heavy evaluation can begin, and one that is asked for waits.
    let turn = evaluation::turn().await.unwrap();
    assert!(try_now().is_none(), "it has the place, and waits for its turn");
    let refused = try_now();
    let expected = Exceeded { quota: QuotaName::ConcurrentTests, limit: 1, used: 1 };
    let too_many =
        matches!(refused, Some(Err(TestError::TooMany(exceeded))) if exceeded == expected);
    assert!(too_many, "{refused:?}");
    drop(turn);
}

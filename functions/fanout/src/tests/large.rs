//! A tenant whose subscriptions are too many to be held.

use super::*;
use crate::route_cache::Routes;

#[tokio::test]
async fn finding_04_subscriptions_too_large_to_hold_are_read_in_pages_and_all_get_the_event() {
    let registry = MemoryRegistry::default().in_pages_of(7);
    let (fast, slow) = (Lane::Fast, Lane::Slow);
    for n in 0..100 {
        let lane = if n % 10 == 0 { slow } else { fast };
        let one = Webhook { lane, ..webhook(n, "acme", &["*"]) };
        registry.create(&one).await.unwrap();
    }
    let mut fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    let one = fanout.routes.registry().table(&"acme".parse().unwrap()).await.unwrap().bytes() / 100;
    fanout.routes.hold_at_most(20 * one);
    let acme = "acme".parse().unwrap();
    assert!(matches!(fanout.routes.of(&acme, 100, at(NOW)).await.unwrap(), Routes::Large));
    for _ in 0..2 {
        fanout.handle_all(batch(SAMPLE)).await.unwrap();
        let mut reached = webhooks_of(&sent(&fanout));
        reached.sort();
        reached.dedup();
        assert_eq!((reached.len(), fanout.queues.count(slow)), (90, 10));
        while let [first, ..] = fanout.queues.receive(slow).as_slice() {
            fanout.queues.delete(&first.id);
        }
        fanout.queues.lose_all();
    }
}

#[tokio::test]
async fn finding_04_what_is_held_of_all_tenants_is_bounded_by_bytes() {
    let filter = "event.type != 'x' && ".repeat(90) + "true";
    let registry = MemoryRegistry::default();
    for n in 0..2_000_u128 {
        let tenant = format!("tenant-{}", n / 20);
        let filter = Some(hooklane_domain::expression::Filter::from_stored(filter.clone()));
        registry.create(&Webhook { filter, ..webhook(n, &tenant, &["*"]) }).await.unwrap();
    }
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    let tenants: Vec<_> = (0..100).map(|n| format!("tenant-{n}").parse().unwrap()).collect();
    for tenant in &tenants {
        fanout.routes.of(tenant, 20, at(NOW)).await.unwrap();
    }
    let held: usize = tenants.iter().map(|tenant| fanout.routes.bytes_held(tenant)).sum();
    assert!((1..=48 << 20).contains(&held), "{held}");
}

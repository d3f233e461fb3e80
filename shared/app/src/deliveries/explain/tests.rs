use hooklane_domain::event::Content;
use hooklane_domain::expression::Filter;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::Essentials;
use hooklane_domain::webhook::target::TargetUrl;

use super::*;
use crate::fakes::{MemoryLedger, MemoryRegistry};

const NOW: i64 = 90_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn webhook(number: u128, filter: Option<&str>) -> Webhook {
    let new = Webhook::new(Essentials {
        id: WebhookId::new(at(0), number),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: vec!["*".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at: at(0),
    });
    Webhook { filter: filter.map(|text| text.parse::<Filter>().unwrap()), ..new }
}

fn event(data: &str) -> Event {
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let (id, tenant) = ("e1".parse().unwrap(), "acme".parse().unwrap());
    Event { id, tenant, accepted_at: at(1_000), content, value: None }
}

async fn explained(
    registry: &MemoryRegistry,
    ledger: &MemoryLedger,
    after: Option<WebhookId>,
) -> ExplainedEvent {
    let asked = (&"acme".parse().unwrap(), false, after);
    let id = "e1".parse().unwrap();
    explain_event(registry, ledger, asked, &id, at(NOW)).await.unwrap().unwrap()
}

#[tokio::test]
async fn filters_are_evaluated_only_where_they_decide() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    let event = event(r#"{"n":1}"#);
    EventStore::put(&ledger, &event).await.unwrap();
    let drops = webhook(1, Some("event.data.n == 2"));
    let passes = webhook(2, Some("event.data.n == 1"));
    let fails = webhook(3, Some("event.data.m == 1"));
    let other = Webhook {
        events: vec!["user.*".parse().unwrap()],
        ..webhook(4, Some("event.data.n == 2"))
    };
    let got = webhook(5, Some("event.data.n == 2"));
    let skips = webhook(6, None);
    for new in [&drops, &passes, &fails, &other, &got, &skips] {
        registry.create(new).await.unwrap();
    }
    let id = DeliveryId::new(got.id, event.accepted_at, event.id.clone());
    let kind = event.content.event_type.clone();
    let delivery = hooklane_domain::delivery::Delivery::unwritten(id, event.tenant.clone(), kind);
    ledger.save(&delivery).await.unwrap();
    registry.skip(skips.id).await.unwrap();
    let all = explained(&registry, &ledger, None).await;
    let said: Vec<_> = all
        .webhooks
        .iter()
        .map(|one| (one.id, one.explanation.verdict, one.evaluated, one.delivery.is_some()))
        .collect();
    let Verdict::Waiting(_) = said[1].1 else { panic!("{said:?}") };
    assert_eq!(
        said,
        [
            (skips.id, Verdict::Skipped, false, false),
            (got.id, said[1].1, false, true),
            (other.id, Verdict::NotSubscribed, false, false),
            (fails.id, Verdict::Missing, true, false),
            (passes.id, Verdict::Missing, true, false),
            (drops.id, Verdict::Filtered, true, false),
        ]
    );
    assert_eq!(all.detail.deliveries.len(), 1);
    assert!(all.outlook.next_attempt(&all.detail.deliveries[0]).is_some());
}

#[tokio::test]
async fn filters_beyond_the_budget_of_an_event_are_said_not_to_be_evaluated() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    EventStore::put(&ledger, &event(&format!("[{}1]", "1,".repeat(20_000)))).await.unwrap();
    const HEAVY: &str = "event.data.all(x, !('zz' in event.data))";
    for number in 1..=5 {
        registry.create(&webhook(number, Some(HEAVY))).await.unwrap();
    }
    registry.create(&webhook(6, Some("event.type == 'user.created'"))).await.unwrap();
    let all = explained(&registry, &ledger, None).await;
    let said: Vec<_> = all.webhooks.iter().map(|w| (w.explanation.verdict, w.evaluated)).collect();
    assert_eq!(said[0], (Verdict::Filtered, true), "it came first");
    assert_eq!(said[5], (Verdict::FilterOverBudget, false), "{said:?}");
}

#[tokio::test]
async fn each_webhook_is_explained_once_in_pages() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    EventStore::put(&ledger, &event("{}")).await.unwrap();
    for number in 0..130 {
        registry.create(&webhook(number, None)).await.unwrap();
    }
    let first = explained(&registry, &ledger, None).await;
    let rest = explained(&registry, &ledger, first.detail.next).await;
    assert_eq!((first.webhooks.len(), rest.webhooks.len()), (MAX_EXPLAINED, 30));
    assert_eq!(rest.detail.next, None);
    let ids: Vec<_> = first.webhooks.iter().chain(&rest.webhooks).map(|one| one.id).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "newest first, each once");
    let unknown = ("acme".parse().unwrap(), "e2".parse().unwrap());
    let none = explain_event(&registry, &ledger, (&unknown.0, false, None), &unknown.1, at(NOW));
    assert!(none.await.unwrap().is_none());
}

use std::collections::BTreeSet;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use super::*;
use crate::deliveries::{Search, search};
use crate::fakes::{MemoryLedger, MemoryRegistry};
use crate::ports::{DeliveryStore as _, WebhookStore as _};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// A tenant with this many webhooks, of which each hundredth has a delivery that waits.
async fn stores(webhooks: u128) -> (MemoryRegistry, MemoryLedger) {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    for n in 0..webhooks {
        let id = WebhookId::new(at(0), n);
        let webhook = Webhook::new(Essentials {
            id,
            tenant: tenant(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        });
        registry.create(&webhook).await.unwrap();
        if n % 100 == 0 {
            let id = DeliveryId::new(id, at(i64::try_from(n).unwrap()), "e".parse().unwrap());
            let waiting = Delivery::unwritten(id, tenant(), "a".parse().unwrap());
            ledger.save(&waiting).await.unwrap();
        }
    }
    (registry, ledger)
}

#[tokio::test]
async fn finding_04_one_request_reads_a_bounded_number_of_webhooks() {
    let (registry, ledger) = stores(2_500).await;
    let (mut found, mut pages) = (Vec::new(), 0);
    let all = Search { statuses: Some(UNDELIVERED.to_vec()), ..Search::default() };
    let mut place: Option<String> = None;
    loop {
        let asked = (place.as_deref(), 4);
        let read = search(&registry, &ledger, &tenant(), &all, asked).await.unwrap();
        found.extend(read.deliveries.into_iter().map(|delivery| delivery.id));
        pages += 1;
        place = read.next;
        let Some(next) = &place else { break };
        assert_eq!(&next.parse::<Place>().unwrap().to_string(), next);
    }
    assert_eq!(found.len(), 25);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 25, "each once");
    // Three groups, of 1,000, 1,000 and 500 webhooks, with 10, 10 and 5 deliveries.
    assert_eq!(pages, 3 + 3 + 2);
    let group = |from: usize, to: usize| found[from..to].is_sorted_by(|a, b| a > b);
    assert!(group(0, 10) && group(10, 20) && group(20, 25), "each newest first");

    let one = Search { statuses: Some(vec![Status::Pending]), ..Search::default() };
    let read = search(&registry, &ledger, &tenant(), &one, (None, 100)).await.unwrap();
    assert_eq!((read.deliveries.len(), read.next), (25, None), "one status: one group");
}

#[test]
fn a_cursor_of_an_earlier_version_is_a_place_in_the_first_group() {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(5), "e1".parse().unwrap());
    let place: Place = id.to_string().parse().unwrap();
    assert_eq!(place, Place { group: None, after: Some(id) });
    assert!("nonsense".parse::<Place>().is_err());
}

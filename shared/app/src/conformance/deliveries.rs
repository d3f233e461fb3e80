use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{ParkReason, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::lists;
use super::samples::{answered, at, delivery, save, tenant, turn, unanswered, waiting};
use crate::ports::{AttemptLog, DeliveryFilter, DeliveryStore, Gathering, Saved};

/// A delivery is written only over the one it was decided from, and reads back whole.
pub async fn deliveries(store: &(impl DeliveryStore + AttemptLog + Gathering), salt: u128) {
    let tenant = tenant("deliveries", salt);
    writes_are_conditional(store, &tenant, WebhookId::new(at(0), salt)).await;
    attempts_are_kept(store, &tenant, WebhookId::new(at(1), salt)).await;
    several_are_saved_at_once(store, &tenant, WebhookId::new(at(8), salt)).await;
    every_state_is_listed(store, &tenant, WebhookId::new(at(2), salt)).await;
    pages_cover_everything_once(store, &tenant, WebhookId::new(at(3), salt)).await;
    lists::filters_match_status_and_event_type(store, &tenant, WebhookId::new(at(4), salt)).await;
    lists::a_range_includes_its_start_and_excludes_its_end(
        store,
        &tenant,
        WebhookId::new(at(5), salt),
    )
    .await;
    lists::parked_deliveries_can_be_listed_apart(store, &tenant, WebhookId::new(at(7), salt)).await;
    lists::kept_attempts_are_in_order(store, &tenant, WebhookId::new(at(6), salt)).await;
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn writes_are_conditional(store: &impl DeliveryStore, tenant: &TenantId, webhook: WebhookId) {
    let fresh = delivery(tenant, webhook, 0);
    let other = delivery(tenant, webhook, 1);
    let ids = [fresh.id.clone(), other.id.clone(), fresh.id.clone()];
    assert_eq!(store.read(&ids).await.unwrap(), [None, None, None]);

    let first = save(store, &waiting(fresh.clone(), &answered(1, 0, 500))).await;
    assert_eq!(first.revision, 1);
    assert_eq!(store.save(&fresh).await.unwrap(), Saved::Conflict, "there already is one");
    let read = store.read(&ids).await.unwrap();
    assert_eq!(read, [Some(first.clone()), None, Some(first.clone())], "in the order of the ids");

    let second = save(store, &waiting(first.clone(), &answered(2, 10, 500))).await;
    assert_eq!(second.revision, 2);
    assert_eq!(
        store.save(&first).await.unwrap(),
        Saved::Conflict,
        "it was decided from an old revision"
    );
    assert_eq!(store.read(&ids[..1]).await.unwrap(), [Some(second.clone())]);

    let parked = save(store, &second.clone().parked(at(5), ParkReason::Inactive)).await;
    assert_eq!(
        store.save(&second.parked(at(6), ParkReason::Inactive)).await.unwrap(),
        Saved::Conflict
    );
    assert_eq!(store.read(&ids[..1]).await.unwrap(), [Some(parked)]);
}

/// More deliveries than a call takes: most are new, some of them twice, and two have been saved before.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn several_are_saved_at_once(
    store: &(impl DeliveryStore + Gathering),
    tenant: &TenantId,
    webhook: WebhookId,
) {
    let new = |ms| delivery(tenant, webhook, ms);
    let delivered = |ms| new(ms).after(&answered(1, ms, 200), Next::Delivered, turn());
    let first = save(store, &waiting(new(0), &answered(1, 0, 500))).await;
    save(store, &waiting(new(1), &answered(1, 0, 500))).await;
    let mut all: Vec<_> = (1..32).map(delivered).collect();
    all.push(first.after(&answered(2, 10, 200), Next::Delivered, turn()));
    all.extend((2..5).map(delivered));
    let gathered: Vec<_> = all.iter().map(|_| store.gather()).collect();
    let saves = futures::future::join_all(all.iter().map(|delivery| store.save(delivery))).await;
    drop(gathered);
    for ms in 0..32 {
        let id = new(ms).id;
        let of_delivery = all.iter().zip(&saves).filter(|(delivery, _)| delivery.id == id);
        let saved: Vec<_> = of_delivery
            .filter_map(|(_, saved)| match saved.as_ref().unwrap() {
                Saved::Yes(written) => Some((**written).clone()),
                Saved::Conflict => None,
            })
            .collect();
        assert_eq!(saved.len(), usize::from(ms != 1), "each is saved once: {ms}");
        let read = store.read(&[id]).await.unwrap().remove(0).unwrap();
        assert!(saved.iter().all(|written| *written == read), "{ms}");
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn attempts_are_kept(store: &impl DeliveryStore, tenant: &TenantId, webhook: WebhookId) {
    let made = [unanswered(1, 0), answered(2, 1_000, 503), answered(3, 2_000, 200)];
    let mut delivery = delivery(tenant, webhook, 0);
    for failed in &made[..2] {
        store.keep_attempt(&delivery, failed).await.unwrap();
        store.keep_attempt(&delivery, failed).await.unwrap();
        delivery = save(store, &waiting(delivery, failed)).await;
    }
    assert_eq!(store.attempts(&delivery).await.unwrap(), made[..2]);
    // Two messages that failed in the same millisecond have one attempt between them.
    let twice = waiting(delivery.clone(), &made[1]);
    assert_eq!(store.attempts(&twice).await.unwrap(), made[..2]);
    let delivered = save(store, &delivery.after(&made[2], Next::Delivered, turn())).await;
    let read = store.read(std::slice::from_ref(&delivered.id)).await.unwrap();
    assert_eq!(read, [Some(delivered.clone())]);
    assert_eq!(store.attempts(&delivered).await.unwrap(), made);
}

fn filter(status: Option<Status>, limit: usize) -> DeliveryFilter {
    DeliveryFilter { status, limit, ..DeliveryFilter::default() }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn every_state_is_listed(store: &impl DeliveryStore, tenant: &TenantId, webhook: WebhookId) {
    use hooklane_domain::delivery::{CancelReason, FailReason};
    let failed = answered(1, 0, 500);
    let new = |ms| delivery(tenant, webhook, ms);
    let states = [
        new(0).after(&answered(1, 0, 200), Next::Delivered, turn()),
        waiting(new(1), &failed),
        new(2).parked(at(2), ParkReason::Inactive),
        new(3).failed(at(3), FailReason::EventMissing),
        new(4).cancelled(at(4), CancelReason::WebhookDeleted),
    ];
    let mut written = Vec::new();
    for state in &states {
        written.push(save(store, state).await);
    }
    for status in Status::ALL {
        let page = store.list(tenant, webhook, &filter(Some(status), 10)).await.unwrap();
        let expected: Vec<_> = written.iter().filter(|d| d.status() == status).cloned().collect();
        assert_eq!(page.deliveries, expected, "{status:?}");
    }
    let all = store.list(tenant, webhook, &filter(None, 10)).await.unwrap();
    written.reverse();
    assert_eq!(all.deliveries, written, "newest first");

    let others = super::samples::tenant("strangers", 0);
    let page = store.list(&others, webhook, &filter(None, 10)).await.unwrap();
    assert!(page.deliveries.is_empty(), "another tenant does not see them");
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn pages_cover_everything_once(
    store: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
) {
    for ms in 0..7 {
        save(store, &waiting(delivery(tenant, webhook, ms), &answered(1, ms, 500))).await;
    }
    for status in [None, Some(Status::Retrying)] {
        let (mut after, mut seen) = (None, Vec::new());
        for _ in 0..10 {
            let asked = DeliveryFilter { status, after, limit: 3, ..DeliveryFilter::default() };
            let page = store.list(tenant, webhook, &asked).await.unwrap();
            assert!(page.deliveries.len() <= 3);
            seen.extend(page.deliveries.iter().map(|d| d.id.accepted_at()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..7).rev().map(at).collect();
        assert_eq!(seen, expected, "each once, newest first: {status:?}");
        // A page may start after an id that no delivery has.
        let after = DeliveryId::new(webhook, at(5), "-".parse().unwrap());
        let asked =
            DeliveryFilter { status, after: Some(after), limit: 9, ..DeliveryFilter::default() };
        let page = store.list(tenant, webhook, &asked).await.unwrap();
        let seen: Vec<_> = page.deliveries.iter().map(|d| d.id.accepted_at()).collect();
        assert_eq!(seen, expected[2..], "{status:?}");
    }
}

use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Current, Kind, Stage, Walk};
use hooklane_domain::usage::{Figures, MonthUsage, Span};

use super::samples::{at, tenant, webhook};
use crate::ports::{ActiveTenants, DeletedWebhooks, UsageStore, WebhookIds, WebhookStore};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn figures(events: u64) -> Figures {
    Figures { events, event_bytes: u64::MAX >> 12, deliveries: 3, ..Figures::default() }
}

/// Spans count once, final days stay, and a month is read by tenant and in the list of all tenants.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn usage<S: UsageStore>(store: &S, salt: u128) {
    // Months of its own, so that others' tenants are not in the lists.
    let year = i64::try_from(salt % 900).unwrap() * 366;
    let midnight = Day::of(at(year * DAY)).month().end().as_millisecond() - at(0).as_millisecond();
    let span = |from: i64, to: i64| Span { from: at(midnight + from), to: at(midnight + to) };
    let day = Day::of(at(midnight));
    let (month, next) = (day.month(), day.month().next().unwrap());
    let ours = tenant("usage", salt);
    assert_eq!(of(store, &ours, month).await, MonthUsage::none(ours.clone(), month));
    store.add_usage(&ours, span(0, HOUR), figures(2)).await.unwrap();
    store.add_usage(&ours, span(0, HOUR), figures(2)).await.unwrap();
    store.add_usage(&ours, span(2 * HOUR, 3 * HOUR), figures(3)).await.unwrap();
    store.add_usage(&ours, span(3 * HOUR, 4 * HOUR), Figures::default()).await.unwrap();
    store.add_usage(&ours, span(DAY, DAY + HOUR), figures(7)).await.unwrap();
    let found = of(store, &ours, month).await;
    let first = &found.days[&1];
    assert_eq!((first.figures.events, first.figures.deliveries, first.is_final), (5, 6, false));
    assert_eq!(first.counted_to, at(midnight + 3 * HOUR));
    assert_eq!(first.figures.event_bytes, 2 * (u64::MAX >> 12), "all digits are kept");
    assert_eq!(found.days[&2].figures.events, 7);
    store.finish_usage(&ours, day, figures(4)).await.unwrap();
    store.add_usage(&ours, span(23 * HOUR, DAY), figures(9)).await.unwrap();
    let found = of(store, &ours, month).await;
    assert_eq!((found.days[&1].figures, found.days[&1].is_final), (figures(4), true));
    assert_eq!((found.days[&2].figures, found.days.len()), (figures(7), 2), "other days stay");

    let mut all = vec![ours.clone()];
    for name in ["usage-a", "usage-b", "zusage"] {
        let other = tenant(name, salt);
        store.add_usage(&other, span(0, HOUR), figures(1)).await.unwrap();
        all.push(other);
    }
    store.finish_usage(&all[1], Day::of(next.start()), figures(8)).await.unwrap();
    all.sort();
    for limit in [1, 3, 100] {
        let (mut after, mut listed) = (None, Vec::new());
        for _ in 0..20 {
            let page = store.usage_in(month, after.as_ref(), limit).await.unwrap();
            assert!(page.tenants.len() <= limit && page.unreadable == 0);
            listed.extend(page.tenants);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let ids: Vec<_> = listed.iter().map(|usage| usage.tenant.clone()).collect();
        assert_eq!(ids, all, "{limit}");
        assert!(listed.contains(&found), "as the tenant alone");
    }
    let months = store.usage_of(&all[0], &[next, month]).await.unwrap();
    assert_eq!(months.iter().map(|usage| usage.month).collect::<Vec<_>>(), [next, month]);
    progress(store).await;
}

/// A count is written over the revision that was read, and all of its position is kept.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn progress<S: UsageStore>(store: &S) {
    for kind in Kind::ALL {
        assert_eq!(store.counting(kind).await.unwrap(), None);
        let mut counting = Counting::new(kind, at(0));
        assert!(store.save_counting(&counting).await.unwrap());
        assert!(!store.save_counting(&counting).await.unwrap(), "another run was faster");
        counting.revision += 1;
        assert_eq!(store.counting(kind).await.unwrap().as_ref(), Some(&counting));
        let webhook = WebhookId::new(at(0), 7);
        for stage in [
            Stage::Events { after: Some("17#e".parse().unwrap()) },
            Stage::Webhook { after: None },
            Stage::Deliveries { webhook, after: None },
            Stage::Attempts { webhook, after: Some("17#e#2".parse().unwrap()) },
        ] {
            let tenant: TenantId = "acme".parse().unwrap();
            let walk = Walk { tenant: tenant.clone(), stage, sum: figures(9) };
            let current = Current { to: at(HOUR), after: Some(tenant), walk: Some(walk) };
            counting.current = Some(current);
            assert!(store.save_counting(&counting).await.unwrap());
            counting.revision += 1;
            assert_eq!(store.counting(kind).await.unwrap().as_ref(), Some(&counting));
        }
        let stale = Counting { revision: 1, ..counting.clone() };
        assert!(!store.save_counting(&stale).await.unwrap());
        let done = counting.span_done();
        assert!(store.save_counting(&done).await.unwrap());
        assert_eq!(store.counting(kind).await.unwrap().unwrap().current, None);
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn of<S: UsageStore>(store: &S, tenant: &TenantId, month: Month) -> MonthUsage {
    let mut found = store.usage_of(tenant, &[month]).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// The lists of active tenants and of deleted webhooks.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn counted_things<S: ActiveTenants + DeletedWebhooks>(store: &S, salt: u128) {
    let (ours, theirs) = (tenant("counted", salt), tenant("counters", salt));
    for noted in [&theirs, &ours, &ours] {
        store.note_active(noted, at(0)).await.unwrap();
    }
    let mut after = None;
    let mut listed = Vec::new();
    for _ in 0..1_000 {
        let page = store.active(after.as_ref(), 1).await.unwrap();
        assert!(page.len() <= 1);
        let Some(last) = page.last().cloned() else { break };
        listed.extend(page);
        after = Some(last);
    }
    assert!(listed.is_sorted());
    let here = listed.iter().filter(|tenant| [&ours, &theirs].contains(tenant)).count();
    assert_eq!(here, 2, "each once");
    let id = |n: i64| WebhookId::new(at(n), salt);
    for n in [2, 1, 3, 2] {
        store.note_deleted(&ours, id(n), at(10)).await.unwrap();
    }
    store.note_deleted(&theirs, id(9), at(10)).await.unwrap();
    assert_eq!(store.deleted(&ours, None, 9).await.unwrap(), [id(3), id(2), id(1)]);
    assert_eq!(store.deleted(&ours, None, 2).await.unwrap(), [id(3), id(2)]);
    assert_eq!(store.deleted(&ours, Some(id(2)), 9).await.unwrap(), [id(1)]);
    assert!(store.deleted(&ours, Some(id(1)), 9).await.unwrap().is_empty());
}

/// The ids of webhooks are listed like the webhooks.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn webhook_ids<S: WebhookIds + WebhookStore>(store: &S, salt: u128) {
    let owner = tenant("ids", salt);
    let mut ids = Vec::new();
    for n in 1..=3_i64 {
        let made = webhook(&owner, salt + u128::from(n.unsigned_abs()), n);
        assert!(store.create(&made).await.unwrap());
        ids.insert(0, made.id);
    }
    assert_eq!(store.webhook_ids(&owner, None, 9).await.unwrap(), ids);
    assert_eq!(store.webhook_ids(&owner, None, 1).await.unwrap(), ids[..1]);
    assert_eq!(store.webhook_ids(&owner, Some(ids[0]), 9).await.unwrap(), ids[1..]);
    store.delete(&owner, ids[1], None).await.unwrap();
    assert_eq!(store.webhook_ids(&owner, Some(ids[0]), 9).await.unwrap(), ids[2..]);
    let nobody = tenant("ids-of-nobody", salt);
    assert!(store.webhook_ids(&nobody, None, 9).await.unwrap().is_empty());
}

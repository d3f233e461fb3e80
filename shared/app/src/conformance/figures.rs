#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check that fails panics")]

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{CancelReason, Delivery};
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::{Report, Window};
use hooklane_domain::figures::settled::{Hour, Listed, Minute, Note, Parts, Progress, SettledHour};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::time::whole_millisecond;
use jiff::SignedDuration;

use super::samples::{answered, at, delivery, save, tenant, turn, unanswered, waiting};
use crate::ports::{
    AnswerKey, CountedPage, CountedPlace, DeliveryStore, FigureMarks, FigureSource, FigureStore,
    FiguresOf,
};

/// Figures are counted from what was saved, and what is kept of them is never replaced by what is older.
pub async fn figures<S>(store: &S, now: Timestamp, salt: u128)
where
    S: DeliveryStore + FigureSource + FigureStore + FigureMarks,
{
    let tenant = tenant("figures", salt);
    // A webhook of its own: other checks save deliveries of theirs in the same table.
    let webhook = WebhookId::new(at(77_000), salt);
    let now = whole_millisecond(now);
    let saved = saved(store, &tenant, webhook, now).await;
    counted(store, &tenant, webhook, &saved).await;
    noted(store, webhook, now, &saved).await;
    kept(store, &tenant, webhook).await;
    store.mark(&tenant, webhook, now).await.unwrap();
}

/// Deliveries of half a year ago, in order, with the list of each; the last one was accepted just now.
async fn saved<S: DeliveryStore>(
    store: &S,
    tenant: &TenantId,
    webhook: WebhookId,
    now: Timestamp,
) -> Vec<(Delivery, Option<Listed>)> {
    let fresh = |ms| delivery(tenant, webhook, ms);
    let (ok, no) = (answered(1, 5, 200), unanswered(1, 5));
    let pending = save(store, &fresh(0).slotted(at(9_000), turn())).await;
    let retrying = save(store, &waiting(fresh(1), &no)).await;
    let failed = save(store, &fresh(2).after(&no, Next::Exhausted, turn())).await;
    let late = save(store, &fresh(3).after(&ok, Next::Delivered, turn())).await;
    let again = save(store, &waiting(fresh(4), &no)).await;
    let again = save(store, &again.after(&answered(2, 90, 204), Next::Delivered, turn())).await;
    let cancelled = save(store, &fresh(5).cancelled(at(9), CancelReason::Requested)).await;
    let prompt = DeliveryId::new(webhook, now, "event-now".parse().unwrap());
    let prompt = Delivery::unwritten(prompt, tenant.clone(), "user.created".parse().unwrap());
    let prompt = save(store, &prompt.after(&ok, Next::Delivered, turn())).await;
    vec![
        (pending, Some(Listed::Pending)),
        (retrying, Some(Listed::Retrying)),
        (failed, Some(Listed::Failed)),
        (late, Some(Listed::Late)),
        (again, Some(Listed::Late)),
        (cancelled, Some(Listed::Cancelled)),
        (prompt, None),
    ]
}

async fn counted<S: FigureSource + DeliveryStore>(
    store: &S,
    tenant: &TenantId,
    webhook: WebhookId,
    saved: &[(Delivery, Option<Listed>)],
) {
    let all = TimeRange::default();
    let mut expected: Vec<_> =
        saved.iter().map(|(delivery, list)| (delivery.id.clone(), list.is_some())).collect();
    assert_eq!(read(store, tenant, webhook, None, (all, true)).await, expected, "oldest first");
    expected.reverse();
    assert_eq!(read(store, tenant, webhook, None, (all, false)).await, expected, "newest first");
    for list in Listed::ALL {
        let ours = saved.iter().rev().filter(|(_, of)| *of == Some(list));
        let ours: Vec<_> = ours.map(|(delivery, _)| (delivery.id.clone(), true)).collect();
        assert_eq!(read(store, tenant, webhook, Some(list), (all, false)).await, ours, "{list:?}");
    }
    let range = TimeRange::new(Some(at(2)), Some(at(4)));
    assert_eq!(read(store, tenant, webhook, None, (range, true)).await.len(), 2);
    assert_eq!(read(store, tenant, webhook, Some(Listed::Late), (range, false)).await.len(), 1);
    let other = "another".parse().unwrap();
    assert!(read(store, &other, webhook, None, (all, true)).await.is_empty(), "another tenant's");

    let again = store.read(&[saved[4].0.id.clone()]).await.unwrap().remove(0).unwrap();
    let failures: Vec<_> = again.failures.iter().collect();
    assert_eq!(failures, [(Failure::Error(ErrorKind::Timeout), 1)]);
    let pending = store.read(&[saved[0].0.id.clone()]).await.unwrap().remove(0).unwrap();
    assert_eq!(pending.slot_waits, 1);
}

/// Everything of a list, two at a time.
async fn read<S: FigureSource>(
    store: &S,
    tenant: &TenantId,
    webhook: WebhookId,
    list: Option<Listed>,
    (range, oldest_first): (TimeRange, bool),
) -> Vec<(DeliveryId, bool)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let place = CountedPlace { oldest_first, after, limit: 2 };
        let page: CountedPage = match list {
            None => store.accepted(tenant, webhook, range, &place).await.unwrap(),
            Some(list) => store.listed(tenant, webhook, list, range, &place).await.unwrap(),
        };
        found.extend(page.deliveries.into_iter().map(|one| (one.delivery.id, one.is_listed)));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn noted<S: FigureStore + FigureSource + DeliveryStore>(
    store: &S,
    webhook: WebhookId,
    now: Timestamp,
    saved: &[(Delivery, Option<Listed>)],
) {
    let of = &FiguresOf::Webhook(webhook);
    let hour = Minute::of(at(0)).hour();
    let notes = store.notes(of, at(0)).await.unwrap();
    assert_eq!(notes.into_iter().collect::<Vec<_>>(), [Note::Rest(hour)]);
    let later = now + SignedDuration::from_mins(30);
    assert!(store.notes(of, later).await.unwrap().is_empty(), "nothing was saved since");
    // A twin's failure adds to what was delivered already, which stays in its list.
    let merged = saved[3].0.clone().merged(&unanswered(1, 6), Next::Exhausted).unwrap();
    let merged = save(store, &merged).await;
    let notes = store.notes(of, at(0)).await.unwrap();
    assert!(notes.contains(&Note::Whole(Minute::of(at(3)))));
    let late =
        read(store, &merged.tenant, webhook, Some(Listed::Late), (TimeRange::default(), false));
    assert!(late.await.contains(&(merged.id, true)));
}

async fn kept<S: FigureStore>(store: &S, tenant: &TenantId, webhook: WebhookId) {
    let of = &FiguresOf::Webhook(webhook);
    let minute = Minute::of(at(0));
    let mut bucket = Bucket::default();
    bucket.count(&delivery(tenant, webhook, 0));
    let mut hour = SettledHour::none(minute.hour());
    hour.put(minute, Parts { base: bucket.clone(), rest: Bucket::default(), unreadable: 0 });
    let (first, last) = (Hour(0), Hour(i64::MAX));
    assert!(store.hours(of, first, last).await.unwrap().is_empty());
    assert!(store.save_hour(of, &hour).await.unwrap());
    assert!(!store.save_hour(of, &hour).await.unwrap(), "somebody was faster");
    let stored = SettledHour { revision: 1, ..hour.clone() };
    assert_eq!(store.hours(of, first, last).await.unwrap(), std::slice::from_ref(&stored));
    assert!(store.save_hour(of, &stored).await.unwrap());
    let next = SettledHour { hour: Hour(hour.hour.0 + 1), ..SettledHour::none(hour.hour) };
    assert!(store.save_hour(of, &next).await.unwrap());
    let only = store.hours(of, hour.hour, hour.hour).await.unwrap();
    assert_eq!(only, [SettledHour { revision: 2, ..hour.clone() }]);
    assert_eq!(store.hours(of, next.hour, last).await.unwrap().len(), 1);
    assert!(store.hours(of, first, Hour(hour.hour.0 - 1)).await.unwrap().is_empty());

    let progress = Progress { since: minute, until: minute, looked_at: at(7), revision: 0 };
    assert_eq!(store.progress(of).await.unwrap(), None);
    assert!(store.save_progress(of, &progress).await.unwrap());
    assert!(!store.save_progress(of, &progress).await.unwrap(), "somebody was faster");
    let stored = Progress { revision: 1, ..progress };
    assert_eq!(store.progress(of).await.unwrap(), Some(stored));
    assert!(store.save_progress(of, &stored).await.unwrap());

    // A tenant has minutes of its own: those of its events.
    let of = &FiguresOf::Tenant(tenant.clone());
    assert!(store.hours(of, first, last).await.unwrap().is_empty());
    assert!(store.save_hour(of, &hour).await.unwrap());
    assert_eq!(store.hours(of, first, last).await.unwrap().len(), 1);
    assert_eq!(store.progress(of).await.unwrap(), None);
    assert!(store.save_progress(of, &progress).await.unwrap());

    let window = Window::Period(Period::Day);
    let mut report = Report::none(window, at(60_000));
    report.add(minute, &bucket);
    let of_webhook = AnswerKey { owner: FiguresOf::Webhook(webhook), window };
    let of_tenant = AnswerKey { owner: FiguresOf::Tenant(tenant.clone()), window };
    let keys = [of_tenant, of_webhook.clone()];
    assert_eq!(store.answers(&keys).await.unwrap(), [None, None]);
    store.keep_answer(&of_webhook, &report).await.unwrap();
    assert_eq!(store.answers(&keys).await.unwrap(), [None, Some(report)]);
    let hourly = AnswerKey { window: Window::Period(Period::Hour), ..of_webhook };
    assert_eq!(store.answers(&[hourly]).await.unwrap(), [None], "of another window");
}

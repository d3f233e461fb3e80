use hooklane_domain::access::tenant::Tombstone;
use hooklane_domain::ids::TenantId;
use hooklane_domain::inbox::{
    Admission, Inbox, InboxAnswer, InboxToken, KEPT, KEPT_FOR, KeptRequest, MOST_PER_MINUTE,
    RequestNumber, SecretAge, Verdict,
};
use hooklane_domain::webhook::target::TargetUrl;

use super::samples::{at, tenant, webhook};
use crate::ports::{InboxLog, InboxSaved, InboxStore, TenantStore, WebhookStore};

const MINUTE: i64 = 60_000;

/// An inbox reads back whole, changes only as it was read, and goes with its tenant.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn inboxes<S: InboxStore + TenantStore + WebhookStore>(store: &S, salt: u128) {
    let ours = tenant("inbox-a", salt);
    let first = Inbox {
        token: InboxToken::new(ours.clone(), [7; 32]),
        on: true,
        answer: InboxAnswer::new(410, 2).unwrap(),
        updated_at: at(1),
        revision: 1,
    };
    assert_eq!(store.inbox(&ours).await.unwrap(), None);
    let too_new = Inbox { revision: 2, ..first.clone() };
    assert_eq!(store.save_inbox(&too_new).await.unwrap(), InboxSaved::No);
    assert_eq!(store.save_inbox(&first).await.unwrap(), InboxSaved::Yes);
    assert_eq!(store.save_inbox(&first).await.unwrap(), InboxSaved::No, "there is one already");
    assert_eq!(store.inbox(&ours).await.unwrap(), Some(first.clone()));
    assert!(store.is_listed(&ours).await.unwrap());
    let second = Inbox { on: false, ..first.clone().moved([8; 32], at(2)) };
    assert_eq!(store.save_inbox(&second).await.unwrap(), InboxSaved::Yes);
    assert_eq!(store.inbox(&ours).await.unwrap(), Some(second));

    // Which webhooks point to it.
    let url = "https://hooks.example.com/inbox/x";
    assert!(store.webhooks_at(&ours, url, 2).await.unwrap().is_empty());
    for n in 1..=4u8 {
        let mut webhook = webhook(&ours, salt, i64::from(n));
        if n != 2 {
            webhook.url = TargetUrl::from_stored(url).unwrap();
        }
        assert!(store.create(&webhook).await.unwrap());
    }
    let found = store.webhooks_at(&ours, url, 10).await.unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|webhook| webhook.url.as_str() == url && webhook.tenant == ours));
    assert_eq!(store.webhooks_at(&ours, url, 2).await.unwrap().len(), 2);
    let other = tenant("inbox-b", salt);
    assert!(store.webhooks_at(&other, url, 10).await.unwrap().is_empty());

    let tombstone = Tombstone { reusable_from: at(0), emptied: false };
    store.bury(&ours, tombstone).await.unwrap();
    let third = Inbox { revision: 3, ..first.clone() };
    assert_eq!(store.save_inbox(&third).await.unwrap(), InboxSaved::Removed(tombstone));
    while !store.clear(&ours).await.unwrap() {}
    assert_eq!(store.inbox(&ours).await.unwrap(), None);
}

/// An inbox keeps the newest requests, no more than it may, and each for a while.
pub async fn inbox_requests<S: InboxLog>(store: &S, salt: u128) {
    requests_read_back_whole(store, &tenant("inbox-c", salt), salt).await;
    the_newest_push_out_the_oldest(store, &tenant("inbox-d", salt)).await;
    concurrent_requests_get_numbers_of_their_own(store, &tenant("inbox-e", salt)).await;
}

fn sample(number: u64, ms: i64, verdict: Verdict) -> KeptRequest {
    KeptRequest {
        number: RequestNumber(number),
        at: at(ms),
        method: "POST".to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-empty".to_owned(), String::new()),
        ],
        headers_cut: number.is_multiple_of(2),
        body: vec![b'{', 0xff, 0, b'}'],
        size: 4 + number,
        verdict,
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn take<S: InboxLog>(store: &S, tenant: &TenantId, ms: i64) -> Option<RequestNumber> {
    match store.admit_request(tenant, at(ms)).await.unwrap() {
        Admission::Taken(number, _) => Some(number),
        Admission::Refused { .. } => None,
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn requests_read_back_whole<S: InboxLog>(store: &S, tenant: &TenantId, salt: u128) {
    let webhook = webhook(tenant, salt, 0).id;
    let list =
        async |before, limit, ms| store.kept_requests(tenant, before, limit, at(ms)).await.unwrap();
    assert_eq!(list(None, 5, 0).await.requests, []);
    store.clear_requests(tenant).await.unwrap();
    let verdicts = [
        Verdict::Verified { webhook, secret: SecretAge::Current },
        Verdict::Verified { webhook, secret: SecretAge::Previous },
        Verdict::Stale { webhook, seconds: -301 },
        Verdict::WrongSignature,
        Verdict::NotSigned,
        Verdict::NoWebhook,
    ];
    let mut kept = Vec::new();
    for (number, verdict) in (1..).zip(verdicts) {
        assert_eq!(take(store, tenant, 0).await, Some(RequestNumber(number)));
        let request = sample(number, 0, verdict);
        store.keep_request(tenant, &request).await.unwrap();
        kept.insert(0, request);
    }
    let empty =
        KeptRequest { body: Vec::new(), size: 0, headers: Vec::new(), ..sample(7, 0, verdicts[3]) };
    assert_eq!(take(store, tenant, 0).await, Some(empty.number));
    store.keep_request(tenant, &empty).await.unwrap();
    kept.insert(0, empty);
    assert_eq!(list(None, 100, 0).await.requests, kept);
    let first = list(None, 3, 0).await;
    assert_eq!((&*first.requests, first.next), (&kept[..3], Some(RequestNumber(5))));
    let rest = list(first.next, 10, 0).await;
    assert_eq!((&*rest.requests, rest.next), (&kept[3..], None));
    let one =
        async |number, ms| store.kept_request(tenant, RequestNumber(number), at(ms)).await.unwrap();
    assert_eq!(one(2, 0).await.as_ref(), Some(&kept[5]));
    assert_eq!((one(0, 0).await, one(8, 0).await, one(102, 0).await), (None, None, None));

    // After its time it is gone, whenever it is deleted.
    let end = i64::try_from(KEPT_FOR.as_millis()).unwrap();
    assert!(one(2, end - 1).await.is_some());
    assert!(one(2, end).await.is_none() && list(None, 9, end).await.requests.is_empty());

    store.clear_requests(tenant).await.unwrap();
    assert!(one(2, 0).await.is_none() && list(None, 9, 0).await.requests.is_empty());
    assert_eq!(take(store, tenant, 0).await, Some(RequestNumber(8)), "the count goes on");
    let after = sample(8, 0, Verdict::NotSigned);
    store.keep_request(tenant, &after).await.unwrap();
    assert_eq!(list(None, 9, 0).await.requests, [after]);
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn the_newest_push_out_the_oldest<S: InboxLog>(store: &S, tenant: &TenantId) {
    for number in 1..=KEPT + 1 {
        let ms = MINUTE * i64::try_from(number / u64::from(MOST_PER_MINUTE)).unwrap();
        assert_eq!(take(store, tenant, ms).await, Some(RequestNumber(number)));
        store.keep_request(tenant, &sample(number, ms, Verdict::NotSigned)).await.unwrap();
    }
    let page = store.kept_requests(tenant, None, 100, at(MINUTE)).await.unwrap();
    let numbers: Vec<_> = page.requests.iter().map(|request| request.number.0).collect();
    assert_eq!(numbers, (2..=KEPT + 1).rev().collect::<Vec<_>>());
    assert_eq!(page.next, None);
    // One that was taken and could not be kept leaves a gap, and not the request before it in its slot.
    assert_eq!(take(store, tenant, MINUTE).await, Some(RequestNumber(KEPT + 2)));
    let page = store.kept_requests(tenant, None, 2, at(MINUTE)).await.unwrap();
    let numbers: Vec<_> = page.requests.iter().map(|request| request.number.0).collect();
    assert_eq!(numbers, [KEPT + 1, KEPT]);
}

async fn concurrent_requests_get_numbers_of_their_own<S: InboxLog>(store: &S, tenant: &TenantId) {
    let crowd = futures::future::join_all((0..5).map(|_| take(store, tenant, 0))).await;
    let mut numbers: Vec<_> = crowd.into_iter().map(Option::unwrap).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5].map(RequestNumber));
    for _ in 5..MOST_PER_MINUTE {
        assert!(take(store, tenant, 0).await.is_some());
    }
    assert_eq!(take(store, tenant, 1_000).await, None);
    assert!(take(store, tenant, MINUTE).await.is_some());
}

//! The list of deliveries: what its filters find, groups by event, and what that reads.

use hooklane_app::ports::{Clock as _, DeliveryStore as _};
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::Response;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::{DeliveryId, WebhookId};

use super::figures::{minutes, webhook};
use super::*;

/// A delivery of the event `e-{n}`, accepted so many minutes ago, whose only attempt ended like that.
async fn tried(browser: &Browser, webhook: WebhookId, n: i64, outcome: Outcome) -> DeliveryId {
    let deps = &browser.portal.deps;
    let at = deps.system.now() - minutes(n);
    let id = DeliveryId::new(webhook, at, format!("e-{n}").parse().unwrap());
    let new =
        Delivery::unwritten(id.clone(), "acme".parse().unwrap(), "order.created".parse().unwrap());
    let next = match outcome.is_success() {
        true => Next::Delivered,
        false => Next::RetryAt(deps.system.now() + minutes(5)),
    };
    let (request_headers, remarks) = (Vec::new(), Vec::new());
    let (duration_ms, measure) = (40, Measure::Unknown);
    let attempt =
        Attempt { number: 1, at, duration_ms, request_headers, outcome, remarks, measure };
    if !attempt.outcome.is_success() {
        deps.ledger.keep_attempt(&new, &attempt).await.unwrap();
    }
    let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
    deps.ledger.save(&new.after(&attempt, next, turn)).await.unwrap().written().unwrap();
    id
}

fn code(status: u16) -> Outcome {
    let (status_text, headers, body) = (String::new(), Vec::new(), String::new());
    Outcome::Answered(Response { status, status_text, headers, body })
}

fn error(kind: ErrorKind) -> Outcome {
    Outcome::Error(AttemptError { kind, detail: "of this test".to_owned() })
}

/// The deliveries that a page lists, in its order.
fn listed(page: &str) -> Vec<String> {
    let after = page.split("data-id=\"").skip(1);
    after.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn deliveries_are_found_by_how_an_attempt_ended() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let (one, two) = (webhook(&browser, 1).await, webhook(&browser, 2).await);
    let full = tried(&browser, one, 1, code(503)).await.to_string();
    let late = tried(&browser, one, 2, error(ErrorKind::Timeout)).await.to_string();
    let good = tried(&browser, one, 3, code(200)).await.to_string();
    let other = tried(&browser, two, 4, code(503)).await.to_string();
    let failed = tried(&browser, two, 5, error(ErrorKind::Transform)).await.to_string();
    for (query, wanted) in [
        (String::new(), vec![&full, &late, &good, &other, &failed]),
        ("code=503".to_owned(), vec![&full, &other]),
        ("code=200".to_owned(), vec![&good]),
        (format!("code=503&webhook={two}"), vec![&other]),
        (format!("code=200&webhook={one}"), vec![&good]),
        ("code=503&status=retrying".to_owned(), vec![&full, &other]),
        ("code=503&status=delivered".to_owned(), vec![]),
        ("error=timeout".to_owned(), vec![&late]),
        (format!("error=timeout&webhook={one}"), vec![&late]),
        ("error=expression".to_owned(), vec![&failed]),
        ("error=dns".to_owned(), vec![]),
        ("event=order.created&code=503".to_owned(), vec![&full, &other]),
        ("event=order.paid".to_owned(), vec![]),
        ("code=nonsense".to_owned(), vec![&full, &late, &good, &other, &failed]),
    ] {
        let page = browser.get(&format!("/portal/acme/deliveries?{query}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let listed = listed(&page.text);
        assert_eq!(listed.iter().collect::<Vec<_>>(), wanted, "{query}");
        let rows = browser.get(&format!("/portal/acme/deliveries/rows?{query}")).await;
        assert_eq!(self::listed(&rows.text), listed, "the rows alone, {query}");
        assert!(!rows.text.contains("<html"));
    }
    let page = browser.get("/portal/acme/deliveries?code=503&error=dns").await.text;
    assert!(page.contains("value=\"503\""), "what is filtered by is in the form");
    let page = browser.get("/portal/acme/deliveries?error=timeout").await.text;
    assert!(page.contains("<option value=\"timeout\" selected>"), "{page}");
    assert!(page.contains("error=timeout&#38;since=7d"), "and in the addresses: {page}");
}

#[tokio::test]
async fn pages_of_failed_attempts_follow_each_other() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let one = webhook(&browser, 1).await;
    for n in 1..=70 {
        tried(&browser, one, n, code(503)).await;
    }
    for query in ["code=503".to_owned(), format!("code=503&webhook={one}")] {
        let page = browser.get(&format!("/portal/acme/deliveries?{query}")).await.text;
        let first = listed(&page);
        assert_eq!(first.len(), 50);
        assert!(page.contains("id=\"live\""));
        let (_, older) =
            page.rsplit_once("class=\"button\" href=\"/portal/acme/deliveries?").unwrap();
        let older = older.split('"').next().unwrap().replace("&#38;", "&");
        let page = browser.get(&format!("/portal/acme/deliveries?{older}")).await.text;
        let second = listed(&page);
        assert_eq!(second.len(), 20, "{older}");
        assert!(second.iter().all(|id| !first.contains(id)));
        assert!(!page.contains("id=\"live\""), "a page of older ones stays as it is");
    }
}

#[tokio::test]
async fn nothing_is_sent_while_nothing_changes() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let one = webhook(&browser, 1).await;
    let id = tried(&browser, one, 3, code(503)).await;
    let page = browser.get(&format!("/portal/acme/deliveries/{id}")).await.text;
    assert!(page.contains(&format!("data-from=\"/portal/acme/deliveries/{id}/now\"")), "{page}");
    for path in
        ["/portal/acme/deliveries/rows".to_owned(), format!("/portal/acme/deliveries/{id}/now")]
    {
        let first = browser.get(&path).await;
        assert_eq!(first.status, StatusCode::OK, "{path}");
        let known = [("if-none-match", first.tag.as_str())];
        let before = browser.faults.requests();
        let same = browser.ask("GET", &path, "", &known).await;
        assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        assert_eq!(same.tag, first.tag, "{path}");
        let asked = browser.faults.requests() - before;
        assert!(asked <= 8, "{path}: {asked} requests");
        let other = [("if-none-match", "\"0\"")];
        assert_eq!(browser.ask("GET", &path, "", &other).await.status, StatusCode::OK, "{path}");
        let deps = &browser.portal.deps;
        let stored = deps.ledger.read(std::slice::from_ref(&id)).await.unwrap().pop().unwrap();
        let later = Delivery { attempts: stored.as_ref().unwrap().attempts + 1, ..stored.unwrap() };
        deps.ledger.save(&later).await.unwrap().written().unwrap();
        let changed = browser.ask("GET", &path, "", &known).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
        assert_ne!(changed.tag, first.tag, "{path}");
    }
    let good = tried(&browser, one, 2, code(200)).await;
    let page = browser.get(&format!("/portal/acme/deliveries/{good}")).await.text;
    assert!(!page.contains("id=\"live\""), "it has ended");
    browser.cookie.clear();
    let path = format!("/portal/acme/deliveries/{id}/now");
    assert_eq!(browser.get(&path).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_deliveries_of_an_event_stand_below_it() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let (one, two) = (webhook(&browser, 1).await, webhook(&browser, 2).await);
    tried(&browser, one, 1, code(200)).await;
    tried(&browser, two, 1, code(503)).await;
    tried(&browser, one, 2, code(200)).await;
    let before = browser.faults.requests();
    let flat = browser.get("/portal/acme/deliveries").await.text;
    let requests = browser.faults.requests() - before;
    let before = browser.faults.requests();
    let page = browser.get("/portal/acme/deliveries?group=event").await.text;
    assert_eq!(browser.faults.requests() - before, requests, "grouping reads nothing");
    assert_eq!(flat.matches("scope=\"rowgroup\"").count(), 0);
    assert_eq!(page.matches("scope=\"rowgroup\"").count(), 2, "one for each event");
    assert_eq!(listed(&page).len(), 3);
    let (_, first) = page.split_once("scope=\"rowgroup\"").unwrap();
    let (first, second) = first.split_once("scope=\"rowgroup\"").unwrap();
    assert!(first.contains("e-1") && !first.contains("e-2"), "{first}");
    assert!(first.contains("1 delivered") && first.contains("1 retrying"), "{first}");
    assert!(second.contains("e-2") && second.contains("1 delivered on this page"), "{second}");
    assert!(page.contains("group=event\" download"), "other ways to see the list keep it");
}

/// What to do with the selected ones is there before the first row, since rows come while somebody looks.
#[tokio::test]
async fn an_empty_list_has_hidden_what_rows_that_come_later_need() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let empty = browser.get("/portal/acme/deliveries").await.text;
    let dock = "<div class=\"dock\" id=\"dock\"";
    assert!(
        empty.contains(&format!("{dock} hidden")) && empty.contains("value=\"retry\""),
        "{empty}"
    );
    let one = webhook(&browser, 1).await;
    tried(&browser, one, 1, code(503)).await;
    let page = browser.get("/portal/acme/deliveries").await.text;
    assert!(page.contains(dock) && !page.contains(&format!("{dock} hidden")), "{page}");
    browser.enter("read").await;
    assert!(!browser.get("/portal/acme/deliveries").await.text.contains("dock"));
}

#[tokio::test]
async fn filters_are_open_if_one_is_set() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    for (query, is_open) in [
        ("", false),
        ("?status=&code=&error=&since=7d&group=event", false),
        ("?id=e-1", true),
        ("?event=order.created", true),
        ("?status=failed", true),
        ("?status=parked", true),
        ("?code=503", true),
        ("?error=timeout", true),
        ("?since=1h", true),
    ] {
        let page = browser.get(&format!("/portal/acme/deliveries{query}")).await.text;
        assert_eq!(page.contains("<details open><summary>Filter"), is_open, "{query}");
        assert_eq!(page.contains("<details><summary>Filter"), !is_open, "{query}");
        assert_eq!(page.contains(">Clear</a>"), is_open, "{query}");
    }
}

#[tokio::test]
async fn errors_and_codes_of_a_webhook_lead_to_their_deliveries() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let one = webhook(&browser, 1).await;
    let full = tried(&browser, one, 1, code(503)).await.to_string();
    let late = tried(&browser, one, 2, error(ErrorKind::Timeout)).await.to_string();
    let page = browser.get(&format!("/portal/acme/webhooks/{one}?period=1h")).await.text;
    for (filter, name, wanted) in [
        ("error=timeout", "No answer in time", &late),
        ("code=503", "503 Service Unavailable", &full),
    ] {
        let path = format!("/portal/acme/deliveries?webhook={one}&{filter}&since=1h");
        let written = path.replace('&', "&#38;");
        assert!(page.contains(&format!("<a href=\"{written}\">{name}</a>")), "{filter}: {page}");
        assert_eq!(listed(&browser.get(&path).await.text), [wanted.as_str()], "{filter}");
    }
    let path = format!("/portal/acme/deliveries?webhook={one}&event=order.created&since=1h");
    assert!(page.contains(&path.replace('&', "&#38;")), "{page}");
}

//! What pages show of figures, and what they ask for it.

use hooklane_app::ports::{Clock as _, DeliveryStore as _, WebhookStore as _};
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::Response;
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{Delivery, MessageId, Turn};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use super::*;

/// A webhook of `acme` that exists since three days.
pub(super) async fn webhook(browser: &Browser, n: u128) -> WebhookId {
    let deps = &browser.portal.deps;
    let created_at = deps.system.now() - SignedDuration::from_hours(72);
    let webhook = Webhook::new(Essentials {
        id: WebhookId::new(created_at, n),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
        events: vec!["*".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at,
    });
    assert!(deps.registry.create(&webhook).await.unwrap());
    webhook.id
}

/// A delivery with one attempt, so long ago.
pub(super) async fn deliver(
    browser: &Browser,
    webhook: WebhookId,
    ago: SignedDuration,
    status: u16,
) {
    let deps = &browser.portal.deps;
    let at = deps.system.now() - ago;
    let event = format!("e-{}-{status}", at.as_millisecond()).parse().unwrap();
    let id = DeliveryId::new(webhook, at, event);
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    let outcome = Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    });
    let attempt = Attempt {
        number: 1,
        at,
        duration_ms: 40,
        request_headers: Vec::new(),
        outcome,
        remarks: Vec::new(),
        measure: Measure::Unknown,
    };
    let next = match status {
        200 => Next::Delivered,
        _ => Next::RetryAt(deps.system.now() + SignedDuration::from_mins(5)),
    };
    let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
    let tried = new.after(&attempt, next, turn);
    deps.ledger.save(&tried).await.unwrap().written().unwrap();
    if status != 200 {
        deps.ledger.keep_attempt(&tried, &attempt).await.unwrap();
    }
}

pub(super) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[tokio::test]
async fn the_list_shows_how_much_of_a_day_arrived() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    for ago in [10, 70, 80, 25 * 60] {
        deliver(&browser, one, minutes(ago), 200).await;
    }
    deliver(&browser, one, minutes(12), 503).await;
    webhook(&browser, 2).await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert!(page.contains("role=\"img\" aria-label=\"3 delivered, 1 waiting\""), "{page}");
    assert!(page.contains("data-label=\"Delivered\">75.0%</td>"), "{page}");
    assert!(page.contains("role=\"img\" aria-label=\"nothing was sent\""), "{page}");
    assert!(page.contains("data-label=\"Delivered\">none sent</td>"), "{page}");
    assert!(!page.contains("style="), "the policy permits none");
}

#[tokio::test]
async fn a_list_of_a_thousand_asks_for_no_more_than_its_page_shows() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let asked = async |browser: &Browser| {
        let before = browser.faults.requests();
        let answer = browser.get("/portal/acme/webhooks").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.text.matches("class=\"spark\"").count(), 50);
        browser.faults.requests() - before
    };
    for n in 0..60 {
        let webhook = webhook(&browser, n).await;
        deliver(&browser, webhook, minutes(5), 200).await;
    }
    let few = asked(&browser).await;
    for n in 60..1_000 {
        let webhook = webhook(&browser, n).await;
        deliver(&browser, webhook, minutes(5), 200).await;
    }
    let many = asked(&browser).await;
    let again = asked(&browser).await;
    // For each row: two about how it is doing, and five to count its day anew.
    assert_eq!(
        (few, many),
        (5 + 50 * 7, 5 + 50 * 7),
        "as many as the rows need, however many there are"
    );
    assert_eq!(again, 5 + 50 * 2, "fresh figures are read together");
}

#[tokio::test]
async fn a_list_is_shown_without_figures_rather_than_not_at_all() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    deliver(&browser, one, minutes(5), 200).await;
    // Five for the page and two for the row; what is left are figures.
    browser.faults.die_after(8);
    let answer = browser.get("/portal/acme/webhooks").await;
    assert!(browser.faults.died());
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("data-label=\"Delivered\">unknown</td>"), "{}", answer.text);
    assert!(answer.text.contains("<span class=\"quiet\">unknown</span>"), "{}", answer.text);
}

#[tokio::test]
async fn a_webhook_shows_its_volume_its_errors_and_when_it_was_counted() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    for (ago, status) in [(10, 200), (70, 200), (12, 503), (13, 503)] {
        deliver(&browser, one, minutes(ago), status).await;
    }
    let path = format!("/portal/acme/webhooks/{one}");
    let page = browser.get(&path).await.text;
    assert!(page.contains("<p>2 delivered, 2 waiting.</p>"), "{page}");
    assert!(page.contains("Counted at <time datetime=\"2026-10-13T11:51:00.000Z\""), "{page}");
    assert!(!page.contains("Not all is counted yet"), "{page}");
    assert!(page.contains("<p>2 attempts did not succeed</p>"), "{page}");
    assert!(
        page.contains("<th scope=\"row\">Answered with an error</th><td class=\"num\">2</td>"),
        "{page}"
    );
    assert!(page.contains("503 Service Unavailable</a></th><td class=\"num\">2</td>"), "{page}");
    assert!(
        page.contains("<th scope=\"row\">Accepted (200 to 299)</th><td class=\"num\">2</td>"),
        "{page}"
    );
    assert!(page.contains("Show as a table"), "{page}");
    assert!(!page.contains("style="), "the policy permits none");
    let hour = browser.get(&format!("{path}?period=1h")).await.text;
    assert!(hour.contains("<p>1 delivered, 2 waiting.</p>"), "{hour}");
    let two = webhook(&browser, 2).await;
    let empty = browser.get(&format!("/portal/acme/webhooks/{two}")).await.text;
    assert!(!empty.contains("class=\"plot\""), "there is no empty chart");
}

/// The rows that the script asks for are those of the page, without what is counted by the minute.
#[tokio::test]
async fn the_list_follows_what_happens_without_counting_figures() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    deliver(&browser, one, minutes(10), 200).await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert!(page.contains("data-from=\"/portal/acme/webhooks/rows\""), "{page}");
    let before = browser.faults.requests();
    let rows = browser.get("/portal/acme/webhooks/rows").await;
    assert_eq!(browser.faults.requests() - before, 4 + 2, "as the page, but without figures");
    assert_eq!(rows.text.matches(&format!("data-row data-id=\"{one}\"")).count(), 1);
    assert_eq!(rows.text.matches("data-kept>").count(), 2, "{}", rows.text);
    assert!(!rows.text.contains("<html"), "{}", rows.text);
    assert!(rows.text.contains("<p id=\"lead\">None of these fails. Nothing waits.</p>"));
    let known = [("if-none-match", rows.tag.as_str())];
    let again = browser.ask("GET", "/portal/acme/webhooks/rows", "", &known).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    deliver(&browser, one, minutes(1), 503).await;
    let changed = browser.ask("GET", "/portal/acme/webhooks/rows", "", &known).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert!(changed.text.contains("1 is unsteady. One delivery waits"), "{}", changed.text);
    let filtered = browser.get("/portal/acme/webhooks?status=paused").await.text;
    assert!(!filtered.contains("id=\"live\""), "nothing to follow: {filtered}");
    let filtered = browser.get("/portal/acme/webhooks?status=active&event=order.created").await;
    let from = "data-from=\"/portal/acme/webhooks/rows?event=order.created&#38;status=active\"";
    assert!(filtered.text.contains(from), "{}", filtered.text);
}

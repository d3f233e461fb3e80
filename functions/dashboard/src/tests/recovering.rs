//! Recovering: the count first, and then exactly that.

use hooklane_app::ports::{Clock as _, DeliveryStore as _, RecoveryStore as _};
use hooklane_domain::delivery::{Delivery, FailReason};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::recovery::{Recovery, Wanted, WantedStatus};

use super::figures::webhook;
use super::*;

const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

async fn fail(browser: &Browser, webhook: WebhookId, hours: i64) {
    let deps = &browser.portal.deps;
    let at = deps.system.now() - SignedDuration::from_hours(hours);
    let event = format!("e-{hours}").parse().unwrap();
    let id = DeliveryId::new(webhook, at, event);
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    let failed = new.failed(at, FailReason::Exhausted);
    deps.ledger.save(&failed).await.unwrap().written().unwrap();
}

/// What a form of the page sends.
fn hidden(page: &str) -> String {
    let field = |name: &str| {
        let (_, rest) =
            page.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let fields =
        ["form", "since", "until", "include"].map(|name| format!("{name}={}", field(name)));
    fields.join("&")
}

#[tokio::test]
async fn the_count_comes_first_and_sends_nothing_and_then_exactly_that_begins() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    for hours in [1, 2, 30] {
        fail(&browser, one, hours).await;
    }
    let path = format!("/portal/acme/webhooks/{one}/recover");
    let page = browser.get(&path).await.text;
    assert!(page.contains("value=\"2026-10-12T11:51\""), "a day is offered: {page}");
    assert!(
        !page.contains("method=\"post\" action=\"/portal/acme/webhooks/"),
        "nothing to begin yet"
    );
    let counted = browser.get(&format!("{path}?since=2026-10-12T11:51&include=failed")).await.text;
    assert!(counted.contains("Send 2 deliveries again?"), "{counted}");
    assert!(counted.contains("2 failed. Nothing was sent yet."), "{counted}");
    assert!(counted.contains(">Send 2 again</button>"), "{counted}");
    let stored = || browser.portal.deps.registry.recovery(one);
    assert_eq!(stored().await.unwrap(), None);
    let answer = browser.ask("POST", &path, &hidden(&counted), &OWN).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let wanted = stored().await.unwrap().unwrap().wanted;
    assert_eq!(wanted.since, "2026-10-12T11:51:00Z".parse().unwrap());
    assert_eq!(wanted.until, browser.portal.deps.system.now(), "the end that was counted to");
    let page = browser.get(&answer.location).await.text;
    assert!(page.contains("It has begun."), "{page}");
    assert!(
        page.contains("A recovery is running") && page.contains("0 deliveries sent again so far"),
        "{page}"
    );
    assert!(!page.contains("Count them first"), "one at a time");
    let answer = browser.ask("POST", &path, &hidden(&counted), &OWN).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("A recovery of this webhook is running."), "{}", answer.text);

    let form = format!("form={}", form_of(&page));
    let answer = browser.ask("POST", &format!("{path}/stop"), &form, &OWN).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert!(stored().await.unwrap().unwrap().stopped);
    let page = browser.get(&answer.location).await.text;
    assert!(page.contains("It was stopped. What was sent stays sent."), "{page}");
    assert!(page.contains("0 deliveries sent again; it was stopped"), "{page}");
    assert!(page.contains("Count them first") && !page.contains("Stop it"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_counted_is_said_beside_the_fields() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    let path = format!("/portal/acme/webhooks/{one}/recover");
    for (query, said) in [
        ("since=soon&include=failed", "Say from when on."),
        ("since=2026-10-12T11:51&until=later&include=failed", "The end is not a time."),
        ("since=2026-10-12T11:51&include=lost", "Choose what is sent again."),
        (
            "since=2026-10-12T11:51&until=2026-10-12T11:50&include=failed",
            "The time ends before it begins.",
        ),
    ] {
        let page = browser.get(&format!("{path}?{query}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(said), "{query}: {}", page.text);
        assert!(!page.text.contains("again?</h2>"), "{query}");
    }
    let none = browser.get(&format!("{path}?since=2026-10-12T11:51&include=all")).await.text;
    assert!(none.contains("There is nothing to send again"), "{none}");
    assert!(none.contains("0 failed, 0 skipped. Nothing was sent."), "{none}");
    assert!(!none.contains(" again</button>"), "there is nothing to begin: {none}");
    let early = browser.get(&format!("{path}?since=2026-10-01T00:00&include=failed")).await.text;
    assert!(early.contains("Events that are older are not sent to it."), "{early}");
}

#[tokio::test]
async fn who_may_only_look_sees_how_far_it_is_and_can_begin_none() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let one = webhook(&browser, 1).await;
    let path = format!("/portal/acme/webhooks/{one}/recover");
    let page = browser.get(&format!("{path}?since=2026-10-12T11:51&include=failed")).await.text;
    assert!(page.contains("There was no recovery of this webhook."), "{page}");
    assert!(!page.contains("Count them first") && !page.contains("id=\"counted\""), "{page}");
    let form = form_of(&browser.get("/portal/acme/webhooks").await.text).to_owned();
    let body = format!("form={form}&since=2026-10-12T11:51:00Z&include=failed");
    let answer = browser.ask("POST", &path, &body, &OWN).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.portal.deps.registry.recovery(one).await.unwrap(), None);

    let wanted = Wanted {
        since: browser.portal.deps.system.now(),
        until: browser.portal.deps.system.now(),
        status: WantedStatus::Failed,
    };
    let now = browser.portal.deps.system.now();
    let running = Recovery::new("acme".parse().unwrap(), one, wanted, now);
    assert!(browser.portal.deps.registry.save_recovery(&running).await.unwrap());
    let page = browser.get(&path).await.text;
    assert!(page.contains("A recovery is running") && !page.contains("Stop it"), "{page}");
    let answer = browser.ask("POST", &format!("{path}/stop"), &format!("form={form}"), &OWN).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.portal.deps.registry.recovery(one).await.unwrap().unwrap().is_running());
}

#[test]
fn a_field_for_a_time_is_in_the_readers_zone() {
    use crate::written::Writer;
    let now: Timestamp = "2026-10-13T11:51:00Z".parse().unwrap();
    let berlin = Writer::new(None, Some("Europe/Berlin"), now);
    assert_eq!(berlin.field(now), "2026-10-13T13:51");
    assert_eq!(berlin.read_field("2026-10-13T13:51"), Some(now));
    // Clocks are put back on 25 October: the hour after two comes twice.
    let twice = berlin.read_field("2026-10-25T02:30");
    assert_eq!(twice, Some("2026-10-25T00:30:00Z".parse().unwrap()));
    let midnight = "2026-10-12T22:00:00Z".parse().unwrap();
    assert_eq!(berlin.read_field("2026-10-13"), Some(midnight), "a day is its beginning");
    assert_eq!(berlin.read_field("soon"), None);
}

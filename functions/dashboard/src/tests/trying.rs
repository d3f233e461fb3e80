//! Trying one now on a webhook that fails.

use hooklane_app::ports::{Clock as _, DeliveryStore as _, HealthStore as _};
use hooklane_domain::delivery::{Delivery, ParkReason, State};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::{Change, Health};

use super::figures::{minutes, webhook};
use super::*;

const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

async fn failing(browser: &Browser) -> WebhookId {
    let (deps, one) = (&browser.portal.deps, webhook(browser, 1).await);
    let now = deps.system.now();
    let circuit =
        Circuit::Open { since: now - minutes(30), probe_at: now + minutes(10), probes: 1 };
    let before = deps.registry.health(one).await.unwrap();
    let change = Change { health: Health { circuit, ..before }, lane: None, watch: None };
    assert!(deps.registry.save_health(&"acme".parse().unwrap(), one, &change).await.unwrap());
    one
}

async fn park(browser: &Browser, webhook: WebhookId) {
    let deps = &browser.portal.deps;
    let at = deps.system.now() - minutes(20);
    let id = DeliveryId::new(webhook, at, "e-1".parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    let state = State::Parked { since: at, due: at, reason: ParkReason::Circuit };
    deps.ledger.save(&Delivery { state, ..new }).await.unwrap().written().unwrap();
}

#[tokio::test]
async fn one_of_those_that_wait_is_tried_now() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = failing(&browser).await;
    let path = format!("/portal/acme/webhooks/{one}");
    let page = browser.get(&path).await.text;
    assert!(!page.contains("Try one now"), "nothing waits: {page}");
    let body = format!("form={}", form_of(&page));
    let answer = browser.ask("POST", &format!("{path}/probe"), &body, &OWN).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("Nothing waits, so there is nothing to try."), "{}", answer.text);
    park(&browser, one).await;
    let page = browser.get(&path).await.text;
    assert!(page.contains(">Try one now</button>"), "{page}");
    let answer = browser.ask("POST", &format!("{path}/probe"), &body, &OWN).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let health = browser.portal.deps.registry.health(one).await.unwrap();
    let due = matches!(health.circuit, Circuit::Open { probe_at, .. } if probe_at <= browser.portal.deps.system.now());
    assert!(due, "{health:?}");
    assert_eq!(browser.portal.deps.queues.bodies().len(), 1, "it is sent");
    let page = browser.get(&answer.location).await.text;
    assert!(page.contains("One of those that wait is tried now."), "{page}");
}

#[tokio::test]
async fn who_may_only_look_tries_none() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let one = failing(&browser).await;
    park(&browser, one).await;
    let page = browser.get(&format!("/portal/acme/webhooks/{one}")).await.text;
    assert!(page.contains("Failing") && !page.contains("Try one now"), "{page}");
    let form = form_of(&browser.get("/portal/acme/webhooks").await.text).to_owned();
    let path = format!("/portal/acme/webhooks/{one}/probe");
    let answer = browser.ask("POST", &path, &format!("form={form}"), &OWN).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.portal.deps.queues.bodies().is_empty());
}

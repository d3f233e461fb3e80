//! The studio: on real events, on samples, and back to the form.

use hooklane_app::ports::{Clock as _, EventStore as _};
use hooklane_domain::event::{DefaultTenant, from_body};
use hooklane_domain::ids::EventId;

use super::editing::{OWN, filled, with, written};
use super::figures::webhook;
use super::*;

/// An event of `acme` that was accepted and indexed.
async fn publish(browser: &Browser, id: &str, kind: &str, data: &str) {
    let deps = &browser.portal.deps;
    let body = format!(r#"{{"id":"{id}","type":"{kind}","data":{data}}}"#);
    let new = from_body(&body, &DefaultTenant::Is("acme".parse().unwrap())).unwrap();
    let now = deps.system.now();
    let event = new.accept(now, || EventId::new(now, 1));
    deps.ledger.put(&event).await.unwrap();
    deps.ledger.index(&event, now);
    deps.system.pass(SignedDuration::from_secs(1));
}

#[tokio::test]
async fn each_event_is_shown_with_what_becomes_of_it() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let one = webhook(&browser, 1).await;
    publish(&browser, "evt-1", "order.created", r#"{"id":"<1>","total":99.50}"#).await;
    publish(&browser, "evt-2", "order.created", r#"{"id":"2","total":1.5}"#).await;
    publish(&browser, "evt-3", "order.created", r#"{"id":"3"}"#).await;
    let page = browser.get(&format!("/portal/acme/webhooks/{one}/studio")).await.text;
    assert!(page.contains("3 of 3 match. These are the newest events."), "{page}");
    let tried = [
        ("filter", "event.data.total > 50.0"),
        ("transform", "{'id': event.data.id, 'sum': event.data.total}"),
    ];
    let path = format!("/portal/acme/webhooks/{one}/edit/studio");
    let page = browser.ask("POST", &path, &with(filled(&page), &tried), &OWN).await.text;
    assert!(page.contains("1 of 3 match; 1 with an error."), "{page}");
    assert!(page.contains("The filter fails: ") && page.contains("Does not match"), "{page}");
    assert!(page.contains("&quot;id&quot;: &quot;&lt;1&gt;&quot;,"), "{page}");
    assert!(page.contains("<del>− ") && page.contains("&quot;total&quot;: 99.50</del>"), "{page}");
    assert!(page.contains("<ins>+   &quot;sum&quot;: 99.5"), "{page}");
    assert!(page.contains("deliveries?id=evt-1"), "{page}");
    let wrong = with(filled(&page), &[("filter", "event.data.a ==\n  1 1")]);
    let page = browser.ask("POST", &path, &wrong, &OWN).await.text;
    assert!(page.contains("Nothing was tried: Filter, line 2, column "), "{page}");
    let back = with(filled(&page), &[("filter", "event.type != ''")]);
    let path = format!("/portal/acme/webhooks/{one}/edit/form");
    let form = browser.ask("POST", &path, &back, &OWN).await.text;
    assert!(form.contains(">event.type != &#39;&#39;</textarea>"), "{form}");
    assert!(form.contains("{&#39;id&#39;: event.data.id"), "{form}");
    let tenant = "acme".parse().unwrap();
    use hooklane_app::ports::WebhookStore as _;
    let stored = browser.portal.deps.registry.get(&tenant, one).await.unwrap().unwrap();
    assert_eq!(stored.filter, None, "nothing is saved");
}

#[tokio::test]
async fn without_events_the_catalogs_samples_are_tried_and_the_form_is_carried_along() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let form = form_of(&browser.get("/portal/acme/new").await.text).to_owned();
    let fields = [
        ("url", "https://example.com/\"<hook>"),
        ("events", "user.created"),
        ("others", "payment.*"),
        ("transform", "{'t': event.type}"),
        ("headers", "A: 1\nB: 2"),
        ("testMode", "on"),
    ];
    let path = "/portal/acme/new/studio";
    let page = browser.ask("POST", path, &written(&form, &fields), &OWN).await.text;
    assert!(
        page.contains("1 of 1 match. This is the one sample; there was no such event yet."),
        "{page}"
    );
    assert!(page.contains("<option value=\"user.created\" selected>"), "{page}");
    assert!(page.contains("<option value=\"payment.*\">"), "{page}");
    let all = with(filled(&page), &[("on", "*")]);
    let many = browser.ask("POST", path, &all, &OWN).await.text;
    assert!(many.contains("These are the samples; there was no such event yet."), "{many}");
    let back = browser.ask("POST", "/portal/acme/new/form", &with(filled(&many), &[]), &OWN).await;
    let typed = filled(&back.text);
    for (name, value) in fields {
        assert!(typed.contains(&(name.to_owned(), value.to_owned())), "{name}: {typed:?}");
    }
}

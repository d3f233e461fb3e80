//! Copying a delivery as a command, and checking what a receiver has.

use hooklane_app::ports::{DeliveryStore as _, EventStore};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::json::RawJson;
use url::form_urlencoded::Serializer;

use super::figures::webhook;
use super::*;
use hooklane_app::ports::Clock as _;

const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// The address of a delivery that was not tried yet.
async fn stage(browser: &Browser, data: &str) -> String {
    let deps = &browser.portal.deps;
    let (tenant, webhook) = ("acme".parse().unwrap(), webhook(browser, 1).await);
    let content = Content {
        event_type: "order.created".parse().unwrap(),
        data: RawJson::parse(data).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let accepted_at = hooklane_domain::time::whole_millisecond(deps.system.now());
    let event = Event { id: "e-1".parse().unwrap(), tenant, content, accepted_at, value: None };
    EventStore::put(&deps.ledger, &event).await.unwrap();
    let id = DeliveryId::new(webhook, accepted_at, event.id);
    let new = Delivery::unwritten(id.clone(), event.tenant, event.content.event_type);
    deps.ledger.save(&new).await.unwrap().written().unwrap();
    format!("/portal/acme/deliveries/{id}")
}

async fn send(browser: &Browser, path: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await.text;
    let mut body = Serializer::new(String::new());
    body.append_pair("form", form_of(&page));
    for (name, value) in fields {
        body.append_pair(name, value);
    }
    browser.ask("POST", &format!("{path}/{act}"), &body.finish(), &OWN).await
}

#[tokio::test]
async fn a_delivery_becomes_a_command_that_is_signed_now() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let path = stage(&browser, r#"{"note":"it's </textarea> `x` $HOME"}"#).await;
    let answer = send(&browser, &path, "request", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (_, command) = answer.text.split_once("class=\"cel\">").unwrap();
    let (command, _) = command.split_once("</textarea>").unwrap();
    assert!(
        command
            .contains("curl --include --globoff --request POST &#39;https://example.com/hook&#39;"),
        "{command}"
    );
    assert!(command.contains("webhook-signature: v1,"), "{command}");
    assert!(command.contains("it&#39;\\&#39;&#39;s &#60;/textarea&#62; `x` $HOME"), "{command}");
}

#[tokio::test]
async fn what_a_receiver_has_is_compared_and_not_shown_again() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    let path = stage(&browser, r#"{"total":149.90}"#).await;
    let body = "{\"type\":\"order.created\",\"timestamp\":\"2026-10-13T11:51:00.000Z\",\"data\":{\"total\":149.90}}";
    let right = [("secret", "a-signing-secret")];
    let page = send(&browser, &path, "check", &right).await.text;
    assert!(
        page.contains("The signature fits.") && page.contains("The secret is right."),
        "{page}"
    );
    assert!(!page.contains("a-signing-secret"), "a secret is not written into a page");
    let page = send(&browser, &path, "check", &[("secret", "another-secret-of-ours")]).await.text;
    assert!(page.contains("The signature does not fit."), "{page}");
    assert!(page.contains("not the one of this webhook"), "{page}");
    assert!(!page.contains("another-secret-of-ours"));
    let again = body.replace("149.90", "149.9");
    let page = send(&browser, &path, "check", &[("body", &again)]).await.text;
    assert!(page.contains("the same JSON, written anew"), "{page}");
    let page = send(&browser, &path, "check", &[("body", "!"), ("as", "base64")]).await.text;
    assert!(page.contains("This is not base64."), "{page}");
    let page = send(&browser, &path, "check", &[]).await.text;
    assert!(page.contains("Paste the secret, the body or the headers"), "{page}");
    let torn = [("headers", "webhook-id: e-1\r\n\r\nwebhook-signature v1,x\r\n")];
    let page = send(&browser, &path, "check", &torn).await.text;
    assert!(page.contains("Line 3 of the headers cannot be read."), "{page}");
    assert!(page.contains("webhook-signature v1,x"), "what was pasted is kept: {page}");
    let nameless = [("headers", " : x"), ("secret", "a-signing-secret")];
    let page = send(&browser, &path, "check", &nameless).await.text;
    assert!(page.contains("Line 1 of the headers cannot be read."), "{page}");
    let hostile = [("headers", "webhook-id: <script>x</script>"), ("body", "<script>y</script>")];
    let page = send(&browser, &path, "check", &hostile).await.text;
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn who_may_only_look_sees_no_such_act() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let path = stage(&browser, "{}").await;
    let page = browser.get(&path).await.text;
    for word in ["Copy as curl", "Check my signature"] {
        assert!(!page.contains(word), "{word}");
    }
    for act in ["request", "check"] {
        let answer = send(&browser, &path, act, &[("secret", "a-signing-secret")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
}

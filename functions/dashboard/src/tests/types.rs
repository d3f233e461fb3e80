//! The event types, and the document of their requests.

use super::*;

#[tokio::test]
async fn the_requests_are_downloaded_as_an_openapi_document_in_each_format() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let page = browser.get("/portal/acme/types").await.text;
    let form =
        "<form class=\"panel filters\" method=\"get\" action=\"/portal/acme/types/openapi.json\"";
    assert!(page.contains(form), "{page}");
    assert!(page.contains("<option value=\"standard\" selected>standard</option>"), "{page}");
    assert!(page.contains("<option value=\"stripe\">stripe</option>"), "{page}");
    for (query, header) in [("", "webhook-signature"), ("?format=stripe", "Stripe-Signature")] {
        let answer = browser.get(&format!("/portal/acme/types/openapi.json{query}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        let document: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(document["info"]["title"], "Webhooks of acme");
        let post = &document["webhooks"]["webhook.test"]["post"];
        let names: Vec<_> =
            post["parameters"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert!(names.contains(&&header.into()), "{names:?}");
    }
    let unknown = browser.get("/portal/acme/types/openapi.json?format=none").await;
    assert_eq!(unknown.status, StatusCode::CONFLICT);
    assert!(unknown.text.contains("must be one of aegisx, "), "{}", unknown.text);
    let malformed = browser.get("/portal/acme/types/openapi.json?format=a%20b").await;
    assert_eq!(malformed.status, StatusCode::NOT_FOUND);
}

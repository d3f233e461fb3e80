//! The page of the test inbox.

use hooklane_app::inbox;
use hooklane_app::ports::{Clock as _, InboxStore as _};
use hooklane_domain::inbox::{Arrival, KEPT};

use super::*;

const OWN: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

/// A browser of a stack whose operator lets tenants have inboxes.
fn with_inboxes() -> Browser {
    let Browser { portal, cookie, faults, monitor, .. } = Browser::new("");
    let Ok(mut portal) = Arc::try_unwrap(portal) else {
        unreachable!("the door is dropped, so nobody else has it")
    };
    portal.deps.network = NetworkRules::default().with_inboxes("https://hooks.example").unwrap();
    let portal = Arc::new(portal);
    Browser { door: door(Arc::clone(&portal)), portal, cookie, faults, monitor }
}

async fn act(browser: &Browser, act: &str, fields: &str) -> Answer {
    let page = browser.get("/portal/acme/inbox").await.text;
    let body = format!("form={}&{fields}", form_of(&page));
    browser.ask("POST", &format!("/portal/acme/inbox/{act}"), &body, &OWN).await
}

async fn receive(browser: &Browser, headers: &[(&str, &str)], body: &[u8]) {
    let deps = &browser.portal.deps;
    let token = deps.registry.inbox(&"acme".parse().unwrap()).await.unwrap().unwrap().token;
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let at = hooklane_domain::time::whole_millisecond(deps.system.now());
    let arrival = Arrival { method: "POST", headers: &headers, body, at };
    let (stores, rules) = ((&deps.registry, &deps.ledger), (&deps.contracts, &deps.network));
    inbox::receive(stores, rules, &token, arrival).await.unwrap();
}

#[tokio::test]
async fn an_inbox_is_turned_on_and_shows_what_it_gets() {
    let mut browser = with_inboxes();
    browser.enter("manage").await;
    let page = browser.get("/portal/acme/inbox").await;
    assert!(
        page.text.contains(">Turn on<") && page.text.contains(">Test inbox</a>"),
        "{}",
        page.text
    );
    let answer = act(&browser, "on", "").await;
    assert_eq!(answer.location, "/portal/acme/inbox?done=on");
    let page = browser.get("/portal/acme/inbox").await.text;
    assert!(page.contains("value=\"https://hooks.example/inbox/acme."), "{page}");
    assert!(page.contains(">Turn off<") && page.contains("None yet."), "{page}");
    receive(&browser, &[("x-token", "s3cret")], b"{\"a\": \"<script>x</script>\"}").await;
    receive(&browser, &[], &[0xff, 0]).await;
    let page = browser.get("/portal/acme/inbox").await.text;
    assert!(page.contains("ff 00"), "the newest is shown: {page}");
    assert!(page.contains("No webhook"), "{page}");
    let page = browser.get("/portal/acme/inbox?show=req_1").await.text;
    assert!(page.contains("&lt;script&gt;x") && !page.contains("<script>x"), "{page}");
    assert!(page.contains("s3cret"));
    let refused = act(&browser, "answer", "status=302&delay=0").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("from 200 to 299 or from 400 to 499"), "{}", refused.text);
    assert_eq!(act(&browser, "answer", "status=410&delay=1").await.status, StatusCode::SEE_OTHER);
    assert_eq!(act(&browser, "clear", "").await.status, StatusCode::CONFLICT, "it asks first");
    assert_eq!(act(&browser, "clear", "sure=on").await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/portal/acme/inbox").await.text;
    assert!(page.contains("value=\"410\"") && page.contains("None yet."), "{page}");
    let before = page.split_once("inbox/acme.").unwrap().1[..32].to_owned();
    act(&browser, "move", "sure=on").await;
    let page = browser.get("/portal/acme/inbox").await.text;
    assert!(!page.contains(&before), "it has another address");
    act(&browser, "off", "").await;
    assert!(browser.get("/portal/acme/inbox").await.text.contains(">Turn on<"));
}

#[tokio::test]
async fn who_may_only_look_sees_neither_the_address_nor_what_may_be_secret() {
    let mut browser = with_inboxes();
    browser.enter("manage").await;
    act(&browser, "on", "").await;
    receive(&browser, &[("x-token", "s3cret"), ("user-agent", "curl")], b"{}").await;
    browser.enter("read").await;
    let page = browser.get("/portal/acme/inbox").await.text;
    for hidden in ["s3cret", "/inbox/acme.", ">Turn off<", "Delete 1 request"] {
        assert!(!page.contains(hidden), "{hidden}");
    }
    assert!(page.contains("***") && page.contains("curl"), "{page}");
    assert_eq!(act(&browser, "off", "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_inbox_that_the_operator_turned_off_has_no_page() {
    let mut browser = Browser::new("");
    browser.enter("manage").await;
    assert_eq!(browser.get("/portal/acme/inbox").await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/portal/acme/webhooks").await.text.contains("Test inbox"));
}

#[tokio::test]
async fn all_that_an_inbox_keeps_is_one_page() {
    let mut browser = with_inboxes();
    browser.enter("manage").await;
    act(&browser, "on", "").await;
    for minute in 0..3 {
        for _ in 0..40 {
            receive(&browser, &[], b"{}").await;
        }
        browser.portal.deps.system.pass(SignedDuration::from_secs(60 + minute));
    }
    let before = browser.faults.requests();
    let page = browser.get("/portal/acme/inbox").await.text;
    let requests = browser.faults.requests() - before;
    assert_eq!(page.matches("data-row").count() as u64, KEPT);
    assert!(requests <= 4, "{requests} table requests");
}

#[tokio::test]
async fn one_tenants_inbox_that_the_operator_turned_off_has_no_page_and_no_link() {
    let mut browser = with_inboxes();
    browser.enter("manage").await;
    let form = form_of(&browser.get("/portal/acme/inbox").await.text).to_owned();
    let off =
        hooklane_domain::access::tenant::TenantSettings { inbox_off: true, ..Default::default() };
    let acme = "acme".parse().unwrap();
    browser.portal.deps.registry.set_settings(&acme, &off, None).await.unwrap();
    assert!(!browser.get("/portal/acme/webhooks").await.text.contains("Test inbox"));
    assert_eq!(browser.get("/portal/acme/inbox").await.status, StatusCode::NOT_FOUND);
    for act in ["on", "clear"] {
        let body = format!("form={form}&sure=1");
        let path = format!("/portal/acme/inbox/{act}");
        let answer = browser.ask("POST", &path, &body, &OWN).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
}

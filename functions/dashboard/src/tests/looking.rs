//! How a platform has the portal look.

use lambda_http::http::HeaderMap;

use super::*;

const WIDE: &str = "data:image/svg+xml;base64,\
    PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDMiLz4=";
const SQUARE: &str = "data:image/svg+xml;base64,\
    PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA1IDUiLz4=";
/// One pixel.
const PIXEL: &str = "data:image/png;base64,\
    iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

fn wish(theme: &str) -> String {
    format!(r#"{{"scope": "manage", "theme": {{"name": "Fern & Hill", {theme}}}}}"#)
}

/// The addresses of the pictures of a page.
fn addresses(page: &str) -> Vec<&str> {
    page.split("<img ")
        .skip(1)
        .filter_map(|tag| tag.split("src=\"").nth(1)?.split('"').next())
        .collect()
}

async fn fetched(browser: &Browser, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder().uri(path).header(COOKIE, &browser.cookie);
    let request = request.body(Body::empty()).unwrap();
    let answer = browser.door.clone().oneshot(request).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn a_logo_takes_the_place_of_the_name_and_keeps_its_own() {
    let mut browser = Browser::new("");
    browser.enter_with(&wish(&format!(r#""logo": "{WIDE}", "font": "serif""#))).await;
    let page = browser.get("/portal/acme/webhooks").await;
    assert!(page.text.contains("data-font=\"serif\""), "{}", page.text);
    let shown = "width=\"1000\" height=\"333\" alt=\"Fern &#38; Hill\"";
    assert!(page.text.contains(shown), "{}", page.text);
    assert!(page.text.contains("<img class=\"on-white\""), "a dark logo needs a light ground");
    assert!(!page.text.contains("#i-mark\"/></svg><span>"), "not Hooklane's mark");
    assert!(!page.policy.contains("unsafe") && page.policy.contains("img-src 'self' data:"));

    let [address] = addresses(&page.text)[..] else { panic!("{}", page.text) };
    let (status, headers, bytes) = fetched(&browser, address).await;
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!((status, header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert!(bytes.starts_with(b"<svg "));
    assert_eq!(header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && policy.ends_with("; sandbox"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("allow"), "{policy}");
}

#[tokio::test]
async fn each_ground_has_its_logo() {
    let mut browser = Browser::new("");
    browser.enter_with(&wish(&format!(r#""logo": "{WIDE}", "logoDark": "{PIXEL}""#))).await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert!(page.contains("<img class=\"on-light\"") && page.contains("<img class=\"on-dark\""));
    let [_, dark] = addresses(&page)[..] else { panic!("{page}") };
    let (status, headers, bytes) = fetched(&browser, dark).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "image/png"));
    assert_eq!(bytes.len(), 67);
    browser.enter_with(&wish(&format!(r#""logo": "{WIDE}", "logoDark": "{WIDE}""#))).await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert_eq!(addresses(&page).len(), 1);
    assert!(page.contains("<img class=\"on-any\""), "{page}");
}

/// A logo is for sessions that name it: neither for other tenants nor for who has none.
#[tokio::test]
async fn only_a_session_that_names_a_logo_gets_it() {
    let mut browser = Browser::new("");
    browser.enter_with(&wish(&format!(r#""logo": "{SQUARE}""#))).await;
    let other = browser.get("/portal/acme/webhooks").await.text;
    let [other] = addresses(&other)[..] else { panic!("{other}") };
    let other = other.to_owned();
    browser.enter_with(&wish(&format!(r#""logo": "{WIDE}""#))).await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    let [ours] = addresses(&page)[..] else { panic!("{page}") };
    assert_eq!(fetched(&browser, ours).await.0, StatusCode::OK);
    for (path, why) in [
        (other.as_str(), "another session's"),
        ("/portal/acme/logo/x", "no hash"),
        ("/portal/acme/logo/00000000000000000000000000000000", "nobody's"),
    ] {
        assert_eq!(fetched(&browser, path).await.0, StatusCode::NOT_FOUND, "{why}");
    }
    let there = ours.replace("acme", "globex");
    assert_eq!(fetched(&browser, &there).await.0, StatusCode::UNAUTHORIZED);
    browser.cookie.clear();
    assert_eq!(fetched(&browser, ours).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_theme_the_page_has_hooklanes_mark_and_the_systems_font() {
    let mut browser = Browser::new("");
    browser.enter("read").await;
    let page = browser.get("/portal/acme/webhooks").await.text;
    assert!(!page.contains("<img") && !page.contains("data-font"), "{page}");
    assert!(page.contains("#i-mark\"/></svg><span>Hooklane</span>"), "{page}");
}

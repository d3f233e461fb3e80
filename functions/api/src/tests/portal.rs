use lambda_http::http::StatusCode;

use super::service::Service;

const OPERATOR: [(&str, &str); 1] = [("authorization", "Bearer the-operator-key")];

#[tokio::test]
async fn a_link_to_the_portal_is_shown_once_and_lasts_five_minutes() {
    let service = Service::new();
    let body = r##"{"scope": "manage", "returnUrl": "https://shop.example/", "locale": "de",
        "timeZone": "Europe/Berlin", "theme": {"mode": "dark", "accent": "#0a5a76", "name": "Fernhill"}}"##;
    let answer = service.ask_with(&OPERATOR, "POST", "/tenants/acme/portal", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.cache_control, "no-store");
    let url = answer.body["url"].as_str().unwrap();
    assert!(url.starts_with("https://hooks.example/portal/acme/enter?link=ey"), "{url}");
    insta::assert_json_snapshot!("portal_link", answer.body, { ".url" => "[url]" });
}

#[tokio::test]
async fn a_request_for_a_link_names_its_mistakes() {
    let service = Service::new();
    let body =
        r##"{"theme": {"accent": "#ffdd00"}, "returnUrl": "javascript:alert(1)", "colour": 1}"##;
    let refused = service.ask_with(&OPERATOR, "POST", "/tenants/acme/portal", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("portal_link_refused", refused.body["errors"]);
}

/// A token of a tenant signs nobody in, and a link is no token.
#[tokio::test]
async fn only_the_operator_makes_links_and_no_link_opens_the_api() {
    let service = Service::new();
    let wish = r#"{"scopes":["webhooks:read","webhooks:write"]}"#;
    let token = service.ask_with(&OPERATOR, "POST", "/tenants/acme/tokens", wish).await;
    let bearer = format!("Bearer {}", token.body["token"].as_str().unwrap());
    let wish = r#"{"scope":"manage"}"#;
    let asked =
        service.ask_with(&[("authorization", &bearer)], "POST", "/tenants/acme/portal", wish).await;
    assert_eq!(asked.status, StatusCode::NOT_FOUND, "as a tenant that does not exist");
    let link = service.ask_with(&OPERATOR, "POST", "/tenants/acme/portal", wish).await;
    let (_, pass) = link.body["url"].as_str().unwrap().split_once("link=").unwrap();
    let bearer = format!("Bearer {pass}");
    let asked = service.ask_with(&[("authorization", &bearer)], "GET", "/webhooks", "").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
}

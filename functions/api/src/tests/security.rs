//! Headers that protect an answer, URLs that are secrets, and requests that nobody signed for.

use lambda_http::http::StatusCode;

use super::service::Service;

/// A token of the tenant `acme` with these scopes, as an Authorization header.
async fn token(service: &Service, scopes: &str) -> String {
    let operator = ("authorization", "Bearer the-operator-key");
    let body = format!(r#"{{"scopes":{scopes}}}"#);
    let minted = service.ask_with(&[operator], "POST", "/tenants/acme/tokens", &body).await;
    format!("Bearer {}", minted.body["token"].as_str().unwrap())
}

#[tokio::test]
async fn finding_18_every_answer_is_protected_in_browsers_and_caches() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for (path, cached, status) in [
        ("/docs", "max-age=300", StatusCode::OK),
        ("/openapi.json", "max-age=300", StatusCode::OK),
        ("/status", "no-store", StatusCode::OK),
        ("/source-ips", "public, max-age=300", StatusCode::OK),
        ("/webhooks", "no-store", StatusCode::OK),
        (&format!("/webhooks/{webhook}"), "no-store", StatusCode::OK),
        (&format!("/webhooks/{webhook}/secret"), "no-store", StatusCode::OK),
        ("/webhooks?colour=1", "no-store", StatusCode::UNPROCESSABLE_ENTITY),
        ("/nothing", "no-store", StatusCode::NOT_FOUND),
        ("/a//b", "no-store", StatusCode::BAD_REQUEST),
    ] {
        let answer = service.ask("GET", path, "").await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.cache_control, cached, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    let unknown = service.ask_with(&[], "GET", "/webhooks", "").await;
    assert_eq!(unknown.header("x-content-type-options"), "nosniff");
    let page = service.ask("GET", "/docs", "").await;
    assert!(page.header("content-security-policy").contains("base-uri 'none'"));
    assert!(page.header("content-security-policy").contains("form-action 'none'"));
}

#[tokio::test]
async fn finding_20_who_may_only_read_sees_no_token_of_a_url() {
    let service = Service::new();
    let url = "https://hooks.example.com/services/T0/tokentokentokentoken?key=s3cret";
    let body = format!(r#"{{"url":"{url}","events":["*"]}}"#);
    let id = service.ask("POST", "/webhooks", &body).await.body["id"].as_str().unwrap().to_owned();
    let masked = "https://hooks.example.com/services/***/***?key=***";
    let one = format!("/webhooks/{id}");
    for (scopes, shown) in [
        (r#"["webhooks:read"]"#, masked),
        (r#"["webhooks:read","events:publish"]"#, masked),
        (r#"["webhooks:read","webhooks:write"]"#, url),
    ] {
        let token = token(&service, scopes).await;
        let headers = [("authorization", &*token)];
        let listed = service.ask_with(&headers, "GET", "/webhooks", "").await;
        assert_eq!(listed.body["data"][0]["url"], shown, "{scopes}");
        let got = service.ask_with(&headers, "GET", &one, "").await;
        assert_eq!(got.body["url"], shown, "{scopes}");
        assert!(shown == url || !(listed.text + &got.text).contains("s3cret"));
    }
    assert_eq!(service.ask("GET", &one, "").await.body["url"], url, "the operator");
}

/// Requests that nobody is known for take nothing from anybody's rate limit.
#[tokio::test]
async fn finding_05_requests_without_a_valid_token_cost_a_tenant_nothing() {
    let service = Service::new();
    let valid = token(&service, r#"["webhooks:read"]"#).await;
    let forged = format!("{}x", &valid[..valid.len() - 2]);
    for authorization in ["", "Bearer nonsense", &*forged, "Basic YWNtZTphY21l"] {
        for path in ["/webhooks", "/events", "/nothing", "/webhooks/%00"] {
            let headers = [("authorization", authorization), ("x-tenant-id", "acme")];
            let answer = service.ask_with(&headers, "GET", path, "").await;
            assert!(answer.status.is_client_error());
            assert_eq!(answer.header("x-ratelimit-remaining"), "");
        }
    }
    let first = service.ask_with(&[("authorization", &valid)], "GET", "/webhooks", "").await;
    assert_eq!(first.header("x-ratelimit-remaining"), "599");
}

/// A webhook may carry a token in its custom headers and post to `/events`. Its signature gives it away.
#[tokio::test]
async fn finding_13_a_delivery_is_not_published_as_an_event() {
    let service = Service::new();
    let event = r#"{"type":"user.created","data":1}"#;
    let batch = r#"{"events":[{"type":"user.created","data":1}]}"#;
    let operator = [("authorization", "Bearer the-operator-key"), ("x-tenant-id", "acme")];
    let names: Vec<_> = service.deps.contracts.names().map(ToString::to_string).collect();
    for contract in &names {
        let body =
            format!(r#"{{"url":"https://example.com/","events":["*"],"contract":"{contract}"}}"#);
        let id =
            service.ask("POST", "/webhooks", &body).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/webhooks/{id}");
        for turn in ["one secret", "two secrets"] {
            if turn == "two secrets" {
                let rotated = service.ask("POST", &format!("{path}/rotate-secret"), "").await;
                assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.text);
            }
            service.ask("POST", &format!("{path}/test"), "").await;
            let (sent, _) = service.deps.sender.seen.lock().unwrap().last().unwrap().clone();
            let mut headers = operator.to_vec();
            headers.extend(sent.headers.iter().map(|(name, value)| (&**name, &**value)));
            for (path, body) in [("/events", event), ("/events/batch", batch)] {
                let answer = service.ask_with(&headers, "POST", path, body).await;
                assert_eq!(
                    answer.status,
                    StatusCode::FORBIDDEN,
                    "{contract}, {turn}: {}",
                    answer.text
                );
                assert_eq!(answer.content_type, "application/problem+json");
            }
        }
    }
    // What producers and the proxies in front of them send.
    for name in ["user-agent", "x-request-id", "traceparent", "idempotency-key", "x-event-type"] {
        let mut headers = operator.to_vec();
        headers.push((name, "a-producer"));
        let answer = service.ask_with(&headers, "POST", "/events", event).await;
        assert!(answer.status.is_success(), "{name}: {}", answer.text);
    }
}

use lambda_http::http::StatusCode;

use super::service::Service;

async fn names(service: &Service, query: &str) -> Vec<String> {
    let list = service.ask("GET", &format!("/webhooks?{query}"), "").await;
    assert_eq!(list.status, StatusCode::OK, "{query}: {}", list.body);
    let data = list.body["data"].as_array().unwrap();
    data.iter().map(|webhook| webhook["name"].as_str().unwrap().to_owned()).collect()
}

async fn three() -> Service {
    let service = Service::new();
    for (name, events, active) in [
        ("all", r#"["*"]"#, true),
        ("orders", r#"["order.*","webhook.disabled"]"#, false),
        ("created", r#"["order.created"]"#, true),
    ] {
        let body = format!(
            r#"{{"name":"{name}","url":"https://example.com/","events":{events},"active":{active}}}"#
        );
        assert_eq!(service.ask("POST", "/webhooks", &body).await.status, StatusCode::CREATED);
    }
    service
}

#[tokio::test]
async fn webhooks_are_filtered_and_paged() {
    let service = three().await;
    for (query, expected) in [
        ("", &["created", "orders", "all"][..]),
        ("active=true", &["created", "all"]),
        ("isActive=true&page=1&limit=10", &["created", "all"]),
        ("is_active=false", &["orders"]),
        ("event=order.created", &["created", "orders", "all"]),
        ("event=order.shipped&active=true", &["all"]),
        ("event=user.created", &["all"]),
        ("event=webhook.disabled", &["orders"]),
        ("limit=1&page=2", &["orders"]),
        ("limit=100", &["created", "orders", "all"]),
        ("page=4", &[]),
        ("page=9007199254740991&limit=100", &[]),
    ] {
        assert_eq!(names(&service, query).await, expected, "{query}");
    }
    let filtered = service.ask("GET", "/webhooks?active=true&limit=1", "").await;
    assert_eq!(filtered.body["total"], 2, "the total counts only webhooks that match the filter");
}

#[tokio::test]
async fn passing_the_cursor_on_until_there_is_none_lists_every_webhook() {
    let service = three().await;
    for filter in ["", "active=true&", "event=order.created&"] {
        let all = names(&service, filter).await;
        for limit in 1..=all.len() {
            let (mut listed, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("{filter}limit={limit}{cursor}");
                listed.extend(names(&service, &query).await);
                let page = service.ask("GET", &format!("/webhooks?{query}"), "").await;
                let Some(next) = page.body["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(listed, all, "{filter} {limit}");
        }
    }
}

#[tokio::test]
async fn invalid_parameters_are_named() {
    let service = three().await;
    for (query, path) in [
        ("limit=101", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=99999999999999999999999", "page"),
        ("active=yes", "active"),
        ("isActive=1", "isActive"),
        ("active=true&isActive=true", "isActive"),
        ("active=true&active=true", "active"),
        ("event=a%20b", "event"),
        ("event=order.*", "event"),
        ("colour=red", "colour"),
    ] {
        let answer = service.ask("GET", &format!("/webhooks?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.body["errors"][0]["path"], path, "{query}");
    }
    let answer = service.ask("GET", "/webhooks?limit=101&page=0&active=x&event=&a=1", "").await;
    insta::assert_json_snapshot!("wrong_parameters", answer.body);
}

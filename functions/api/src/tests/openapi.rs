use super::service::Service;
use crate::http::problem::Kind;

mod generators;
mod words;

#[test]
fn the_checked_in_document_is_the_current_one() {
    let checked_in = include_str!("../../../../docs/openapi.json");
    let current = crate::openapi_json::<super::service::Fakes>().unwrap();
    assert!(checked_in.trim_end() == current, "docs/openapi.json is stale: run `make openapi`");
}

#[tokio::test]
async fn the_document_is_served_without_a_token() {
    let answer = Service::new().ask_with(&[], "GET", "/api/v1/openapi.json", "").await;
    assert_eq!(answer.status, 200);
    let checked_in: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
    assert!(answer.body == checked_in, "what is served is not docs/openapi.json");
}

/// Every operation has an id, a summary, a tag, its security, its path parameters and its errors.
#[test]
fn every_operation_is_described() {
    let document: serde_json::Value =
        serde_json::from_str(&crate::openapi_json::<super::service::Fakes>().unwrap()).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let named = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(names.insert(id.to_owned()), "{named}: {id} is not unique");
            for text in [&operation["summary"], &operation["tags"][0]] {
                assert!(text.as_str().is_some_and(|t| !t.is_empty()), "{named}");
            }
            assert!(operation["security"].is_array(), "{named}");
            assert!(operation["responses"]["503"].is_object(), "{named}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let problem = response["content"]["application/problem+json"].is_object();
                let is_error = status.starts_with(['4', '5']) && id != "getStatus";
                assert_eq!(problem, is_error, "{named}: {status}");
            }
            let parameters = operation["parameters"].as_array();
            let has = |key, value| parameters.into_iter().flatten().any(|p| p[key] == value);
            let (body, query) = (operation["requestBody"].is_object(), has("in", "query"));
            for (status, expected) in
                [("412", has("name", "If-Match")), ("413", body), ("422", body || query)]
            {
                let described = operation["responses"][status].is_object();
                assert_eq!(described, expected, "{named}: {status}");
            }
            // The operator may name a tenant that was removed in any request.
            let guarded = operation["security"][0]["bearer"].is_array();
            assert_eq!(operation["responses"]["410"].is_object(), guarded, "{named}: 410");
            for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                assert!(has("name", name), "{named}: {name}");
            }
        }
    }
}

/// The page contains every operation and every schema, all its links lead to the page itself, and it loads
/// nothing from other hosts.
#[tokio::test]
async fn the_reference_page_is_complete_and_self_contained() {
    let answer = Service::new().ask_with(&[], "GET", "/docs", "").await;
    assert_eq!(answer.status, 200);
    let html = &answer.text;
    let document: serde_json::Value =
        serde_json::from_str(&crate::openapi_json::<super::service::Fakes>().unwrap()).unwrap();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(html.contains(&format!("<article id=\"{id}\">")), "{id}");
        }
    }
    assert!(html.contains("<code>POST /events</code>") && !html.contains("`POST"), "as code");
    for kind in Kind::ALL {
        let row = format!(
            "<tr id=\"problem-{name}\"><td><code>{name}</code></td><td>{}</td>",
            kind.statuses_text(),
            name = kind.name()
        );
        assert!(html.contains(&row), "{row}");
    }
    for link in html.split("href=\"#").skip(1) {
        let target = link.split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
    }
    for loading in ["src=", "href=\"http", "url(", "<script", "<link", "@import"] {
        assert!(!html.contains(loading), "{loading}");
    }
}

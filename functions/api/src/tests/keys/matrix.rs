//! Which key may call what. Made from the OpenAPI document, so that no operation is forgotten.

use hooklane_domain::access::scope::Scope;
use lambda_http::http::StatusCode;
use serde_json::Value;

use super::{key, with};
use crate::tests::service::{Fakes, Service};

struct Operation {
    name: String,
    method: String,
    path: String,
    /// `None` if it needs no bearer token, and empty if it is the operator's.
    scopes: Option<Vec<String>>,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let needed = described["security"][0]["bearer"].as_array();
            let text = |scope: &Value| scope.as_str().unwrap().to_owned();
            found.push(Operation {
                name: described["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                scopes: needed.map(|scopes| scopes.iter().map(text).collect()),
            });
        }
    }
    found
}

/// The path with ids of things of the tenant `acme`.
fn filled(operation: &Operation, webhook: &str, key: &str) -> String {
    let mut path = operation.path.clone();
    for (parameter, id) in [
        ("{webhook}", webhook),
        ("{delivery}", "dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ"),
        ("{event}", "order-1"),
        ("{type}", "shipment.sent"),
        ("{key}", key),
        ("{request}", "req_1"),
        ("{tenant}", "acme"),
        ("{token}", "acme.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
    ] {
        path = path.replace(parameter, id);
    }
    assert!(!path.contains('{'), "this test lacks a value for {path}");
    path
}

fn list(scopes: impl IntoIterator<Item = Scope>) -> String {
    let names: Vec<_> = scopes.into_iter().map(Scope::as_str).collect();
    serde_json::to_string(&names).unwrap()
}

#[tokio::test]
async fn no_operation_is_open_to_a_key_without_its_scope() {
    let operations = operations();
    let guarded = operations.iter().filter(|o| o.scopes.is_some()).count();
    assert!(guarded > 35, "the document describes {guarded}");
    for operation in operations {
        let Some(needed) = &operation.scopes else { continue };
        let service = Service::new();
        let (webhook, (other, _)) =
            (service.webhook().await, key(&service, r#"["keys:read"]"#).await);
        let path = filled(&operation, &webhook, &other);
        let called = async |scopes: String| {
            let (_, text) = key(&service, &scopes).await;
            with(&service, &text, &operation.method, &path, "{}").await
        };
        let name = &operation.name;
        let [needed] = needed.as_slice() else {
            assert!(needed.is_empty(), "{name} needs one scope or is the operator's");
            let refused = called(list(Scope::ALL)).await;
            // Whether there is another tenant is nobody's business.
            let expected = match path.starts_with("/tenants/") {
                true => StatusCode::NOT_FOUND,
                false => StatusCode::FORBIDDEN,
            };
            assert_eq!(refused.status, expected, "{name}: {}", refused.text);
            assert!(!refused.text.contains("acme"), "{name}: {}", refused.text);
            continue;
        };
        let needed: Scope = needed.parse().unwrap();
        let refused = called(list(Scope::ALL.into_iter().filter(|scope| *scope != needed))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {}", refused.text);
        let detail = refused.body["detail"].as_str().unwrap();
        assert_eq!(detail, format!("The key lacks the scope {}.", needed.as_str()), "{name}");
        // Then the operation itself answers: with what it found, or with what is wrong with the request.
        let answered = called(list([needed])).await.status;
        let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        // Whoever may write keys cannot take a key with scopes that it lacks.
        let exempt = name == "rotateKey" && answered == StatusCode::FORBIDDEN;
        assert!(exempt || !refusals.contains(&answered), "{name}: {answered}");
        assert!(!answered.is_server_error(), "{name}: {answered}");
    }
}

//! What producers and tenants really send.

use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::{Answer, Service};

const ACME: [(&str, &str); 2] =
    [("authorization", "Bearer the-operator-key"), ("x-tenant-id", "acme")];

/// The paths and messages of a 422.
fn mistakes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    let text = |error: &Value, key| error[key].as_str().unwrap_or_default().to_owned();
    errors.map(|error| text(error, "path") + ": " + &text(error, "message")).collect()
}

#[tokio::test]
async fn half_a_character_in_text_is_accepted_under_strict_as_without() {
    for strict in [true, false] {
        let service = Service::new();
        let settings = json!({ "strict": strict }).to_string();
        assert!(service.ask("PUT", "/tenants/acme", &settings).await.status.is_success());
        let schema = r#"{"type":"object","required":["note"],"properties":{"note":{"type":"string","minLength":2,"enum":["\ud83d!"]}}}"#;
        let own = format!(r#"{{"sample":{{"note":"\ud83d!","\udc00":1}},"schema":{schema}}}"#);
        let put = service.ask("PUT", "/event-types/own.half", &own).await;
        assert_eq!(put.status, StatusCode::CREATED, "{}", put.text);
        let shown = service.ask("GET", "/event-types/own.half", "").await;
        assert!(shown.text.contains(r#"{"note":"\ud83d!","\udc00":1}"#), "{}", shown.text);
        assert!(shown.text.contains(schema), "{}", shown.text);

        for (id, kind, data) in [
            ("e1", "task.created", r#"{"taskId":"1","title":"hi \ud83d"}"#),
            ("e2", "task.created", r#"{"taskId":"1","title":"T","\uDE00":"\ud83d\ud83d"}"#),
            ("e3", "own.half", r#"{"note":"\ud83d!"}"#),
        ] {
            let event = format!(r#"{{"id":"{id}","type":"{kind}","data":{data}}}"#);
            let answer = service.ask("POST", "/events", &event).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{data}: {}", answer.text);
            let batch = service.ask("POST", "/events/batch", &format!("[{event}]")).await;
            assert_eq!(batch.body["results"][0]["status"], 200, "{data}: {}", batch.text);
            let shown = service.ask("GET", &format!("/events/{id}"), "").await;
            assert!(shown.text.contains(data), "{}", shown.text);
        }
        let webhook = service.webhook().await;
        let test = format!("/webhooks/{webhook}/test");
        let tried = service.ask("POST", &test, r#"{"event":"own.half"}"#).await;
        assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
        let tried = service.ask("POST", &test, r#"{"note":"\ud83d"}"#).await;
        assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
        let sent = service.deps.sender.seen.lock().unwrap().last().unwrap().0.body.clone();
        assert!(sent.contains(r#""data":{"note":"\ud83d"}"#), "{sent}");
        if strict {
            let wrong = r#"{"type":"own.half","data":{"note":"\ud83d"}}"#;
            let refused = mistakes(&service.ask("POST", "/events", wrong).await);
            assert!(
                refused.iter().all(|mistake| mistake.starts_with("data.note: ")),
                "{refused:?}"
            );
        }
        // A text of Hooklane's own cannot hold one.
        let path = format!("/webhooks/{webhook}");
        let refused = mistakes(&service.ask("PATCH", &path, r#"{"name":"hi \ud83d"}"#).await);
        let why = r"must not hold half a character (a lone surrogate such as \ud83d)";
        assert_eq!(refused, [format!("name: {why}")]);
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_ignored_or_named() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let event = r#"{"type":"order.created","data":{"orderId":"1"}}"#;
    let requests = [
        ("POST", "/events".to_owned(), event.to_owned()),
        ("POST", "/events/batch".to_owned(), format!("[{event}]")),
        ("POST", format!("/webhooks/{webhook}/test"), r#"{"orderId":"1"}"#.to_owned()),
        ("PATCH", format!("/webhooks/{webhook}"), r#"{"name":"n"}"#.to_owned()),
        ("POST", format!("/webhooks/{webhook}/rotate-secret"), String::new()),
        ("PUT", "/event-types/own.type".to_owned(), r#"{"sample":1}"#.to_owned()),
        (
            "POST",
            "/webhooks".to_owned(),
            r#"{"url":"https://example.com/","events":["*"]}"#.to_owned(),
        ),
    ];
    for (method, path, body) in requests {
        let marked = service.ask(method, &path, &format!("\u{feff}{body}")).await;
        assert!(marked.status.is_success(), "{path}: {}", marked.text);
        let units: Vec<u16> = format!("\u{feff}{body} ").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let wide: Vec<u8> =
            format!("\u{feff}{body}").chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for (bytes, named) in [
            (little.as_slice(), "UTF-16"),
            (&big, "UTF-16"),
            (&little[2..], "UTF-16"),
            (&big[2..], "UTF-16"),
            (&wide, "UTF-32"),
        ] {
            let answer = service.ask_bytes(&ACME, method, &path, bytes).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
            let detail = format!("The body must be UTF-8; it begins as {named} does.");
            assert_eq!(answer.body["detail"], detail, "{path}: {:?}", &bytes[..4.min(bytes.len())]);
        }
    }
}

#[tokio::test]
async fn a_text_secret_that_begins_with_whsec_is_a_key_under_a_text_contract() {
    let service = Service::new();
    let new = |contract: &str, secret: &str| {
        json!({"url": "https://example.com/", "events": ["*"], "contract": contract, "secret": secret})
            .to_string()
    };
    for secret in ["whsec_test_secret", "whsk_not_a_key"] {
        let made = service.ask("POST", "/webhooks", &new("github", secret)).await;
        assert_eq!((made.status, &made.body["secret"]), (StatusCode::CREATED, &json!(secret)));
        assert_eq!(
            mistakes(&service.ask("POST", "/webhooks", &new("standard", secret)).await).len(),
            1
        );
        let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
        // It cannot become a key of the standard without a new secret.
        let moved = service.ask("PATCH", &path, r#"{"contract":"standard"}"#).await;
        let why = mistakes(&moved);
        assert!(
            why[0].starts_with("contract: cannot be standard before the webhook's secret"),
            "{why:?}"
        );
        let rotate = format!("{path}/rotate-secret");
        let other = json!({ "secret": format!("{secret}_2"), "overlapSeconds": 0 }).to_string();
        let rotated = service.ask("POST", &rotate, &other).await;
        assert_eq!(rotated.body["secret"], format!("{secret}_2"), "{}", rotated.text);
    }
    let standard = format!("/webhooks/{}/rotate-secret", service.webhook().await);
    let malformed = service.ask("POST", &standard, r#"{"secret":"whsec_test_secret"}"#).await;
    assert_eq!(
        mistakes(&malformed),
        ["secret: must be whsec_ followed by 8 or more bytes in base64"]
    );
}

#[tokio::test]
async fn white_space_in_secrets_and_header_values_is_named_with_its_position() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for (secret, what) in [
        ("your-webhook-secret\u{a0}", "character 20 is U+00A0 (no-break space)"),
        ("your-\u{200b}webhook-secret", "character 6 is U+200B (zero width space)"),
        ("your-webhook-secret\n", "character 20 is U+000A (line feed)"),
        ("your\twebhook-secret", "character 5 is U+0009 (tab)"),
    ] {
        let expected =
            format!("secret: must not contain white space or invisible characters, but {what}");
        let new = json!({"url": "https://example.com/", "events": ["*"], "secret": secret});
        let refused = service.ask("POST", "/webhooks", &new.to_string()).await;
        assert_eq!(mistakes(&refused), [expected.as_str()]);
        let path = format!("/webhooks/{webhook}/rotate-secret");
        let refused = service.ask("POST", &path, &json!({ "secret": secret }).to_string()).await;
        assert_eq!(mistakes(&refused), [expected]);
    }
    let headers = json!({"headers": {"X-Key": "abc\u{a0}"}}).to_string();
    let refused = service.ask("PATCH", &format!("/webhooks/{webhook}"), &headers).await;
    let what = "character 4 is U+00A0 (no-break space)";
    let expected =
        format!("headers.X-Key: must have visible ASCII, spaces and tabs only, but {what}");
    assert_eq!(mistakes(&refused), [expected]);
}

#[tokio::test]
async fn single_label_hosts_are_no_targets() {
    let service = Service::new();
    for url in ["https:///x", "https://intranet/", "https://intranet./", "https:/example.com/"] {
        let new = json!({"url": url, "events": ["*"]}).to_string();
        let refused = mistakes(&service.ask("POST", "/webhooks", &new).await);
        assert!(refused[0].starts_with("url: must "), "{refused:?}");
    }
}

/// The presets, and with them the policy of `standard`, jitter as that standard asks. What a client writes
/// itself is exact, and so are the words of a platform's guide.
#[tokio::test]
async fn presets_jitter_by_default_and_own_policies_do_not() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    for (policy, jitter) in [
        (json!("quick"), json!(0.1)),
        (json!({"preset": "standard-webhooks"}), json!(0.1)),
        (json!("patient"), json!(0.1)),
        (json!("none"), Value::Null),
        (json!({"scheduleSeconds": [5, 300]}), Value::Null),
        (json!({"maxRetries": 3}), Value::Null),
        (json!({"scheduleSeconds": [5, 300], "jitter": 0.5}), json!(0.5)),
    ] {
        let change = json!({ "retryPolicy": policy }).to_string();
        let answer = service.ask("PATCH", &path, &change).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        assert_eq!(answer.body["retryPolicy"]["jitter"], jitter, "{policy}");
        let again = json!({ "retryPolicy": answer.body["retryPolicy"] }).to_string();
        let again = service.ask("PATCH", &path, &again).await;
        assert_eq!(again.body["retryPolicy"], answer.body["retryPolicy"]);
    }
}

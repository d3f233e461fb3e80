//! Requests that ask the API for much, or that are no requests.

use serde_json::{Value, json};

use crate::payload::Request;
use crate::world::as_operator;

/// A request as Lambda hands it over.
#[derive(Debug, Clone)]
pub struct RequestInput {
    pub name: String,
    pub payload: Value,
    /// Whether API Gateway never sends such a payload. Then it is enough that the function reports an error.
    pub is_impossible: bool,
}

fn shaped(name: &str, request: &Request) -> RequestInput {
    let (name, payload) = (format!("request: {name}"), request.payload());
    RequestInput { name, payload, is_impossible: false }
}

/// A request by a stranger, without credentials.
fn path(name: &str, path: &str) -> RequestInput {
    shaped(name, &Request::new("GET", path))
}

fn changed(name: &str, change: impl FnOnce(&mut Value)) -> RequestInput {
    let mut payload = Request::new("GET", "/webhooks").payload();
    change(&mut payload);
    RequestInput { name: format!("request: {name}"), payload, is_impossible: true }
}

/// The text of a key that no tenant has. Its checksum is right.
const FORGED_KEY: &str = "Bearer hlk_acme_key_01HM6AQH200000000000000002_AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAA_lgYtV4";

/// Findings 5 and 15 of the survey, and others of their kind: what a stranger can send.
#[must_use]
pub fn of_strangers() -> Vec<RequestInput> {
    let mut inputs = vec![
        path("a raw quotation mark in the path", "/webhooks/\"x"),
        path("a raw angle bracket in the path", "/<script>"),
        path("a raw blank in the path", "/web hooks"),
        path("a control character in the path", "/web\u{1}hooks"),
        path("a line break in the path", "/webhooks\nx: y"),
        path("a null byte in the path", "/webhooks\u{0}"),
        path("a backslash in the path", "\\webhooks\\..\\tenants"),
        path("a raw umlaut in the path", "/wébhööks"),
        path("a damaged escape in the path", "/webhooks/%zz%"),
        path("dots in the path", "/docs/%2e%2e/api/v1/tenants"),
        path("two slashes at the beginning", "//evil.example/webhooks"),
        path("a path without a slash", "webhooks"),
        path("an empty path", ""),
        path("a URL as the path", "http://evil.example:99999/"),
        path("a path of 70 kB", &format!("/{}", "x".repeat(70_000))),
        path("a path of 66 kB of escapes", &format!("/{}", "%41".repeat(22_000))),
        shaped(
            "a raw quotation mark in the query",
            &Request::new("GET", "/webhooks").query("a=\"<>\u{7f}"),
        ),
        shaped(
            "a query of 100 kB",
            &Request::new("GET", "/webhooks").query(&"a=b&".repeat(25_000)),
        ),
    ];
    for (name, host) in [
        ("a blank in the host", "api example"),
        ("a quotation mark in the host", "\"api\""),
        ("half an address as the host", "[::1"),
        ("a user in the host", "user@api.example:x"),
        ("an empty host", ""),
        ("a long host", &"h".repeat(66_000)),
    ] {
        inputs.push(shaped(name, &Request::new("GET", "/webhooks").header("host", host)));
    }
    for (name, header, value) in [
        ("a line break in a header", "x-a", "b\r\nx-c: d"),
        ("a null byte in a header", "x-a", "\u{0}"),
        ("a header's name with a blank", "x a", "b"),
        ("an empty header name", "", "b"),
        ("a header of 200 kB", "x-long", &"v".repeat(200_000)),
        ("a damaged content length", "content-length", "-1"),
        ("a damaged content type", "content-type", "\u{1}/\u{2}"),
        ("a key of 200 kB", "authorization", &format!("Bearer hlk_{}", "_".repeat(200_000))),
        ("a forged key that is looked up", "authorization", FORGED_KEY),
    ] {
        inputs.push(shaped(name, &Request::new("GET", "/webhooks").header(header, value)));
    }
    let many = (0..20_000).fold(Request::new("GET", "/webhooks"), |mut request, i| {
        request.headers.push((format!("x-{i}"), "v".to_owned()));
        request
    });
    inputs.push(shaped("20,000 headers", &many));
    let mut base64 = Request::new("POST", "/events").body("%%% not base64 %%%");
    base64.is_base64 = true;
    inputs.push(shaped("a body that is not base64", &base64));
    base64.body = Some("/////w==".to_owned());
    inputs.push(shaped("a body that is not UTF-8", &base64));
    inputs.extend([
        changed("a method with blanks", |p| p["requestContext"]["http"]["method"] = json!("G E T")),
        changed("an empty method", |p| p["requestContext"]["http"]["method"] = json!("")),
        changed("a method that is a number", |p| p["requestContext"]["http"]["method"] = json!(7)),
        changed("no method", |p| p["requestContext"]["http"] = json!({})),
        changed("no context", |p| p["requestContext"] = Value::Null),
        changed("no path", |p| p["rawPath"] = Value::Null),
        changed("headers that are a list", |p| p["headers"] = json!(["a"])),
        changed("no headers", |p| p["headers"] = Value::Null),
        changed("a body that is a number", |p| p["body"] = json!(7)),
        changed("cookies that are texts of control characters", |p| {
            p["cookies"] = json!(["a=\u{1}"]);
        }),
        changed("a stage that is a path", |p| p["requestContext"]["stage"] = json!("../<x>")),
    ]);
    inputs
}

/// Findings 6 and 7 of the survey, and others of their kind: bodies of a tenant with its token.
#[must_use]
pub fn of_tenants(tenant: &str) -> Vec<RequestInput> {
    let post =
        |path: &str, body: String| as_operator(tenant, Request::new("POST", path).body(body));
    let webhook = |field: &str, value: String| {
        let body = format!(
            "{{\"name\":\"H\",\"url\":\"https://93.184.216.34/\",\"events\":[\"order.*\"],\"register\":true,\"{field}\":{value}}}"
        );
        post("/webhooks", body)
    };
    let list = |one: &str, n: usize| format!("[{}]", vec![one; n].join(","));
    let pairs = |n: usize, value: &str| {
        let pairs: Vec<_> = (0..n).map(|i| format!("\"x-h{i}\":{value}")).collect();
        format!("{{{}}}", pairs.join(","))
    };
    let types: Vec<_> = (0..60_000).map(|i| format!("\"a.b{i}\"")).collect();
    let wrong_types: Vec<_> = (0..60_000).map(|i| format!("\"a..b{i}\"")).collect();
    let body = |types: &[String]| {
        format!("{{\"url\":\"https://93.184.216.34/\",\"events\":[{}]}}", types.join(","))
    };
    let unknown: Vec<_> = (0..300_000).map(|i| format!("\"f{i:06}\":1")).collect();
    let unknown = format!("{{{}}}", unknown.join(","));
    let events = list("{\"type\":\"\",\"data\":1,\"x\":2,\"y\":3}", 100_000);
    vec![
        shaped("20,000 custom headers", &webhook("headers", pairs(20_000, "\"v\""))),
        shaped("20,000 custom headers that are wrong", &webhook("headers", pairs(20_000, "7"))),
        shaped("60,000 event types", &post("/webhooks", body(&types))),
        shaped("60,000 event types that are wrong", &post("/webhooks", body(&wrong_types))),
        shaped("4 MB of unknown fields of a webhook", &post("/webhooks", unknown.clone())),
        shaped("4 MB of unknown fields of an event", &post("/events", unknown.clone())),
        shaped("a batch of wrong events", &post("/events/batch", events.clone())),
        shaped("a batch of 4 MB of nothing", &post("/events/batch", list("{}", 1_300_000))),
        shaped("a batch of 4 MB of numbers", &post("/events/batch", list("1", 2_000_000))),
        shaped("4 MB of brackets", &post("/events", "[".repeat(4_000_000))),
        shaped("4 MB of one key", &post("/webhooks", format!("{{\"{}\":1}}", "k".repeat(4_000_000)))),
        shaped("4 MB of digits", &post("/events", format!("{{\"type\":\"a\",\"data\":{}}}", "9".repeat(200_000)))),
        shaped("a schedule of 500,000", &webhook("retryPolicy", format!("{{\"schedule\":{}}}", list("-1", 500_000)))),
        shaped("event types of 4 MB", &webhook("eventTypes", list(&format!("{{\"type\":\"a\",\"sample\":\"{}\"}}", "s".repeat(200_000)), 20))),
        shaped("200,000 event types in a webhook", &webhook("eventTypes", list("{\"type\":\"\"}", 200_000))),
        shaped("100,000 ranges", &webhook("targetCidrs", list("\"x\"", 100_000))),
        shaped("a filter of 4 MB", &webhook("filter", format!("\"{}\"", "(".repeat(4_000_000)))),
        shaped("a transform of 4 MB", &webhook("transform", format!("\"{}\"", "a+".repeat(2_000_000)))),
        shaped("a URL of 4 MB", &webhook("description", format!("\"{}\"", "é".repeat(2_000_000)))),
        shaped("1,000,000 scopes of a key", &post("/keys", format!("{{\"name\":\"k\",\"scopes\":{}}}", list("\"\"", 1_000_000)))),
        shaped("a name of a key of 4 MB", &post("/keys", format!("{{\"name\":\"{}\",\"scopes\":[]}}", "é".repeat(2_000_000)))),
        shaped(
            "an event type of 4 MB of mistakes",
            &as_operator(tenant, Request::new("PUT", "/event-types/a.b").body(unknown)),
        ),
        shaped(
            "a schema of 16 KB of mistakes",
            &as_operator(
                tenant,
                Request::new("PUT", "/event-types/a.b").body(format!(
                    "{{\"category\":\"c\",\"description\":\"d\",\"sample\":{{}},\"schema\":{{\"allOf\":{}}}}}",
                    list("{\"$id\":\"x\",\"$ref\":\"y\",\"$dynamicRef\":\"z\"}", 340)
                )),
            ),
        ),
        shaped(
            "settings of 4 MB of mistakes",
            &as_operator("", Request::new("PUT", &format!("/tenants/{tenant}")).body(pairs(300_000, "1"))),
        ),
        shaped(
            "an idempotency key of 100 kB",
            &post("/webhooks", "{}".to_owned()).header("idempotency-key", "k".repeat(100_000)),
        ),
        shaped(
            "a cursor of 100 kB",
            &as_operator(tenant, Request::new("GET", "/webhooks").query(&format!("cursor={}", "A".repeat(100_000)))),
        ),
    ]
}

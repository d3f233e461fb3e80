use super::*;
use crate::answers::ApiShape;

mod mistakes;
mod properties;

/// `standard` with this `[api]` part.
fn contract(api: &str) -> Result<Contract, InvalidContract> {
    let text = format!("{STANDARD}\n{api}");
    let contracts = Contracts::load([("standard.toml", text.as_str())])?;
    Ok(contracts.get(&"standard".parse().unwrap()).unwrap().clone())
}

fn shape(api: &str) -> ApiShape {
    contract(api).unwrap().api().unwrap().clone()
}

/// A canonical delivery, rewritten by a shape.
fn delivery(words: &str, body: &str, canonical: &str) -> String {
    let api = format!("[api.words]\n{words}\n[api.answers]\ngetDelivery.body = '''{body}'''");
    answer(&shape(&api), "getDelivery", 200, canonical)
}

fn answer(shape: &ApiShape, operation: &str, status: u16, canonical: &str) -> String {
    let shape = shape.of(operation).unwrap();
    shape.body(&"acme".parse().unwrap(), status, canonical).unwrap()
}

const DELIVERY: &str = r#"{"id":"dlv_1","status":"retrying","attemptCount":2,
    "createdAt":"2024-01-15T10:30:00.125Z","lastAttempt":{"at":"2024-01-15T10:30:07.5Z","statusCode":503},
    "attempts":[{"number":1,"error":{"kind":"dns","detail":"no such name"}},{"number":2,"durationMs":0.29,
    "request":{"headers":{"a":"1.0"}},"response":{"body":"thanks","statusText":""}}]}"#;

#[test]
fn each_placeholder_has_its_value() {
    let words = "w = { retrying = \"failed\", 2 = { two = true }, none = 0, \"5xx\" = \"theirs\" }\n\
                 any = { \"*\" = true, none = false }";
    for (template, expected) in [
        // Values as they are, times in a format, and the tenant.
        ("{id}", r#""dlv_1""#),
        ("{attemptCount}", "2"),
        ("{tenant}", r#""acme""#),
        ("{lastAttempt}", r#"{"at":"2024-01-15T10:30:07.5Z","statusCode":503}"#),
        ("{lastAttempt.statusCode}", "503"),
        ("{attempts.first.error.kind}", r#""dns""#),
        ("{attempts.last.request.headers}", r#"{"a":"1.0"}"#),
        ("{createdAt:rfc3339}", r#""2024-01-15T10:30:00Z""#),
        ("{createdAt:rfc3339ms}", r#""2024-01-15T10:30:00.125Z""#),
        ("{createdAt:unix}", "1705314600"),
        // Text around placeholders, and placeholders without a value.
        ("{id} after {attemptCount}", r#""dlv_1 after 2""#),
        ("{id} {nextAttemptAt:rfc3339}", "left out"),
        ("{id} {lastAttempt}", "left out"),
        ("{id} {attempts.last.response.statusText}", "left out"),
        ("{nextAttemptAt:rfc3339}", "left out"),
        ("{lastAttempt.error.detail} || {id}", r#""dlv_1""#),
        ("{lastAttempt.error.detail} || none", r#""none""#),
        ("{lastAttempt.error.detail} || {reason}", "left out"),
        // Words.
        ("{status:w}", r#""failed""#),
        ("{attemptCount:w}", r#"{"two":true}"#),
        ("{lastAttempt.statusCode:w}", r#""theirs""#),
        ("{reason:w}", "0"),
        ("{id:w}", r#""dlv_1""#),
        ("{id:any}", "true"),
        ("{reason:any}", "false"),
        // The other formats.
        ("{attempts:count}", "2"),
        ("{attemptCount:and-first}", "3"),
        ("{id:code}", r#""DLV_1""#),
        ("{attempts.last.durationMs:percent}", "29"),
        ("{attempts.number=2.response.body}", r#""thanks""#),
        ("{attempts.number=1.error.kind}", r#""dns""#),
        ("{attempts.number=3.error.kind}", "left out"),
        // Conditions.
        ("{id if status is retrying, failed}", r#""dlv_1""#),
        ("{id if status is delivered}", "left out"),
        ("{id if status is not delivered}", r#""dlv_1""#),
        ("{id if lastAttempt.statusCode is 5xx}", r#""dlv_1""#),
        ("{id if lastAttempt.statusCode is not 5xx}", "left out"),
        ("{id if reason is none}", r#""dlv_1""#),
        ("{id if reason is *}", "left out"),
    ] {
        let shaped = delivery(words, &format!(r#"{{"x":"{template}"}}"#), DELIVERY);
        let expected = match expected {
            "left out" => "{}".to_owned(),
            value => format!(r#"{{"x":{value}}}"#),
        };
        assert_eq!(shaped, expected, "{template}");
    }
}

#[test]
fn constants_and_order_stay_and_empty_objects_are_left_out() {
    let body = r#"{"z":1,"a":[true,null,"{id}","{reason}"],
        "gone":{"one":"{reason}","kind":"x"},"fixed":{"kind":"x"},"kept":{"n":"{attemptCount}"}}"#;
    let expected = r#"{"z":1,"a":[true,null,"dlv_1"],"fixed":{"kind":"x"},"kept":{"n":2}}"#;
    assert_eq!(delivery("", body, DELIVERY), expected);
    let whole = r#"{"success":true,"data":"{reason}"}"#;
    assert_eq!(
        delivery("", whole, DELIVERY),
        r#"{"success":true}"#,
        "a whole answer is not left out"
    );
    assert_eq!(delivery("", "\"{reason}\"", DELIVERY), "null");
    assert_eq!(
        delivery("", "{\"x\":\"{reason} || {id}\"}", r#"{"reason":null,"id":1}"#),
        r#"{"x":1}"#
    );
    assert_eq!(delivery("", "{\"x\":\"{reason} || {id}\"}", r#"{"reason":null}"#), r#"{"x":null}"#);
}

#[test]
fn copied_values_keep_their_numbers_and_escapes() {
    let headers = r#"{"n":1234567890123456789012,"d":1.0,"e":1e400,"s":"\u00e9"}"#;
    let canonical = format!(r#"{{"attempts":[{{"request":{{"headers":{headers}}}}}]}}"#);
    let shaped = delivery("", r#"{"x":"{attempts.last.request.headers}"}"#, &canonical);
    assert_eq!(shaped, format!(r#"{{"x":{headers}}}"#));
}

#[test]
fn a_shape_applies_to_an_object_or_to_each_of_a_list() {
    let shape = shape(
        r#"
        [api.shapes]
        one = '{ "n": "{number}", "why": "{error:why}" }'
        why = '"{kind}: {detail}"'
        counted = '"{attemptCount}"'
        [api.answers]
        getDelivery.body = '''{ "last": "{attempts.last:one}", "all": "{attempts:one}",
            "text": "{attempts.first.error:why}", "new": "{lastAttempt.error:why}" }'''
        listDeliveries.body = '{ "counts": "{data:counted}" }'
        "#,
    );
    assert_eq!(
        answer(&shape, "getDelivery", 200, DELIVERY),
        r#"{"last":{"n":2},"all":[{"n":1,"why":"dns: no such name"},{"n":2}],"text":"dns: no such name"}"#
    );
    let list = r#"{"data":[{"attemptCount":1},{},7]}"#;
    assert_eq!(answer(&shape, "listDeliveries", 200, list), r#"{"counts":[1,null,null]}"#);
}

#[test]
fn an_operation_has_its_status_query_and_errors() {
    let shape = shape(
        r#"
        [api]
        error = '{ "error": "{detail} || {errors:wrong:joined} || {title}", "code": "{type:code}" }'
        [api.shapes]
        wrong = '"{path} {message} || {message}"'
        [api.answers]
        createWebhook.status = 200
        listWebhooks.query = { limit = "100" }
        "#,
    );
    assert!(shape.of("publishEvent").is_none() && shape.of("getWebhook").is_none());
    let create = shape.of("createWebhook").unwrap();
    assert_eq!((create.status(201), create.status(422)), (200, 422));
    let tenant = "acme".parse().unwrap();
    assert_eq!(
        create.body(&tenant, 201, "{}"),
        None,
        "without a body in the contract it stays canonical"
    );

    let list = shape.of("listWebhooks").unwrap();
    assert_eq!(list.query(|_| false).collect::<Vec<_>>(), [("limit", "100".to_owned())]);
    assert_eq!(list.query(|name| name == "limit").count(), 0);

    let invalid = r#"{"type":"urn:hooklane:problem:not-valid","title":"Invalid","status":422,
        "errors":[{"path":"url","message":"is required"},{"path":"","message":"is no object"}]}"#;
    assert_eq!(
        answer(&shape, "createWebhook", 422, invalid),
        r#"{"error":"url is required; is no object","code":"NOT_VALID"}"#
    );
    let other = r#"{"type":"about:blank","title":"Bad"}"#;
    assert_eq!(answer(&shape, "createWebhook", 400, other), r#"{"error":"Bad","code":"BLANK"}"#);
}

#[test]
fn an_answer_that_is_not_json_stays_unchanged() {
    let shape = shape("[api.answers]\ngetWebhook.body = '{ \"x\": \"{id}\" }'");
    let shape = shape.of("getWebhook").unwrap();
    for text in ["", "{", "{\"id\":1}{", "nonsense"] {
        assert_eq!(shape.body(&"acme".parse().unwrap(), 200, text), None, "{text}");
    }
}

#[test]
fn a_variant_changes_one_answer_and_keeps_the_others() {
    let api = "[api.shapes]\nw = '{ \"x\": \"{id}\" }'\n\
               [api.answers]\ngetWebhook.body = '\"{answer:w}\"'\ncreateWebhook.body = '\"{answer:w}\"'";
    let variant = "description = \"v\"\nextends = \"standard\"\n\
                   [api.answers]\ncreateWebhook = { status = 200 }\n[api.shapes]\nw = '\"{name}\"'";
    let base = format!("{STANDARD}\n{api}");
    let contracts =
        Contracts::load([("standard.toml", base.as_str()), ("v.toml", variant)]).unwrap();
    let shape = contracts.get(&"v".parse().unwrap()).unwrap().api().unwrap();
    let canonical = r#"{"id":1,"name":"N"}"#;
    assert_eq!(answer(shape, "getWebhook", 200, canonical), "\"N\"");
    assert_eq!(answer(shape, "createWebhook", 201, canonical), "\"N\"");
    assert_eq!(shape.of("createWebhook").unwrap().status(201), 200);
}

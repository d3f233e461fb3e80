use super::*;

mod envelopes;
mod marks;

fn paths(result: Result<NewEvent, FieldErrors>) -> Vec<String> {
    result.unwrap_err().into_vec().into_iter().map(|e| e.path).collect()
}

fn queue(body: &str) -> Result<NewEvent, FieldErrors> {
    from_envelope_or_body(body, &DefaultTenant::None)
}

#[test]
fn synonyms_make_the_same_event() {
    let canonical = queue(
        r#"{"tenant":"t1","type":"user.created","data":{"a":1},"timestamp":"2024-01-15T10:30:00Z"}"#,
    )
    .unwrap();
    for body in [
        r#"{"tenantId":"t1","event":"user.created","data":{"a": 1},"created_at":"2024-01-15T10:30:00Z"}"#,
        r#"{"tenant_id":"t1","type":"user.created","data":{"a":1},"timestamp":1705314600}"#,
        r#"{"org_id":"t1","event":"user.created","data":{ "a":1 },"timestamp":"2024-01-15T11:30:00+01:00"}"#,
    ] {
        assert_eq!(queue(body).unwrap(), canonical, "{body}");
    }
}

#[test]
fn an_envelope_carries_the_same_event() {
    let body = r#"{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type":"user.created","source":"my.app","account":"1","region":"r","resources":[],
        "time":"2024-01-15T10:30:00Z","detail":{"tenant":"t1","data":{"a":1}}}"#;
    let event = queue(body).unwrap();
    assert_eq!(event.id.unwrap().as_str(), "6a7e8feb-b491-4cf7-a9f1-bf3703467718");
    assert_eq!(event.tenant.as_str(), "t1");
    assert_eq!(event.content.data.as_str(), r#"{"a":1}"#);
    assert_eq!(event.content.version, None);
    let rest = r#"{"detail-type":"user.created","detail":{"org_id":"t1","a":1,"b":[2]}}"#;
    assert_eq!(queue(rest).unwrap().content.data.as_str(), r#"{"a":1,"b":[2]}"#);
}

#[test]
fn every_missing_or_wrong_field_is_named() {
    assert_eq!(paths(queue("{}")), ["tenant", "type", "data"]);
    assert_eq!(paths(queue(r#"{"tenant":"a b","type":".","data":1}"#)), ["tenant", "type"]);
    assert_eq!(
        paths(queue(
            r#"{"id":"a/b","tenant":"t","type":"x","data":1,"metadata":[],"timestamp":"soon","nonsense":1}"#
        )),
        ["id", "metadata", "timestamp", "nonsense"]
    );
    assert_eq!(paths(queue(r#"{"detail-type":"x"}"#)), ["detail"]);
    assert_eq!(paths(queue(r#"{"detail-type":"x","detail":{"a":1}}"#)), ["detail.tenant"]);
    assert_eq!(paths(queue(r#"{"detail-type":"x","detail":[1]}"#)), ["detail"]);
    assert_eq!(paths(queue(r#"{"detail-type":"","detail":[]}"#)), ["detail-type", "detail"]);
    assert_eq!(paths(queue("not json")), [""]);
    assert_eq!(paths(queue("[1]")), [""]);
}

#[test]
fn a_body_over_256_kib_is_refused() {
    let body = |n: usize| format!(r#"{{"tenant":"t","type":"x","data":"{}"}}"#, "x".repeat(n));
    let frame = body(0).len();
    assert!(queue(&body(MAX_EVENT_BYTES - frame)).is_ok());
    assert_eq!(paths(queue(&body(MAX_EVENT_BYTES - frame + 1))), [""]);
}

#[test]
fn a_body_cannot_override_the_tenant_of_the_api_request() {
    let tenant = DefaultTenant::Is("t1".parse().unwrap());
    assert!(from_body(r#"{"type":"x","data":1}"#, &tenant).is_ok());
    assert!(from_body(r#"{"tenant":"t1","type":"x","data":1}"#, &tenant).is_ok());
    assert_eq!(paths(from_body(r#"{"tenant":"t2","type":"x","data":1}"#, &tenant)), ["tenant"]);
}

#[test]
fn different_contents_have_different_fingerprints() {
    let print = |body: &str| queue(body).unwrap().content.fingerprint();
    let base = print(r#"{"tenant":"t","type":"x","data":{"a":1}}"#);
    assert_eq!(base, print(r#"{"tenant":"t","type":"x","data":{ "a": 1 }}"#));
    for other in [
        r#"{"tenant":"t","type":"y","data":{"a":1}}"#,
        r#"{"tenant":"t","type":"x","data":{"a":2}}"#,
        r#"{"tenant":"t","type":"x","data":{"a":1},"metadata":{}}"#,
        r#"{"tenant":"t","type":"x","data":{"a":1},"test":true}"#,
        r#"{"tenant":"t","type":"x","data":{"a":1},"version":"2"}"#,
    ] {
        assert_ne!(base, print(other), "{other}");
    }
}

/// Receivers trust what is signed: only Hooklane itself says that it disabled a webhook.
#[test]
fn finding_09_operational_events_and_derived_ids_are_refused_from_producers() {
    for (field, value, path) in [
        ("type", "webhook.failing", "type"),
        ("type", "webhook.disabled", "type"),
        ("type", "webhook.recovered", "type"),
        ("type", "delivery.exhausted", "type"),
        ("event", "webhook.disabled", "event"),
        ("eventType", "webhook.disabled", "eventType"),
        ("event_type", "webhook.disabled", "event_type"),
        ("id", "op_1", "id"),
        ("id", "op_0123456789abcdef0123456789abcdef01234567", "id"),
        ("eventId", "msg_19dd8b57-b21e-4ac1-bd88-01bbb068cb78", "eventId"),
        ("event_id", "key_", "event_id"),
    ] {
        let other =
            if path.to_lowercase().contains("id") { r#""type":"a""# } else { r#""id":"e1""# };
        let body = format!(r#"{{"tenant":"acme","data":{{}},{other},"{field}":"{value}"}}"#);
        assert_eq!(paths(queue(&body)), [path], "{body}");
        let tenant = DefaultTenant::Is("acme".parse().unwrap());
        assert_eq!(paths(from_body(&body, &tenant)), [path], "{body}");
    }
    let envelope = |id: &str, name: &str| {
        format!(
            r#"{{"id":"{id}","detail-type":"{name}","detail":{{"tenant":"acme","data":{{}}}}}}"#
        )
    };
    assert_eq!(paths(queue(&envelope("e1", "webhook.disabled"))), ["detail-type"]);
    assert_eq!(paths(queue(&envelope("op_1", "a"))), ["id"]);
    // What only looks alike is the producer's own.
    for (id, name) in [
        ("OP_1", "webhook.test"),
        ("opera", "webhook.disabled.twice"),
        ("x_op_1", "Webhook.disabled"),
        ("19dd8b57-b21e-4ac1-bd88-01bbb068cb78", "delivery.exhaustedly"),
        ("evt_1", "webhook"),
    ] {
        let body = format!(r#"{{"id":"{id}","tenant":"acme","type":"{name}","data":{{}}}}"#);
        assert_eq!(queue(&body).unwrap().id.unwrap().as_str(), id);
    }
}

#[test]
fn detail_may_carry_the_producers_own_id_and_time() {
    let envelope = |id: &str, time: &str, detail: &str| {
        queue(&format!(
            r#"{{"id":"{id}","time":"{time}","detail-type":"a","detail":{{"tenant":"t1","data":1{detail}}}}}"#
        ))
        .unwrap()
    };
    let (early, late) = ("2024-01-15T10:30:00Z", "2024-01-15T10:30:07Z");
    // The producer repeats the event; EventBridge gives it another id and another time.
    let first = envelope("6a7e8feb", early, r#","id":"order-1""#);
    let again = envelope("11112222", late, r#","eventId":"order-1""#);
    assert_eq!(first, again);
    assert_eq!(first.id.unwrap().as_str(), "order-1");
    assert_eq!(first.content.timestamp, None);
    for detail in
        [format!(r#","timestamp":"{early}""#), format!(r#","id":"x","timestamp":"{early}""#)]
    {
        let timestamp = envelope("6a7e8feb", late, &detail).content.timestamp;
        assert_eq!(timestamp, Some(early.parse().unwrap()), "{detail}");
    }
    assert_eq!(envelope("6a7e8feb", late, "").content.timestamp, Some(late.parse().unwrap()));
    // Without `data`, everything in `detail` is the data.
    let rest = queue(r#"{"id":"6a7e8feb","detail-type":"a","detail":{"tenant":"t1","id":7}}"#);
    assert_eq!(rest.unwrap().content.data.as_str(), r#"{"id":7}"#);
}

/// As SNS writes it for a queue, without raw message delivery.
fn notification(message: &str) -> String {
    serde_json::json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders",
        "Subject": "My First Message",
        "Message": message,
        "Timestamp": "2012-05-02T00:54:06.655Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3ecf.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {"kind": {"Type": "String", "Value": "order"}},
    })
    .to_string()
}

#[test]
fn a_notification_of_sns_carries_the_same_event() {
    let body = r#"{"id":"e1","tenant":"t1","type":"a","data":{"n":1.50,"s":"\u00fc\"\\"}}"#;
    let envelope = r#"{"id":"6a7e8feb","time":"2024-01-15T10:30:00Z","detail-type":"a","source":"s",
        "detail":{"tenant":"t1","data":1}}"#;
    for inside in [body, envelope] {
        assert_eq!(queue(&notification(inside)).unwrap(), queue(inside).unwrap(), "{inside}");
    }
    // Each copy of the notification is the same event.
    let without_id = queue(&notification(r#"{"tenant":"t1","type":"a","data":1}"#)).unwrap();
    assert_eq!(without_id.id.unwrap().as_str(), "msg_22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
}

#[test]
fn an_sns_envelope_without_its_topic_is_unwrapped_too() {
    let event = r#"{"id":"e1","tenant":"t1","type":"a","data":1}"#;
    let body = serde_json::json!({"Type": "Notification", "Message": event}).to_string();
    assert_eq!(queue(&body).unwrap(), queue(event).unwrap());
    let confirmation = r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen"}"#;
    let reason = queue(confirmation).unwrap_err().to_string();
    assert!(reason.starts_with("Type: is SubscriptionConfirmation"), "{reason}");
}

#[test]
fn what_is_wrong_with_a_notification_is_named() {
    let reason = |body: &str| queue(body).unwrap_err().to_string();
    let topic = r#""TopicArn":"arn:aws:sns:us-east-1:1:orders""#;
    for (body, expected) in [
        (notification("order 7"), "Message: is not valid JSON (line 1, column 1)"),
        (notification(""), "Message: is not valid JSON (line 1, column 0)"),
        (notification("[1]"), "Message: must be a JSON object (line 1, column 0)"),
        (
            notification("{}"),
            "Message.tenant: is required; Message.type: is required; Message.data: is required",
        ),
        (
            notification(r#"{"tenant":"t","type":"webhook.disabled","data":1}"#),
            "Message.type: is the type of",
        ),
        (
            notification(r#"{"detail-type":"a","detail":{"a":1}}"#),
            "Message.detail.tenant: is required",
        ),
        (format!("{{{topic}}}"), "Message: is required"),
        (format!(r#"{{{topic},"Message":{{}}}}"#), "Message: must be a string"),
        (format!(r#"{{{topic},"Type":"Other","Message":"{{}}"}}"#), "Type: must be Notification"),
        (
            format!(r#"{{{topic},"Type":"UnsubscribeConfirmation","Message":"You have chosen"}}"#),
            "Type: is UnsubscribeConfirmation, which is no event",
        ),
        (
            format!(r#"{{{topic},"Type":"SubscriptionConfirmation","Message":"You have chosen"}}"#),
            "Type: is SubscriptionConfirmation, which is no event: open the SubscribeURL",
        ),
        // No notification in a notification: SNS makes none.
        (
            notification(&notification("{}")),
            "Message.tenant: is required; Message.type: is required",
        ),
    ] {
        let reason = reason(&body);
        assert!(reason.starts_with(expected), "{body}\n{reason}");
    }
}

#[test]
fn the_limit_of_a_notification_is_that_of_its_event() {
    let event = |n: usize| format!(r#"{{"tenant":"t","type":"x","data":"{}"}}"#, "\\n".repeat(n));
    let most = (MAX_EVENT_BYTES - event(0).len()) / 2;
    assert!(notification(&event(most)).len() > MAX_EVENT_BYTES);
    assert!(queue(&notification(&event(most))).is_ok());
    assert_eq!(paths(queue(&notification(&event(most + 1)))), [""]);
    assert_eq!(paths(queue(&format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_EVENT_BYTES)))), [""]);
}

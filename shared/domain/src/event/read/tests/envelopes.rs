//! Envelopes of EventBridge whose `detail` was designed by somebody else.

use super::*;
use hooklane_fuzz::any_json;
use proptest::prelude::*;

fn envelope(detail: &str) -> String {
    format!(r#"{{"id":"6a7e8feb","detail-type":"a.b","source":"s","detail":{detail}}}"#)
}

/// The data and the metadata of the event.
fn parts(detail: &str) -> (String, Option<String>) {
    let content = queue(&envelope(detail)).unwrap_or_else(|e| panic!("{detail}: {e}")).content;
    let text = |json: RawJson| json.as_str().to_owned();
    (text(content.data), content.metadata.map(text))
}

#[test]
fn eventbridge_envelopes_lose_nothing_of_what_was_sent() {
    for (detail, data, metadata) in [
        // The first name of the tenant counts. Another one is the business's own.
        (r#"{"tenantId":"t1","orgId":"o-7","n":1}"#, r#"{"orgId":"o-7","n":1}"#, None),
        (
            r#"{"org_id":7.0,"tenant":"t1","orgId":{"a":1}}"#,
            r#"{"org_id":7.0,"orgId":{"a":1}}"#,
            None,
        ),
        (r#"{"tenant":{"name":"T"},"tenantId":"t1"}"#, r#"{"tenant":{"name":"T"}}"#, None),
        (r#"{"tenant":"t1","tenantId":"t1"}"#, r#"{"tenantId":"t1"}"#, None),
        // Without `data` everything is the data: order, number text, escapes and duplicates stay.
        (
            r#"{"z":1.50, "tenant":"t1", "a":"\u00e9","z":2e0 ,"\u0062":[ ]}"#,
            r#"{"z":1.50,"a":"\u00e9","z":2e0,"\u0062":[]}"#,
            None,
        ),
        (r#"{"tenant":"t1"}"#, "{}", None),
        (
            r#"{"tenant":"t1","version":2,"metadata":[1],"id":7}"#,
            r#"{"version":2,"metadata":[1],"id":7}"#,
            None,
        ),
        (r#"{"tenant":"t1","data":null}"#, r#"{"data":null}"#, None),
        // Two of them are no data of Hooklane's.
        (r#"{"tenant":"t1","data":1,"data":2}"#, r#"{"data":1,"data":2}"#, None),
        // Beside `data`, what is no part of an event is kept in the metadata.
        (
            r#"{"tenantId":"t1","orgId":"o-7","data":{"a":1}}"#,
            r#"{"a":1}"#,
            Some(r#"{"orgId":"o-7"}"#),
        ),
        (r#"{"tenant":"t1","version":2,"data":1}"#, "1", Some(r#"{"version":2}"#)),
        (r#"{"tenant":"t1","metadata":["x"],"data":1}"#, "1", Some(r#"{"metadata":["x"]}"#)),
        (
            r#"{"tenant":"t1","z":1,"metadata":{"m":1.0},"a":null,"data":1}"#,
            "1",
            Some(r#"{"z":1,"a":null,"m":1.0}"#),
        ),
        (
            r#"{"id":7,"tenant":"t1","timestamp":"soon","test":"no","data":1,"created_at":[]}"#,
            "1",
            Some(r#"{"id":7,"timestamp":"soon","test":"no","created_at":[]}"#),
        ),
        (r#"{"tenant":"t1","id":"a/b","data":1}"#, "1", Some(r#"{"id":"a/b"}"#)),
        (r#"{"tenant":"t1","a":1,"a":2,"data":1}"#, "1", Some(r#"{"a":1,"a":2}"#)),
        (r#"{"tenant":"t1","version":null,"metadata":null,"data":1}"#, "1", None),
        (r#"{"tenant":"t1","metadata":{"m":1},"data":1}"#, "1", Some(r#"{"m":1}"#)),
        (r#"{"tenant":"t1","\ud83d":1,"data":"\ude00"}"#, r#""\ude00""#, Some(r#"{"\ud83d":1}"#)),
    ] {
        let (found, kept) = parts(detail);
        assert_eq!((found.as_str(), kept.as_deref()), (data, metadata), "{detail}");
    }
    let detail = r#"{"tenant":"t1","id":"e1","version":"2","test":true,"data":1}"#;
    let event = queue(&envelope(detail)).unwrap();
    assert_eq!(event.id.unwrap().as_str(), "e1");
    let Content { version, test, metadata, .. } = event.content;
    assert_eq!((version.as_deref(), test, metadata), (Some("2"), true, None));
}

#[test]
fn an_eventbridge_detail_type_with_blanks_is_a_type_and_is_kept() {
    for (detail_type, expected) in [
        ("Order Created", "Order_Created"),
        ("EC2 Instance State-change Notification", "EC2_Instance_State-change_Notification"),
        ("com.shop/Order Paid", "com.shop_Order_Paid"),
        ("Bestellung für 2", "Bestellung_f_r_2"),
        ("order..paid.", "order._.paid._"),
        (" ", "_"),
    ] {
        for (rest, metadata) in
            [("", "{"), (r#","data":1"#, "{"), (r#","data":1,"metadata":{"m":1}"#, r#"{"m":1,"#)]
        {
            let event = serde_json::json!({"detail-type": detail_type, "detail": {"tenant": "t1"}});
            let body = event.to_string().replace(r#""t1""#, &format!(r#""t1"{rest}"#));
            let content = queue(&body).unwrap().content;
            assert_eq!(content.event_type.as_str(), expected, "{body}");
            let kept: serde_json::Value =
                serde_json::from_str(content.metadata.unwrap().as_str()).unwrap();
            assert_eq!(kept["detail-type"], detail_type, "{metadata}");
        }
    }
    let exact = r#"{"detail-type":"a-b.c_d","detail":{"tenant":"t1"}}"#;
    assert_eq!(queue(exact).unwrap().content.metadata, None);
}

/// A wrong tenant is not passed over for a field that may name somebody else.
#[test]
fn an_eventbridge_event_never_goes_to_a_tenant_that_it_only_mentions() {
    for (detail, path) in [
        (r#"{"tenant":"Acme Inc.","orgId":"beta"}"#, "detail.tenant"),
        (r#"{"tenant":7,"orgId":"beta"}"#, "detail.tenant"),
        (r#"{"tenant":"a","tenant":"b"}"#, "detail.tenant"),
        (r#"{"tenantId":"a","tenantId":"a","orgId":"beta"}"#, "detail.tenantId"),
        (r#"{"tenant":null,"orgId":["beta"]}"#, "detail.tenant"),
        (r#"{"tenant":"\ud83d"}"#, "detail.tenant"),
    ] {
        assert_eq!(paths(queue(&envelope(detail))), [path], "{detail}");
    }
    let tenant = DefaultTenant::Is("t1".parse().unwrap());
    let under = |detail: &str| from_envelope_or_body(&envelope(detail), &tenant);
    assert_eq!(
        under(r#"{"orgId":{},"a":1}"#).unwrap().content.data.as_str(),
        r#"{"orgId":{},"a":1}"#
    );
    assert_eq!(paths(under(r#"{"orgId":"t2"}"#)), ["detail.orgId"]);
}

proptest! {
    /// Every member of `detail` is in the data, in the metadata, or a part of the event.
    #[test]
    fn an_envelope_loses_no_member_of_its_detail(
        members in proptest::collection::vec(("[a-z]{1,3}|data|metadata|version|id|test|orgId|timestamp", any_json()), 0..6),
    ) {
        let written: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()))
            .collect();
        let detail = format!("{{\"tenant\":\"t1\"{}{}}}", if written.is_empty() { "" } else { "," }, written.join(","));
        let Ok(event) = queue(&envelope(&detail)) else {
            // Too many levels.
            return Ok(());
        };
        let Content { data, metadata, version, timestamp, test, .. } = event.content;
        let kept = data.as_str().to_owned() + metadata.as_ref().map_or("", RawJson::as_str);
        for ((name, value), written) in members.iter().zip(&written) {
            let taken = match name.as_str() {
                "version" => version.as_deref() == value.as_str(),
                "id" => event.id.as_ref().map(EventId::as_str) == value.as_str(),
                "timestamp" => timestamp.is_some(),
                "test" => value.as_bool() == Some(test),
                "data" => kept.starts_with(&value.to_string()),
                "metadata" => value.as_object().is_some_and(|object| {
                    object.iter().all(|(key, value)| {
                        kept.contains(&format!("{}:{value}", serde_json::to_string(key).unwrap()))
                    })
                }),
                _ => false,
            };
            prop_assert!(taken || value.is_null() || kept.contains(written), "{} of {}", written, detail);
        }
    }
}

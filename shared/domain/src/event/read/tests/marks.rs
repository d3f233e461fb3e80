//! Half characters and byte order marks.

use super::*;

#[test]
fn half_a_character_in_text_is_kept_wherever_an_event_has_text() {
    let tenant = DefaultTenant::Is("t1".parse().unwrap());
    for data in
        [r#""hi \ud83d""#, r#"{"\udE00":{"\ud83d":"\ud83d"}}"#, r#"["\ud83dx","\ud83d\ud83d"]"#]
    {
        let body =
            format!(r#"{{"tenant":"t1","type":"a","data":{data},"metadata":{{"\udc00":1}}}}"#);
        for event in [queue(&body).unwrap(), from_body(&body, &tenant).unwrap()] {
            assert_eq!(event.content.data.as_str(), data);
            assert_eq!(event.content.metadata.unwrap().as_str(), r#"{"\udc00":1}"#);
        }
    }
    // Where it cannot be, it is named: in a name that nobody knows, and in a text of Hooklane's own.
    let reason = |body: &str| queue(body).unwrap_err().to_string();
    let unknown = r#"{"tenant":"t","type":"a","data":1,"\uD83D":1,"\ufffd":2,"\ud83e":3}"#;
    assert_eq!(
        reason(unknown),
        r"\ud83d: is not a known field; \ud83e: is not a known field; �: is not a known field"
    );
    for field in ["id", "tenant", "type", "version"] {
        let body = r#"{"id":"e","tenant":"t","type":"a","version":"1","data":1}"#;
        let mut event: serde_json::Value = serde_json::from_str(body).unwrap();
        event[field] = "HALF".into();
        let body = event.to_string().replace("HALF", "\\ud83d");
        let expected =
            format!(r"{field}: must not hold half a character (a lone surrogate such as \ud83d)");
        assert_eq!(reason(&body), expected);
    }
}

#[test]
fn a_byte_order_mark_before_json_is_ignored() {
    let body = r#"{"id":"e","tenant":"t1","type":"a","data":"\ufeff"}"#;
    let marked = format!("\u{feff}{body}");
    let tenant = DefaultTenant::Is("t1".parse().unwrap());
    assert_eq!(queue(&marked).unwrap(), queue(body).unwrap());
    assert_eq!(from_body(&marked, &tenant).unwrap(), queue(body).unwrap());
    assert_eq!(queue(&notification(&marked)).unwrap(), queue(body).unwrap());
    assert_eq!(queue(&format!("\u{feff}{}", notification(body))).unwrap(), queue(body).unwrap());
    let envelope = r#"{"detail-type":"a","detail":{"tenant":"t1"}}"#;
    assert_eq!(queue(&format!("\u{feff}{envelope}")).unwrap(), queue(envelope).unwrap());
    // One mark is one; elsewhere it is no white space of JSON.
    assert!(queue(&format!("\u{feff}{marked}")).is_err());
    assert!(queue(&format!("{body}\u{feff}")).is_err());
}

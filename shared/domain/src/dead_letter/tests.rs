use super::*;
use crate::delivery::message::{Deliver, Payload, bundle};
use crate::delivery::waiting::Lane;
use crate::event::Content;
use crate::json::RawJson;

fn letter(body: &str) -> Letter {
    Letter {
        id: "0a1b2c3d-1".parse().unwrap(),
        receipt_handle: "handle".to_owned(),
        body: body.to_owned(),
        reason: Some("type: is required".to_owned()),
        sent_at: Timestamp::UNIX_EPOCH,
        receives: 1,
        group: None,
        event: None,
    }
}

fn deliver(generation: u32) -> Deliver {
    let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 1);
    let content = Content {
        event_type: "user.created".parse().unwrap(),
        data: RawJson::parse(r#"{"name":"\ud800","n":1234567890123456789}"#).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    Deliver {
        tenant: "acme".parse().unwrap(),
        delivery: DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, "e1".parse().unwrap()),
        event_type: "user.created".parse().unwrap(),
        generation,
        payload: Some(Payload::Plain(Box::new(content))),
    }
}

fn body_of(errand: Result<Errand, Kept>) -> (Lane, String, Option<String>) {
    match errand {
        Ok(Errand::Deliver { lane, body, group }) => (lane, body, group),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delivery_is_sent_in_its_next_generation_without_the_events_content() {
    let message = Message::Deliver(deliver(4)).encode();
    let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 1).to_string();
    for (source, lane) in [(Source::Deliveries, Lane::Fast), (Source::Upkeep, Lane::Slow)] {
        let (to, body, group) = body_of(letter(&message).errand(source));
        assert_eq!((to, group.as_deref()), (lane, Some(webhook.as_str())));
        let expected = Deliver { payload: None, ..deliver(5) };
        assert_eq!(Message::decode(&body), Ok(Message::Deliver(expected)));
    }
    let grouped = Letter { group: Some("of-the-letter".to_owned()), ..letter(&message) };
    let (_, _, group) = body_of(grouped.errand(Source::Deliveries));
    assert_eq!(group.as_deref(), Some("of-the-letter"), "it keeps the group it had");
}

#[test]
fn each_delivery_of_a_message_is_sent_in_its_next_generation() {
    let two = [Message::Deliver(deliver(0)), Message::Deliver(deliver(6))];
    let message = bundle::encode(&two.iter().collect::<Vec<_>>());
    let (_, body, group) = body_of(letter(&message).errand(Source::Deliveries));
    assert_eq!(group, Some(WebhookId::new(Timestamp::UNIX_EPOCH, 1).to_string()));
    let next = |generation| Message::Deliver(Deliver { payload: None, ..deliver(generation) });
    assert_eq!(Message::decode_each(&body), Ok(vec![next(1), next(7)]));
}

#[test]
fn fields_of_a_newer_version_stay_in_a_message() {
    let message = Message::Deliver(deliver(0)).encode();
    let newer = message.replacen(r#"{"version""#, r#"{"priority":3.0,"version""#, 1);
    let newer = newer.replacen(r#"{"tenant""#, r#"{"notBefore":{"at":1},"tenant""#, 1);
    let (_, body, _) = body_of(letter(&newer).errand(Source::Deliveries));
    assert!(
        body.contains(r#""priority":3.0"#) && body.contains(r#""notBefore":{"at":1}"#),
        "{body}"
    );
    assert!(body.contains(r#""generation":1"#) && !body.contains("payload"), "{body}");
}

#[test]
fn what_is_no_message_of_this_version_is_sent_as_it_is() {
    for body in [
        "nonsense",
        r#"{"version":2,"kind":"deliver","body":{"delivery":"dlv_x","generation":1}}"#,
        r#"{"version":1,"kind":"probe","body":{"delivery":"dlv_x","generation":1}}"#,
        r#"{"version":1,"kind":"deliver","body":{"delivery":"dlv_x","generation":-1}}"#,
        r#"{"version":1,"kind":"deliver","body":{"delivery":"dlv_x","generation":4294967295}}"#,
        r#"{"version":1,"kind":"deliver","body":{"delivery":7,"generation":1}}"#,
        r#"{"version":1,"kind":"deliver","body":{"delivery":"dlv_x"}}"#,
        r#"{"version":1,"kind":"deliver-each","body":[]}"#,
        r#"{"version":1,"kind":"deliver-each","body":{"delivery":"dlv_x","generation":1}}"#,
        r#"{"version":1,"kind":"deliver-each","body":[{"delivery":"dlv_x","generation":1},7]}"#,
    ] {
        let (_, sent, group) = body_of(letter(body).errand(Source::Deliveries));
        assert_eq!((sent.as_str(), group), (body, None));
    }
}

#[test]
fn an_event_is_sent_as_it_is_and_a_record_of_the_stream_stays() {
    let body = r#"{"tenant":"acme"}"#;
    assert_eq!(letter(body).errand(Source::Events), Ok(Errand::Publish(body.to_owned())));
    for source in [Source::Fanout, Source::Stats] {
        assert_eq!(letter(body).errand(source), Err(Kept::OfTheStream));
    }
}

#[test]
fn a_body_that_is_not_whole_stays() {
    for source in Source::ALL {
        assert_eq!(letter("  ").errand(source), Err(Kept::Empty));
        let reason = Some("is too long (cut to its first 1040000 bytes)".to_owned());
        assert_eq!(Letter { reason, ..letter("{}") }.errand(source), Err(Kept::Cut));
    }
}

#[test]
fn a_letter_says_what_it_is_about_as_far_as_it_can_be_read() {
    let about = |source, body: &str| letter(body).about(source);
    let message = about(Source::Upkeep, &Message::Deliver(deliver(0)).encode());
    let delivery = deliver(0).delivery;
    assert_eq!(message.tenant, Some("acme".parse().unwrap()));
    assert_eq!(message.webhook, Some(delivery.webhook()));
    assert_eq!(message.event, Some("e1".parse().unwrap()));
    assert_eq!(message.delivery, Some(delivery.clone()));
    let two = [Message::Deliver(deliver(0)), Message::Deliver(deliver(0))];
    let several = about(Source::Deliveries, &bundle::encode(&two.iter().collect::<Vec<_>>()));
    let of_all = Subject {
        tenant: Some("acme".parse().unwrap()),
        webhook: Some(delivery.webhook()),
        ..Subject::default()
    };
    assert_eq!(several, of_all);
    for (body, tenant, event, event_type) in [
        (
            r#"{"tenant":"acme","id":"e1","type":"a.b","data":1}"#,
            Some("acme"),
            Some("e1"),
            Some("a.b"),
        ),
        // Not an event, for lack of data and for a field that nobody knows.
        (r#"{"org_id":"acme","event_id":"e1","nonsense":1}"#, Some("acme"), Some("e1"), None),
        (r#"{"tenant":"no tenant","type":"a.b"}"#, None, None, Some("a.b")),
        ("[]", None, None, None),
        ("", None, None, None),
    ] {
        let found = about(Source::Events, body);
        let text = |value: Option<String>| value;
        assert_eq!(text(found.tenant.map(|id| id.to_string())).as_deref(), tenant, "{body}");
        assert_eq!(text(found.event.map(|id| id.to_string())).as_deref(), event, "{body}");
        assert_eq!(text(found.event_type.map(|t| t.to_string())).as_deref(), event_type, "{body}");
    }
    let event = Some(("acme".parse().unwrap(), "e1".parse().unwrap()));
    let record = Letter { event, ..letter("{}") };
    assert_eq!(record.about(Source::Stats).event, Some("e1".parse().unwrap()));
    assert_eq!(letter("{}").about(Source::Fanout), Subject::default());
}

#[test]
fn a_letter_says_why_it_is_here_and_for_how_long() {
    let moved = Letter { reason: None, ..letter("{}") };
    assert_eq!((moved.why(), letter("{}").why()), (MOVED, "type: is required"));
    let sent_at = "2024-01-15T10:30:00Z".parse().unwrap();
    let expires_at = "2024-01-29T10:30:00Z".parse().unwrap();
    assert_eq!(Letter { sent_at, ..letter("{}") }.expires_at(), expires_at);
}

#[test]
fn only_what_sqs_gives_as_an_id_is_one() {
    for text in ["", "a b", "a#b", &"a".repeat(101)] {
        assert!(text.parse::<LetterId>().is_err(), "{text}");
    }
    assert_eq!("5fea7756-0ea4".parse::<LetterId>().unwrap().as_str(), "5fea7756-0ea4");
}

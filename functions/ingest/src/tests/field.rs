//! What producers really put on the queue.

use super::*;

/// The reasons of the dead letters of these messages.
async fn reasons(ingest: &Fake, bodies: &[&str]) -> Vec<String> {
    let ids: Vec<_> = (0..bodies.len()).map(|n| format!("m{n}")).collect();
    let messages: Vec<_> = ids.iter().zip(bodies).map(|(id, body)| (id.as_str(), *body)).collect();
    let answer = ingest.handle_all(event(&messages)).await.unwrap();
    assert_eq!(answer, Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    letters.iter().map(|letter| letter.reason.clone()).collect()
}

#[tokio::test]
async fn half_a_character_in_text_on_the_queue_is_accepted_under_strict() {
    let ingest = ingest();
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    ingest.deps.registry.set_settings(&"acme".parse().unwrap(), &settings, None).await.unwrap();
    let body = r#"{"id":"e1","tenant":"acme","type":"task.created","data":{"taskId":"1","title":"\ud83d","\udc00":[]}}"#;
    let envelope = r#"{"id":"e2","detail-type":"task.created","detail":{"tenant":"acme","taskId":"1","title":"T\ude00"}}"#;
    let marked = format!("\u{feff}{}", body.replace("e1", "e3"));
    assert_eq!(reasons(&ingest, &[body, envelope, &marked]).await, [""; 0]);
    for id in ["e1", "e2", "e3"] {
        assert!(stored(&ingest, id).await, "{id}");
    }
}

#[tokio::test]
async fn an_sns_envelope_on_the_event_queue_is_unwrapped_or_named() {
    let ingest = ingest();
    let message = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{}}"#;
    let notification = serde_json::json!({"Type": "Notification", "Message": message}).to_string();
    let confirmation = r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe","SubscribeURL":"https://sns.us-east-1.amazonaws.com/"}"#;
    let reasons = reasons(&ingest, &[&notification, confirmation]).await;
    assert_eq!(
        reasons,
        [
            "Type: is SubscriptionConfirmation, which is no event: open the SubscribeURL of this message to confirm the subscription"
        ]
    );
    assert!(stored(&ingest, "e1").await);
}

#[tokio::test]
async fn eventbridge_envelopes_of_other_people_are_accepted() {
    let ingest = ingest();
    let envelopes = [
        r#"{"id":"e1","detail-type":"a","detail":{"tenantId":"acme","orgId":"o-7"}}"#,
        r#"{"id":"e2","detail-type":"a","detail":{"tenant":"acme","version":2,"data":1}}"#,
        r#"{"id":"e3","detail-type":"a","detail":{"tenant":"acme","metadata":["x"],"data":1}}"#,
        r#"{"id":"e4","detail-type":"Order Created","detail":{"tenant":"acme"}}"#,
        r#"{"id":"e5","detail-type":"a","detail":{"tenant":"acme","b":1,"a":2,"b":3}}"#,
    ];
    assert_eq!(reasons(&ingest, &envelopes).await, [""; 0]);
    let tenant = "acme".parse().unwrap();
    for (id, kind, data, metadata) in [
        ("e1", "a", r#"{"orgId":"o-7"}"#, None),
        ("e2", "a", "1", Some(r#"{"version":2}"#)),
        ("e3", "a", "1", Some(r#"{"metadata":["x"]}"#)),
        ("e4", "Order_Created", "{}", Some(r#"{"detail-type":"Order Created"}"#)),
        ("e5", "a", r#"{"b":1,"a":2,"b":3}"#, None),
    ] {
        let event = ingest.deps.events.get(&tenant, &id.parse().unwrap()).await.unwrap().unwrap();
        let content = event.content;
        assert_eq!(content.event_type.as_str(), kind);
        assert_eq!(content.data.as_str(), data);
        assert_eq!(content.metadata.as_ref().map(RawJson::as_str), metadata);
    }
}

use super::*;
use proptest::prelude::*;

#[test]
fn a_delivery_id_of_the_longest_event_id_has_120_characters() {
    let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 7);
    let event: EventId = "x".repeat(64).parse().unwrap();
    let id = DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, event);
    assert_eq!(id.to_string().len(), 120);
}

#[test]
fn malformed_ids_are_refused() {
    for text in ["", "a b", "a/b", "ü", &"x".repeat(65)] {
        assert!(text.parse::<TenantId>().is_err(), "{text}");
        assert!(text.parse::<EventId>().is_err(), "{text}");
    }
    for text in ["", ".", "user.", ".created", "user..created", "user created", "user.*"] {
        assert!(text.parse::<EventType>().is_err(), "{text}");
    }
    for text in ["", "wh_", "wh_01ARZ3NDEKTSV4RRFFQ69G5FA", "wh_01arz3ndektsv4rrffq69g5fav"] {
        assert!(text.parse::<WebhookId>().is_err(), "{text}");
    }
    for text in ["", "dlv_", "dlv_AAAA", "dlv_!", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        assert!(text.parse::<DeliveryId>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_delivery_id_reads_back(
        random: u128, ms in 0..253_402_000_000_000i64, event in "[A-Za-z0-9_-]{1,64}"
    ) {
        let at = Timestamp::from_millisecond(ms).unwrap();
        let id = DeliveryId::new(WebhookId::new(at, random), at, event.parse().unwrap());
        let text = id.to_string();
        prop_assert!(text.len() <= 120);
        prop_assert_eq!(text.parse::<DeliveryId>().unwrap(), id.clone());
        prop_assert_eq!(id.accepted_at(), at);
    }

    #[test]
    fn a_generated_event_id_packs_and_reads_back(random: u128, ms in 0..253_402_000_000_000i64) {
        let at = Timestamp::from_millisecond(ms).unwrap();
        let id = DeliveryId::new(WebhookId::new(at, 1), at, EventId::new(at, random));
        prop_assert_eq!(id.to_string().parse::<DeliveryId>().unwrap(), id);
    }

    #[test]
    fn no_text_panics(text in "(dlv_|wh_)?[ -~]{0,130}") {
        let _ = text.parse::<DeliveryId>();
        let _ = text.parse::<WebhookId>();
    }
}

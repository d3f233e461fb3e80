use super::*;
use crate::event::{DefaultTenant, from_body, from_envelope_or_body};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn every(minutes: u32) -> Schedule {
    Schedule::of_minutes(minutes).unwrap()
}

/// A canary that was sent at 0.
fn sent(arrived: Option<i64>, before: Option<bool>) -> Canary {
    let id = EventId::of_canary(at(0), 7);
    Canary { id, sent_at: at(0), arrived_at: arrived.map(at), before }
}

fn seen(arrived: bool, seconds: Option<u64>) -> Option<Sighting> {
    Some(Sighting { arrived, took_ms: seconds.map(|seconds| seconds * 1_000) })
}

#[test]
fn zero_minutes_are_never() {
    assert_eq!(Schedule::of_minutes(0), None);
    assert!(Schedule::of_minutes(1).is_some());
}

#[test]
fn a_new_stack_sends_its_first_canary_and_says_nothing_before_it_is_seen() {
    let look = every(5).look(None, at(0), 7);
    assert_eq!(look, Look { sighting: None, next: Some(sent(None, None)) });
    for (now, arrived, expected) in [
        (60, None, None),
        (119, None, None),
        (120, None, seen(false, None)),
        (60, Some(2), seen(true, Some(2))),
    ] {
        let look = every(5).look(Some(&sent(arrived, None)), at(now), 8);
        assert_eq!(look, Look { sighting: expected, next: None }, "{now} {arrived:?}");
    }
}

#[test]
fn what_a_canary_says_stands_until_the_next_one_is_seen() {
    let (yes, no) = (Some(true), Some(false));
    for (name, minutes, now, arrived, before, expected) in [
        ("under way, after one that arrived", 5, 60, None, yes, seen(true, None)),
        ("under way, after one that did not", 5, 60, None, no, seen(false, None)),
        ("arrived", 5, 60, Some(3), no, seen(true, Some(3))),
        ("at the last moment", 5, 180, Some(120), yes, seen(true, Some(120))),
        ("late", 5, 180, Some(121), yes, seen(false, Some(121))),
        ("missing", 5, 120, None, yes, seen(false, None)),
        ("still missing", 5, 299, None, yes, seen(false, None)),
        ("before it was sent, by another clock", 5, 60, Some(-4), no, seen(true, Some(0))),
        ("a minute, where the next one comes then", 1, 59, Some(60), no, seen(true, Some(60))),
        ("over a minute", 1, 70, Some(61), yes, seen(false, Some(61))),
    ] {
        let look = every(minutes).look(Some(&sent(arrived, before)), at(now), 8);
        assert_eq!(look.sighting, expected, "{name}");
    }
}

#[test]
fn the_next_canary_is_sent_by_the_run_nearest_to_its_time_and_knows_what_became_of_the_last() {
    for (name, minutes, now, arrived, expected) in [
        ("too early", 5, 269, Some(1), None),
        ("half a run before", 5, 270, Some(1), Some(true)),
        ("its time", 5, 300, Some(1), Some(true)),
        ("one missing", 5, 300, None, Some(false)),
        ("one late", 5, 300, Some(200), Some(false)),
        ("a run that came early", 1, 59, Some(1), Some(true)),
        // Else one that never arrives would always be under way.
        ("under way when the next is sent", 1, 59, None, Some(false)),
    ] {
        let look = every(minutes).look(Some(&sent(arrived, Some(true))), at(now), 8);
        assert_eq!(look.next.as_ref().map(|next| next.before), expected.map(Some), "{name}");
        if let Some(next) = look.next {
            assert_eq!((next.sent_at, next.arrived_at), (at(now), None));
            assert_ne!(next.id, sent(None, None).id);
        }
    }
}

#[test]
fn a_canary_that_nobody_watched_is_no_sign() {
    // Sent before canaries were turned off for a while, or by a clock that is far ahead.
    for now in [721, 90_000, -721] {
        for arrived in [None, Some(1)] {
            let look = every(5).look(Some(&sent(arrived, Some(false))), at(now), 8);
            assert_eq!(look.sighting, None, "{now}");
            assert_eq!(look.next.map(|next| next.before), Some(None), "{now}");
        }
    }
    let look = every(5).look(Some(&sent(None, None)), at(720), 8);
    assert_eq!(look.sighting, seen(false, None), "two were not sent in time");
}

#[test]
fn a_canary_is_the_event_of_its_message_and_of_no_other() {
    let canary = sent(None, None);
    let new = event_of(&message(&canary)).unwrap();
    assert_eq!((new.id, new.tenant), (Some(canary.id.clone()), TenantId::canary()));
    assert!(route().takes(&new.content.event_type, at(0), false));
    let later = format!(r#"{{"hooklane":{{"canary":"{}","round":2}}}}"#, canary.id);
    assert!(event_of(&later).is_some(), "of a later version");
    for other in [
        "{}",
        r#"{"hooklane":{"canary":"evt_1"}}"#,
        r#"{"hooklane":{"canary":"canary_"}}"#,
        r#"{"hooklane":{"canary":"canary_1"},"tenant":"acme"}"#,
        r#"{"hooklane":1}"#,
        r#"{"tenant":"acme","type":"a","data":{}}"#,
    ] {
        assert!(event_of(other).is_none(), "{other}");
    }
}

#[test]
fn no_producer_can_name_the_canarys_tenant() {
    let body = r#"{"tenant":"hooklane-canary","type":"hooklane.canary","data":{}}"#;
    let envelope = r#"{"id":"1","detail-type":"a","detail":{"tenant":"hooklane-canary"}}"#;
    for refused in [
        from_body(body, &DefaultTenant::None),
        from_envelope_or_body(body, &DefaultTenant::None),
        from_envelope_or_body(envelope, &DefaultTenant::None),
    ] {
        let refused = refused.unwrap_err();
        let mistake = &refused.as_slice()[0];
        assert!(mistake.path.ends_with("tenant"), "{}", mistake.path);
        assert!(mistake.message.contains("reserved"), "{}", mistake.message);
    }
}

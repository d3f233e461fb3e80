use super::*;
use crate::delivery::{MessageId, ParkReason};
use crate::event::Content;
use crate::ids::DeliveryId;
use crate::isolation::circuit::Circuit;
use crate::isolation::next_attempt::{Cause, Hold};
use crate::json::RawJson;
use crate::webhook::target::TargetUrl;
use crate::webhook::{DisableReason, Essentials};

const ACCEPTED: i64 = 10_000;
const NOW: i64 = 20_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn subject() -> Subject {
    Subject {
        event_type: "order.created".parse().unwrap(),
        accepted_at: at(ACCEPTED),
        test: false,
        concerned: None,
    }
}

fn webhook() -> Webhook {
    Webhook::new(Essentials {
        id: WebhookId::new(at(0), 1),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: vec!["order.*".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at: at(ACCEPTED),
    })
}

fn changed(webhook: Webhook) -> Webhook {
    Webhook { updated_at: at(ACCEPTED + 1), ..webhook }
}

fn standing(webhook: &Webhook) -> Standing {
    Standing {
        state: webhook.state,
        tenant_paused: false,
        circuit: Circuit::Closed,
        discard_until: None,
        next_release_at: None,
    }
}

fn delivery(state: State) -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(ACCEPTED), "e1".parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    Delivery { state, ..new }
}

#[test]
fn a_delivery_explains_itself() {
    let paused = Webhook { state: WebhookState::Paused { at: at(1) }, ..webhook() };
    let owner = Some(MessageId("m1".to_owned()));
    let waiting = State::Waiting { next_attempt_at: at(NOW + 30), owner };
    let parked =
        State::Parked { since: at(ACCEPTED), due: at(ACCEPTED), reason: ParkReason::Paused };
    let end = at(NOW);
    let next = |cause| Verdict::Waiting(NextAttempt::At(at(NOW + 30), cause));
    for (state, webhook, expected) in [
        (State::Delivered { at: end }, webhook(), Verdict::Delivered),
        (waiting.clone(), webhook(), next(Cause::FirstAttempt)),
        (waiting, paused.clone(), Verdict::Waiting(NextAttempt::Held(Hold::WebhookPaused))),
        (parked.clone(), paused, Verdict::Waiting(NextAttempt::Held(Hold::WebhookPaused))),
        (parked, webhook(), Verdict::Waiting(NextAttempt::At(at(NOW), Cause::ParkedRelease))),
        (
            State::Failed { at: end, reason: FailReason::Exhausted },
            webhook(),
            Verdict::Failed(FailReason::Exhausted),
        ),
        (
            State::Cancelled { at: end, reason: CancelReason::Requested },
            webhook(),
            Verdict::Cancelled(CancelReason::Requested),
        ),
    ] {
        let delivery = delivery(state);
        let facts = Facts {
            webhook: &webhook,
            delivery: Found::Delivery(&delivery),
            standing: standing(&webhook),
            skipped: 7,
        };
        assert!(!asks_filter(&subject(), &facts));
        let explained = explain(&subject(), &facts, None, at(NOW));
        assert_eq!(explained.verdict, expected, "{:?}", delivery.state);
        // What is there counts, however the webhook is today.
        let other = Webhook { test_mode: true, state: WebhookState::Inactive, ..webhook.clone() };
        let explained = explain(&subject(), &Facts { webhook: &other, ..facts }, None, at(NOW));
        assert_eq!(explained.verdict, expected, "{:?}", delivery.state);
    }
}

/// One row for each reason that there is no delivery.
#[test]
fn what_is_missing_is_explained_by_what_is_stored() {
    let with = |change: fn(&mut Webhook)| {
        let mut webhook = webhook();
        change(&mut webhook);
        webhook
    };
    let filtered = with(|w| w.filter = Some("event.data.total > 5".parse().unwrap()));
    let young = with(|w| w.created_at = at(ACCEPTED + 1));
    let testing = with(|w| w.test_mode = true);
    let other = with(|w| w.events = vec!["user.*".parse().unwrap()]);
    let inactive = with(|w| w.state = WebhookState::Inactive);
    let paused = with(|w| w.state = WebhookState::Paused { at: at(1) });
    let disabled =
        with(|w| w.state = WebhookState::Disabled { at: at(1), reason: DisableReason::Gone });
    let (late, soon) = (NOW, ACCEPTED + 120);
    let none = None;
    let says = Some;
    for (name, webhook, skipped, filter, now, expected) in [
        ("registered later", young.clone(), 0, none, late, Verdict::WebhookYounger),
        ("registered just now", young, 0, none, soon, Verdict::WebhookYounger),
        ("in test mode", testing, 0, none, late, Verdict::TestModeMismatch),
        ("other types", other, 3, none, late, Verdict::NotSubscribed),
        ("inactive", inactive.clone(), 3, none, late, Verdict::WebhookInactive),
        ("inactive since", changed(inactive), 0, none, soon, Verdict::WebhookInactive),
        ("dropped", filtered.clone(), 3, says(FilterAnswer::Drops), soon, Verdict::Filtered),
        (
            "too much",
            filtered.clone(),
            0,
            says(FilterAnswer::OverBudget),
            late,
            Verdict::FilterOverBudget,
        ),
        ("it passes now", filtered.clone(), 0, says(FilterAnswer::Passes), late, Verdict::Missing),
        ("it fails now", filtered.clone(), 0, says(FilterAnswer::Fails), late, Verdict::Missing),
        (
            "another filter then",
            changed(filtered.clone()),
            0,
            says(FilterAnswer::Passes),
            late,
            Verdict::ChangedSince,
        ),
        ("a moment ago", webhook(), 3, none, soon, Verdict::Pending),
        ("a moment ago, filtered", filtered, 0, says(FilterAnswer::Passes), soon, Verdict::Pending),
        ("not long ago", webhook(), 0, none, soon + 1, Verdict::Missing),
        ("many were parked", webhook(), 3, none, late, Verdict::Skipped),
        ("switched on since", changed(webhook()), 0, none, late, Verdict::ChangedSince),
        ("a pause makes deliveries", paused, 0, none, late, Verdict::Missing),
        ("so does disabling", disabled, 0, none, late, Verdict::Missing),
        ("nothing known", webhook(), 0, none, late, Verdict::Missing),
    ] {
        let facts = Facts {
            webhook: &webhook,
            delivery: Found::Nothing,
            standing: standing(&webhook),
            skipped,
        };
        assert_eq!(asks_filter(&subject(), &facts), filter.is_some(), "{name}");
        let explained = explain(&subject(), &facts, filter, at(now));
        assert_eq!(explained.verdict, expected, "{name}");
        assert_eq!(explained.changed_since, webhook.updated_at > at(ACCEPTED), "{name}");
        let unreadable = Facts { delivery: Found::Unreadable, ..facts };
        let explained = explain(&subject(), &unreadable, None, at(now));
        assert_eq!(explained.verdict, Verdict::Unreadable, "{name}");
    }
}

#[test]
fn test_events_go_to_webhooks_in_test_mode_only() {
    let (webhook, test) = (webhook(), Subject { test: true, ..subject() });
    let delivery = Found::Nothing;
    let facts = Facts { webhook: &webhook, delivery, standing: standing(&webhook), skipped: 0 };
    assert_eq!(explain(&test, &facts, None, at(NOW)).verdict, Verdict::TestModeMismatch);
}

#[test]
fn an_operational_event_about_the_webhook_concerns_itself() {
    let webhook = Webhook {
        events: vec!["webhook.failing".parse().unwrap()],
        created_at: at(ACCEPTED + 1),
        ..webhook()
    };
    let content = |id: WebhookId| Content {
        event_type: "webhook.failing".parse().unwrap(),
        data: RawJson::parse(&format!(r#"{{"webhookId":"{id}"}}"#)).unwrap(),
        metadata: None,
        timestamp: None,
        version: None,
        test: false,
    };
    let event = |id| Event {
        id: "e1".parse().unwrap(),
        tenant: "acme".parse().unwrap(),
        accepted_at: at(ACCEPTED),
        content: content(id),
        value: None,
    };
    for (id, expected) in
        [(webhook.id, Verdict::ConcernsItself), (WebhookId::new(at(0), 2), Verdict::WebhookYounger)]
    {
        let delivery = Found::Nothing;
        let facts = Facts { webhook: &webhook, delivery, standing: standing(&webhook), skipped: 0 };
        let subject = Subject::of(&event(id));
        assert_eq!(explain(&subject, &facts, None, at(NOW)).verdict, expected);
    }
}

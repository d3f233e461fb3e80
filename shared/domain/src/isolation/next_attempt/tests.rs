use proptest::prelude::*;

use super::*;
use crate::delivery::{CancelReason, FailReason, MessageId};
use crate::ids::{DeliveryId, WebhookId};
use crate::webhook::DisableReason;

const NOW: i64 = 100_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn delivery(state: State) -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(90_000), "e1".parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    Delivery { state, ..new }
}

fn waiting(seconds: i64) -> Delivery {
    let owner = Some(MessageId("m1".to_owned()));
    delivery(State::Waiting { next_attempt_at: at(seconds), owner })
}

fn retrying(seconds: i64) -> Delivery {
    Delivery { attempts: 2, ..waiting(seconds) }
}

fn slotted(seconds: i64) -> Delivery {
    Delivery { slot: Some(at(seconds)), ..waiting(seconds) }
}

fn parked(due: i64, reason: ParkReason) -> Delivery {
    delivery(State::Parked { since: at(NOW - 500), due: at(due), reason })
}

const FREE: Standing = Standing {
    state: WebhookState::Active,
    tenant_paused: false,
    circuit: Circuit::Closed,
    discard_until: None,
    next_release_at: None,
};

fn open(probe_at: i64) -> Standing {
    let circuit = Circuit::Open { since: at(NOW - 900), probe_at: at(probe_at), probes: 1 };
    Standing { circuit, ..FREE }
}

fn half_open(until: i64) -> Standing {
    let circuit = Circuit::HalfOpen { since: at(NOW - 900), until: at(until), probes: 1 };
    Standing { circuit, ..FREE }
}

fn in_state(state: WebhookState) -> Standing {
    Standing { state, ..open(NOW + 60) }
}

/// One row for each state of a delivery and its webhook.
#[test]
fn the_next_attempt_has_a_time_or_says_who_must_act() {
    use Cause::{
        Backlog, CircuitProbe, FirstAttempt, LostMessageSweep, ParkedRelease, RateLimit, Retry,
    };
    let paused = in_state(WebhookState::Paused { at: at(1) });
    let disabled = in_state(WebhookState::Disabled { at: at(1), reason: DisableReason::Failing });
    let inactive = in_state(WebhookState::Inactive);
    let tenant_paused = Standing { tenant_paused: true, ..FREE };
    let on = |seconds, cause| Some(NextAttempt::At(at(seconds), cause));
    let held = |hold| Some(NextAttempt::Held(hold));
    let paced = |next| Standing { next_release_at: Some(at(next)), ..FREE };
    let paced_probe = Standing { next_release_at: Some(at(NOW + 90)), ..open(NOW - 1) };
    let discards = |until| Standing { discard_until: Some(at(until)), ..FREE };
    for (name, delivery, standing, expected) in [
        ("queued", waiting(NOW - 1), FREE, on(NOW, FirstAttempt)),
        ("paced", parked(NOW - 9, ParkReason::Paused), paced(NOW + 5), on(NOW + 5, RateLimit)),
        (
            "paced, its slot is past",
            parked(NOW, ParkReason::Paused),
            paced(NOW - 5),
            on(NOW, ParkedRelease),
        ),
        (
            "paced, due later",
            parked(NOW + 9, ParkReason::Backlog),
            paced(NOW + 5),
            on(NOW + 9, Backlog),
        ),
        ("paced, released", retrying(NOW + 3), paced(NOW + 5), on(NOW + 3, Retry)),
        (
            "paced, but a probe",
            parked(NOW - 9, ParkReason::Circuit),
            paced_probe,
            on(NOW, CircuitProbe),
        ),
        ("a retry", retrying(NOW + 30), FREE, on(NOW + 30, Retry)),
        ("a retry that is late", retrying(NOW - 900), FREE, on(NOW, Retry)),
        ("lost", retrying(NOW - 901), FREE, on(NOW + 2_699, LostMessageSweep)),
        ("lost for long", retrying(NOW - 9_000), FREE, on(NOW, LostMessageSweep)),
        ("a slot", slotted(NOW + 9), FREE, on(NOW + 9, RateLimit)),
        (
            "a retry after a slot",
            Delivery { slot: Some(at(1)), ..retrying(NOW + 9) },
            FREE,
            on(NOW + 9, Retry),
        ),
        (
            "a far slot",
            parked(NOW + 2_000, ParkReason::RateLimit),
            FREE,
            on(NOW + 2_000, RateLimit),
        ),
        ("its slot has come", parked(NOW - 1, ParkReason::RateLimit), FREE, on(NOW, ParkedRelease)),
        ("a long wait", parked(NOW + 2_000, ParkReason::Backlog), FREE, on(NOW + 2_000, Backlog)),
        ("its wait is over", parked(NOW - 1, ParkReason::Backlog), FREE, on(NOW, ParkedRelease)),
        ("resumed", parked(NOW - 500, ParkReason::Paused), FREE, on(NOW, ParkedRelease)),
        ("switched on", parked(NOW - 500, ParkReason::Inactive), FREE, on(NOW, ParkedRelease)),
        (
            "its tenant goes on",
            parked(NOW - 500, ParkReason::TenantPaused),
            FREE,
            on(NOW, ParkedRelease),
        ),
        (
            "the circuit closed",
            parked(NOW - 500, ParkReason::Circuit),
            FREE,
            on(NOW, ParkedRelease),
        ),
        (
            "parked, a probe to come",
            parked(NOW - 500, ParkReason::Circuit),
            open(NOW + 60),
            on(NOW + 60, CircuitProbe),
        ),
        (
            "parked, a probe due",
            parked(NOW - 500, ParkReason::Circuit),
            open(NOW - 60),
            on(NOW, CircuitProbe),
        ),
        (
            "parked, a probe made",
            parked(NOW - 500, ParkReason::Circuit),
            half_open(NOW + 60),
            on(NOW, CircuitProbe),
        ),
        (
            "parked, a probe lost",
            parked(NOW - 500, ParkReason::Circuit),
            half_open(NOW - 60),
            on(NOW, CircuitProbe),
        ),
        ("queued, a probe to come", waiting(NOW), open(NOW + 60), on(NOW + 60, CircuitProbe)),
        (
            "a retry before the probe",
            retrying(NOW + 30),
            open(NOW + 60),
            on(NOW + 60, CircuitProbe),
        ),
        ("a retry after the probe", retrying(NOW + 90), open(NOW + 60), on(NOW + 90, CircuitProbe)),
        (
            "a retry while a probe is made",
            retrying(NOW + 30),
            half_open(NOW + 60),
            on(NOW + 30, CircuitProbe),
        ),
        (
            "a far slot, a probe before",
            parked(NOW + 2_000, ParkReason::RateLimit),
            open(NOW + 60),
            on(NOW + 2_000, CircuitProbe),
        ),
        (
            "lost, and a probe to come",
            retrying(NOW - 9_000),
            open(NOW + 60),
            on(NOW + 60, CircuitProbe),
        ),
        (
            "parked and paused",
            parked(NOW - 500, ParkReason::Circuit),
            paused,
            held(Hold::WebhookPaused),
        ),
        ("queued and paused", waiting(NOW), paused, held(Hold::WebhookPaused)),
        ("inactive", parked(NOW - 500, ParkReason::Paused), inactive, held(Hold::WebhookInactive)),
        ("disabled", retrying(NOW + 30), disabled, held(Hold::WebhookDisabled)),
        ("its tenant paused", retrying(NOW + 30), tenant_paused, held(Hold::TenantPaused)),
        (
            "discarded",
            parked(NOW - 500, ParkReason::Paused),
            discards(NOW - 500),
            held(Hold::Discarded),
        ),
        (
            "parked after that",
            parked(NOW - 500, ParkReason::Paused),
            discards(NOW - 501),
            on(NOW, ParkedRelease),
        ),
        ("what is queued is not discarded", waiting(NOW), discards(NOW), on(NOW, FirstAttempt)),
    ] {
        assert_eq!(next_attempt(&delivery, Some(&standing), at(NOW)), expected, "{name}");
    }
    for waits in [waiting(NOW), parked(NOW, ParkReason::Circuit)] {
        assert_eq!(next_attempt(&waits, None, at(NOW)), held(Hold::WebhookDeleted));
    }
}

#[test]
fn what_has_ended_has_no_next_attempt() {
    let at = at(NOW - 1);
    for state in [
        State::Delivered { at },
        State::Failed { at, reason: FailReason::Exhausted },
        State::Cancelled { at, reason: CancelReason::Requested },
    ] {
        for standing in [Some(&FREE), None] {
            assert_eq!(next_attempt(&delivery(state.clone()), standing, at), None, "{state:?}");
        }
    }
}

fn states() -> impl Strategy<Value = WebhookState> {
    prop_oneof![
        4 => Just(WebhookState::Active),
        1 => Just(WebhookState::Inactive),
        1 => Just(WebhookState::Paused { at: Timestamp::UNIX_EPOCH }),
        1 => Just(WebhookState::Disabled {
            at: Timestamp::UNIX_EPOCH,
            reason: DisableReason::Gone,
        }),
    ]
}

fn circuits() -> impl Strategy<Value = Circuit> {
    let since = Timestamp::UNIX_EPOCH;
    prop_oneof![
        Just(Circuit::Closed),
        (0..200_000i64).prop_map(move |s| Circuit::Open { since, probe_at: at(s), probes: 1 }),
        (0..200_000i64).prop_map(move |s| Circuit::HalfOpen { since, until: at(s), probes: 1 }),
    ]
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let reasons = prop_oneof![
        Just(ParkReason::Inactive),
        Just(ParkReason::Paused),
        Just(ParkReason::TenantPaused),
        Just(ParkReason::Circuit),
        Just(ParkReason::RateLimit),
        Just(ParkReason::Backlog),
    ];
    prop_oneof![
        (0..200_000i64, 0..3u32).prop_map(|(due, attempts)| Delivery { attempts, ..waiting(due) }),
        (0..200_000i64).prop_map(slotted),
        (0..200_000i64, reasons).prop_map(|(due, reason)| parked(due, reason)),
    ]
}

proptest! {
    /// A time that is promised is not in the past, not before the delivery's own, and the webhook takes
    /// the delivery then, unless a probe comes first.
    #[test]
    fn no_time_is_in_the_past_and_each_is_one_at_which_it_can_be_attempted(
        delivery in deliveries(),
        state in states(),
        circuit in circuits(),
        tenant_paused: bool,
        discard_until in proptest::option::of((0..200_000i64).prop_map(at)),
        next_release_at in proptest::option::of((0..200_000i64).prop_map(at)),
        now in 0..200_000i64,
    ) {
        let standing = Standing { state, tenant_paused, circuit, discard_until, next_release_at };
        let next = next_attempt(&delivery, Some(&standing), at(now));
        match next.unwrap() {
            NextAttempt::At(time, cause) => {
                prop_assert!(time >= at(now));
                prop_assert!(delivery.next_attempt_at().is_none_or(|due| time >= due));
                prop_assert!(state.is_active() && !tenant_paused);
                let admission = admit(state, tenant_paused, circuit, time);
                match cause {
                    Cause::CircuitProbe => prop_assert!(!circuit.is_closed()),
                    _ => prop_assert_eq!(admission, Admission::Attempt),
                }
                if matches!(circuit, Circuit::Open { .. }) {
                    prop_assert_eq!(admission, Admission::Probe);
                }
            }
            NextAttempt::Held(Hold::Discarded) => prop_assert!(delivery.is_parked()),
            NextAttempt::Held(_) => prop_assert!(!state.is_active() || tenant_paused),
        }
    }
}

//! How the service is: its queues, what shows whether it works, and the alarms that ring.

use std::time::Duration;

use hooklane_app::operator::State;
use hooklane_app::ports::{Alarm, AlarmState, LetterCount, Observed, WorkQueue};
use hooklane_domain::Timestamp;
use hooklane_domain::canary::IN_TIME;
use hooklane_domain::isolation::brake::STALE_AFTER;
use hooklane_domain::time::later;

use crate::link;
use crate::words::Said;
use crate::written::{Html, Writer, seen};

/// A canary that is older is of a time in which canaries were sent: they are at most an hour apart.
const OLD: Duration = Duration::from_secs(2 * 60 * 60);

/// A queue on the way of events.
pub(super) struct Queue {
    pub(super) name: &'static str,
    pub(super) icon: &'static str,
    pub(super) count: String,
    pub(super) note: String,
    /// How old the oldest message is.
    pub(super) oldest: Option<String>,
    /// Where it can be looked into.
    pub(super) address: Option<String>,
}

/// Something that shows whether the service works.
pub(super) struct Sign {
    pub(super) name: &'static str,
    pub(super) said: Said,
}

/// An alarm that rings.
pub(super) struct Ringing {
    pub(super) name: String,
    pub(super) since: Option<Html>,
    pub(super) about: Html,
}

pub(super) fn queues(state: &State, observed: Option<&Observed>, writer: &Writer) -> Vec<Queue> {
    let letters: u64 = state.letters.iter().map(|(_, count)| count.visible + count.hidden).sum();
    let mut shown: Vec<_> = state.queues.iter().map(|one| queue(one, observed, writer)).collect();
    shown.push(Queue {
        name: "Dead letters",
        icon: if letters == 0 { "good" } else { "failing" },
        count: writer.number(letters),
        note: if letters == 0 { "none" } else { "look at them" }.to_owned(),
        oldest: None,
        address: Some(link::of_operator("letters")),
    });
    shown
}

fn queue(
    (queue, count): &(WorkQueue, LetterCount),
    observed: Option<&Observed>,
    writer: &Writer,
) -> Queue {
    let age = observed.and_then(|seen| seen.ages.iter().find(|age| age.queue == *queue));
    let (name, icon) = match queue {
        WorkQueue::Events => ("Events", "accepted"),
        WorkQueue::Delivery => ("First attempts", "accepted"),
        WorkQueue::Retry => ("Retries and long waits", "retrying"),
    };
    Queue {
        name,
        icon,
        count: writer.number(count.visible),
        note: match count.hidden {
            0 => "to be handled".to_owned(),
            hidden => format!("to be handled; {} wait or are being handled", writer.number(hidden)),
        },
        oldest: age.filter(|age| age.seconds > 0).map(|age| {
            let lasts = Writer::lasts(Duration::from_secs(age.seconds));
            format!("the oldest for {lasts}, at {}", writer.plain_time(age.at))
        }),
        address: None,
    }
}

fn ringing(observed: Option<&Observed>) -> impl Iterator<Item = &Alarm> {
    let alarms = observed.map(|seen| seen.alarms.as_slice()).unwrap_or_default();
    alarms.iter().filter(|alarm| alarm.state == AlarmState::Ringing)
}

/// The alarms that ring.
pub(super) fn rings(observed: Option<&Observed>, writer: &Writer) -> Vec<Ringing> {
    let rings = |alarm: &Alarm| Ringing {
        name: alarm.name.clone(),
        since: alarm.since.map(|since| writer.time(since)),
        about: seen(&alarm.about),
    };
    ringing(observed).map(rings).collect()
}

/// The alarms of the stack together.
fn alarms(observed: Option<&Observed>) -> Said {
    let Some(observed) = observed else {
        let why = "CloudWatch did not say; the log has the reason";
        return Said::new("Unknown", "off", "off", why.to_owned());
    };
    let all = observed.alarms.len();
    let unsure = observed.alarms.iter().filter(|one| one.state == AlarmState::NoData).count();
    let quiet = match (all - unsure, unsure) {
        (_, 0) => format!("all {all}"),
        (quiet, unsure) => format!("{quiet} of {all}; of {unsure} too little was measured"),
    };
    match (all, ringing(Some(observed)).count()) {
        (0, _) => {
            let why = "there are none: the parameter Alarms is off";
            Said::new("None", "off", "off", why.to_owned())
        }
        (all, _) if all == unsure => {
            let why = "nothing was measured yet; a new stack takes some minutes";
            Said::new("Unknown", "off", "off", why.to_owned())
        }
        (_, 0) => Said::new("Quiet", "good", "good", quiet),
        (all, 1) => Said::new("Ringing", "failing", "bad", format!("one of {all}")),
        (all, some) => Said::new("Ringing", "failing", "bad", format!("{some} of {all}")),
    }
}

pub(super) fn signs(
    state: &State,
    observed: Option<&Observed>,
    now: Timestamp,
    writer: &Writer,
) -> Vec<Sign> {
    let upkeep = match state.brake {
        None => Said::new("Never ran", "failing", "bad", String::new()),
        Some(brake) if now < later(brake.measured_at, STALE_AFTER) => Said::new(
            "Runs",
            "good",
            "good",
            format!("last at {}", writer.second(brake.measured_at)),
        ),
        Some(brake) => {
            let why =
                format!("last at {}; it should each minute", writer.second(brake.measured_at));
            Said::new("Does not run", "failing", "bad", why)
        }
    };
    let fresh = state.brake.filter(|brake| now < later(brake.measured_at, STALE_AFTER));
    let brake = match fresh {
        Some(brake) => {
            let count = writer.count(brake.in_flight, "message", "messages");
            match brake.on {
                true => {
                    let why = format!("{count} in flight; what waits long is parked");
                    Said::new("On", "failing", "bad", why)
                }
                false => Said::new("Off", "good", "good", format!("{count} in flight")),
            }
        }
        None => Said::new("Unknown", "off", "off", "upkeep sets it with each run".to_owned()),
    };
    vec![
        Sign { name: "Upkeep", said: upkeep },
        Sign { name: "Brake", said: brake },
        Sign { name: "Canary", said: canary(state, now, writer) },
        Sign { name: "Alarms", said: alarms(observed) },
    ]
}

/// The event that Hooklane sends itself.
fn canary(state: &State, now: Timestamp, writer: &Writer) -> Said {
    let Some(canary) = &state.canary else {
        return Said::new(
            "Not sent",
            "off",
            "off",
            "canaries are off, or upkeep has not run".to_owned(),
        );
    };
    let sent = writer.second(canary.sent_at);
    if now >= later(canary.sent_at, OLD) {
        return Said::new("Not sent", "off", "off", format!("the last one was sent at {sent}"));
    }
    let is_late = |at: Timestamp| at > later(canary.sent_at, IN_TIME);
    match canary.arrived_at {
        Some(at) => {
            let took = Writer::between(canary.sent_at, at);
            let took = writer.took(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
            let why = format!("sent at {sent}, took {took}");
            match is_late(at) {
                true => Said::new("Late", "slow", "wait", why),
                false => Said::new("Arrived", "good", "good", why),
            }
        }
        None if is_late(now) => {
            Said::new("Missing", "failing", "bad", format!("sent at {sent}, and has not arrived"))
        }
        None if canary.before == Some(false) => {
            let why = format!("the one before has not arrived in time; another was sent at {sent}");
            Said::new("Missing", "failing", "bad", why)
        }
        None => Said::new("Under way", "waiting", "wait", format!("sent at {sent}")),
    }
}

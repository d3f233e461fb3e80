//! States and reasons as people say them.

use hooklane_app::outlook::Outlook;
use hooklane_app::webhooks::Overview;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::LastAttempt;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, is_success};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, State};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::next_attempt::{Cause, Hold, NextAttempt};
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};

use crate::written::{Html, Writer, seen};

mod codes;
pub(crate) use codes::reason_phrase;

/// A state: a word, a shape, a colour, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) word: &'static str,
    /// The name of the icon.
    pub(crate) icon: &'static str,
    /// `good`, `bad`, `wait` or `off`.
    pub(crate) tone: &'static str,
    pub(crate) why: Html,
}

impl Said {
    pub(crate) fn new(
        word: &'static str,
        icon: &'static str,
        tone: &'static str,
        why: String,
    ) -> Self {
        Self { word, icon, tone, why: Html(why) }
    }
}

/// How a webhook is doing. `overview` is absent where it cannot be read back.
pub(crate) fn of_webhook(
    webhook: &Webhook,
    overview: Option<&Overview>,
    tenant_paused: bool,
    writer: &Writer,
) -> Said {
    let unknown = Overview::default();
    let doing = overview.unwrap_or(&unknown);
    let waiting = waiting(doing.waiting, writer);
    match webhook.state {
        WebhookState::Disabled { at, reason } => {
            let why = match reason {
                DisableReason::Gone => "after a 410 Gone",
                DisableReason::Failing => "after days of nothing but failures",
            };
            let text =
                format!("Turned off {}, {why}; {waiting} until it is switched on", writer.time(at));
            return Said::new("Disabled", "off", "off", text);
        }
        WebhookState::Inactive => {
            let text = "Switched off; gets no new events".to_owned();
            return Said::new("Off", "off", "off", text);
        }
        WebhookState::Paused { at } => {
            let text = format!("Since {}; {waiting} until it is resumed", writer.time(at));
            return Said::new("Paused", "paused", "off", text);
        }
        WebhookState::Active if tenant_paused => {
            let text = format!("All of your webhooks are paused by the platform; {waiting}");
            return Said::new("Paused", "paused", "off", text);
        }
        WebhookState::Active => {}
    }
    match doing.health.circuit {
        Circuit::Open { probe_at, .. } => {
            let text = format!("{waiting}; one is tried at {}", writer.time(probe_at));
            return Said::new("Failing", "failing", "bad", first_upper(&text));
        }
        Circuit::HalfOpen { .. } => {
            let text = format!("{waiting}; one is being tried now");
            return Said::new("Failing", "failing", "bad", first_upper(&text));
        }
        Circuit::Closed => {}
    }
    if doing.health.slow {
        let mean = writer.took(doing.health.pace.mean_ms);
        let text = format!("Answers take {mean} on average; {waiting}");
        return Said::new("Slow", "slow", "wait", text);
    }
    let last = doing.newest_delivery.as_ref().and_then(|delivery| delivery.last.as_ref());
    if let Some(last) = last.filter(|last| !is_good(last)) {
        let text = format!("Its last answer: {}; {waiting}", answer(last, writer));
        return Said::new("Unsteady", "retrying", "wait", text);
    }
    if webhook.test_mode {
        let text = "Gets events published as tests, and no others".to_owned();
        return Said::new("Test mode", "test", "off", text);
    }
    if doing.newest_delivery.is_none() {
        return Said::new("New", "new", "off", "No event for it yet".to_owned());
    }
    let text = match doing.waiting {
        0 => "Nothing waits".to_owned(),
        _ => first_upper(&waiting),
    };
    Said::new("Healthy", "good", "good", text)
}

/// How urgent a webhook's state is; a lower number first.
pub(crate) fn urgency(said: &Said) -> u8 {
    match said.word {
        "Failing" => 0,
        "Unsteady" | "Slow" => 1,
        "Disabled" => 2,
        "Paused" => 3,
        "New" => 4,
        "Healthy" => 5,
        _ => 6,
    }
}

fn waiting(count: u64, writer: &Writer) -> String {
    match count {
        0 => "nothing waits".to_owned(),
        // The count of what waits stops there.
        1_000.. => format!("{} or more deliveries wait", writer.number(1_000)),
        1 => "one delivery waits".to_owned(),
        count => format!("{} deliveries wait", writer.number(count)),
    }
}

pub(crate) fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How a delivery is doing.
pub(crate) fn of_delivery(delivery: &Delivery, outlook: &Outlook, writer: &Writer) -> Said {
    match delivery.state {
        State::Delivered { at } => {
            let why = match delivery.attempts {
                0 | 1 => String::new(),
                attempts => format!("At attempt {attempts}, {}", writer.second(at)),
            };
            Said::new("Delivered", "good", "good", why)
        }
        State::Failed { at, reason } => {
            let why = match reason {
                FailReason::Exhausted if delivery.attempts == 1 => {
                    "The one attempt failed".to_owned()
                }
                FailReason::Exhausted => format!("All {} attempts failed", delivery.attempts),
                FailReason::Gone => "The receiver answered 410 Gone".to_owned(),
                FailReason::EventMissing => "Its event has expired".to_owned(),
                FailReason::Transform => "The filter or transform failed".to_owned(),
            };
            Said::new("Failed", "failed", "bad", format!("{why}; ended {}", writer.second(at)))
        }
        State::Cancelled { at, reason } => {
            let why = match reason {
                CancelReason::WebhookDeleted => "With its webhook",
                CancelReason::Requested => "By hand",
                CancelReason::Discarded => "When the webhook was resumed without what waited",
            };
            Said::new("Cancelled", "off", "off", format!("{why}, {}", writer.second(at)))
        }
        State::Waiting { .. } | State::Parked { .. } => {
            let next = outlook.next_attempt(delivery);
            let why = next.map(|next| next_attempt(next, delivery, writer)).unwrap_or_default();
            if delivery.attempts > 0 && !delivery.is_parked() {
                Said::new("Retrying", "retrying", "wait", why)
            } else {
                Said::new("Waiting", "waiting", "wait", why)
            }
        }
    }
}

/// When the next attempt is, and what decides it.
pub(crate) fn next_attempt(next: NextAttempt, delivery: &Delivery, writer: &Writer) -> String {
    let number = delivery.attempts + 1;
    match next {
        NextAttempt::At(at, cause) => {
            let at = writer.second(at);
            match cause {
                Cause::FirstAttempt => "It is sent in a moment".to_owned(),
                Cause::Retry => format!("Attempt {number} at {at}"),
                Cause::RateLimit => format!("Its turn under the rate limit is at {at}"),
                Cause::Backlog => format!("Sent again at {at}"),
                Cause::CircuitProbe => format!("The receiver fails; next try {at}"),
                Cause::ParkedRelease => format!("It is sent within a minute of {at}"),
                Cause::LostMessageSweep => format!("It is overdue, and started anew from {at} on"),
            }
        }
        NextAttempt::Held(hold) => match hold {
            Hold::WebhookPaused => "The webhook is paused".to_owned(),
            Hold::WebhookInactive => "The webhook is switched off".to_owned(),
            Hold::WebhookDisabled => "The webhook was turned off after its failures".to_owned(),
            Hold::TenantPaused => "The platform paused all of your webhooks".to_owned(),
            Hold::WebhookDeleted => "Its webhook was deleted; it is cancelled soon".to_owned(),
            Hold::Discarded => {
                "The webhook was resumed without what waited; it is cancelled soon".to_owned()
            }
        },
    }
}

/// What came of an attempt, in a few words.
pub(crate) fn answer(last: &LastAttempt, writer: &Writer) -> String {
    let took = writer.took(last.duration_ms);
    match (last.status, &last.error) {
        (Some(status), _) => format!("{status} in {took}"),
        (None, Some(error)) => error_words(error.kind).to_owned(),
        (None, None) => took,
    }
}

pub(crate) fn error_words(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Dns => "Name not found",
        ErrorKind::Blocked => "Address not allowed",
        ErrorKind::Connect => "Could not connect",
        ErrorKind::Tls => "Certificate not accepted",
        ErrorKind::Timeout => "No answer in time",
        ErrorKind::Response => "Answer not readable",
        ErrorKind::Body => "Could not be written",
        ErrorKind::Transform => "Filter or transform failed",
    }
}

pub(crate) fn error_detail(error: &AttemptError) -> Html {
    Html(format!("{}: {}", error_words(error.kind), seen(&error.detail)))
}

pub(crate) fn failure(failure: Failure) -> String {
    match failure {
        Failure::Answer(code) => format!("{code} {}", reason_phrase(code)).trim_end().to_owned(),
        Failure::Error(kind) => error_words(kind).to_owned(),
        Failure::Other => "Other reasons".to_owned(),
    }
}

/// What to do first about a receiver that fails, by what its last attempt says.
pub(crate) fn advice(last: Option<&LastAttempt>) -> &'static str {
    let Some(last) = last else { return "Open its newest delivery to see what it answers." };
    match (last.status, last.error.as_ref().map(|error| error.kind)) {
        (Some(401 | 403), _) => {
            "It refuses Hooklane: check the signing secret that it uses, and whether it lets our addresses in."
        }
        (Some(404), _) => "It knows no such path: check the address.",
        (Some(405), _) => "It takes no POST at this path: check the address.",
        (Some(408 | 429), _) => "It asks for less: set a rate limit that it can keep up with.",
        (Some(300..=399), _) => {
            "It redirects, and webhooks do not follow: enter the address that it leads to."
        }
        (Some(400..=499), _) => {
            "It refuses what it gets: read its answer, and check the signing secret that it uses and the format."
        }
        (Some(500..=599), _) => {
            "It has a fault of its own: read its answer, and look into its log."
        }
        (_, Some(ErrorKind::Dns)) => {
            "Its name leads nowhere: check the address and its DNS record."
        }
        (_, Some(ErrorKind::Tls)) => {
            "Its certificate is not accepted: renew it, with the whole chain."
        }
        (_, Some(ErrorKind::Timeout)) => {
            "It takes too long: answer first, and do the work afterwards."
        }
        (_, Some(ErrorKind::Connect)) => "Nothing listens there, or a firewall is between.",
        (_, Some(ErrorKind::Blocked)) => "Its address is not one that webhooks may reach.",
        (_, Some(ErrorKind::Transform)) => "Correct the filter or the transform of this webhook.",
        _ => "Open its newest delivery to see what it answers.",
    }
}

/// Whether an attempt's outcome is a success.
pub(crate) fn is_good(last: &LastAttempt) -> bool {
    last.status.is_some_and(is_success)
}

/// When a failing webhook's next try is.
pub(crate) fn probe_at(circuit: Circuit) -> Option<Timestamp> {
    match circuit {
        Circuit::Open { probe_at, .. } => Some(probe_at),
        Circuit::HalfOpen { until, .. } => Some(until),
        Circuit::Closed => None,
    }
}

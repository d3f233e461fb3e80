//! A rollout of the next version, forward and back. The next version is a writer that this code does not
//! have: it sends messages in other forms and stores values that this version does not know. A process of
//! the next version understands both, a process of this version meets them as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::ids::{DeliveryId, WebhookId};

use super::chance::Chance;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    This,
    Next,
}

/// How the next version writes a message that this version writes in another way.
#[derive(Debug, Clone, Copy)]
enum Form {
    ExtraField,
    ExtraFieldInBody,
    RenamedPayload,
    Version2,
    UnknownKind,
}

const FORMS: [Form; 5] = [
    Form::ExtraField,
    Form::ExtraFieldInBody,
    Form::RenamedPayload,
    Form::Version2,
    Form::UnknownKind,
];

impl Form {
    /// The message as it is in the queue.
    fn body(self, body: &str) -> String {
        let (from, to) = match self {
            Self::ExtraField => (r#"{"version""#, r#"{"priority":{"at":1},"version""#),
            Self::ExtraFieldInBody => (r#""body":{"#, r#""body":{"notBefore":7,"#),
            Self::RenamedPayload => (r#""payload":{"plain""#, r#""payload":{"packed""#),
            Self::Version2 => (r#""version":1"#, r#""version":2"#),
            Self::UnknownKind => (r#""kind":"deliver""#, r#""kind":"deliver-all""#),
        };
        body.replacen(from, to, 1)
    }
}

/// What the next version has written, and when it runs.
#[derive(Default)]
pub(crate) struct Versions {
    phase: Mutex<Option<Phase>>,
    /// The messages in a form of the next version, by delivery and generation.
    messages: Mutex<BTreeMap<(DeliveryId, u32), Form>>,
    /// The deliveries whose state only the next version knows.
    deliveries: Mutex<BTreeSet<DeliveryId>>,
    /// The webhooks whose circuit has a state that only the next version knows.
    healths: Mutex<BTreeSet<WebhookId>>,
}

/// Which versions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Only(Version),
    Mixed,
}

/// The rollout goes forward and back, again and again. A message of the next version meets this one for less
/// than an hour on end.
const ROLLOUT: [Phase; 4] =
    [Phase::Only(Version::This), Phase::Mixed, Phase::Only(Version::Next), Phase::Mixed];
const PHASE_MINUTES: i64 = 10;

impl Phase {
    pub(crate) fn at(began: Timestamp, now: Timestamp) -> Self {
        ROLLOUT[Self::number(began, now) % ROLLOUT.len()]
    }

    /// Whether the rollout has gone forward and back once.
    pub(crate) fn is_back(began: Timestamp, now: Timestamp) -> bool {
        Self::number(began, now) >= ROLLOUT.len()
    }

    fn number(began: Timestamp, now: Timestamp) -> usize {
        usize::try_from(now.duration_since(began).as_mins() / PHASE_MINUTES).unwrap_or(0)
    }
}

impl Versions {
    /// Begins a phase. Returns whether it is another one than before.
    pub(crate) fn enter(&self, phase: Phase) -> bool {
        self.phase.lock().unwrap().replace(phase) != Some(phase)
    }

    /// The version of a process that starts now.
    pub(crate) fn of_new_process(&self, chance: &Chance) -> Version {
        match *self.phase.lock().unwrap() {
            None => Version::This,
            Some(Phase::Only(version)) => version,
            Some(Phase::Mixed) if chance.happens(0.5) => Version::Next,
            Some(Phase::Mixed) => Version::This,
        }
    }

    /// The next version sends a message, sometimes in a form of its own.
    pub(crate) fn send(&self, Message::Deliver(deliver): &Message, chance: &Chance) {
        if chance.happens(0.4) {
            let key = (deliver.delivery.clone(), deliver.generation);
            self.messages.lock().unwrap().insert(key, FORMS[chance.below(FORMS.len())]);
        }
    }

    /// The body of a message as a process of this version receives it.
    pub(crate) fn body(&self, body: &str) -> String {
        let Ok(Message::Deliver(deliver)) = Message::decode(body) else { return body.to_owned() };
        let form =
            self.messages.lock().unwrap().get(&(deliver.delivery, deliver.generation)).copied();
        form.map_or_else(|| body.to_owned(), |form| form.body(body))
    }

    /// The next version writes a delivery, sometimes with a state of its own.
    pub(crate) fn write_delivery(&self, id: &DeliveryId, chance: &Chance) {
        write(&mut self.deliveries.lock().unwrap(), id.clone(), chance.happens(0.3));
    }

    pub(crate) fn is_unknown_delivery(&self, id: &DeliveryId) -> bool {
        self.deliveries.lock().unwrap().contains(id)
    }

    /// The next version writes a health, sometimes with a circuit of its own.
    pub(crate) fn write_health(&self, webhook: WebhookId, chance: &Chance) {
        write(&mut self.healths.lock().unwrap(), webhook, chance.happens(0.15));
    }

    pub(crate) fn is_unknown_health(&self, webhook: WebhookId) -> bool {
        self.healths.lock().unwrap().contains(&webhook)
    }
}

fn write<T: Ord>(unknown: &mut BTreeSet<T>, item: T, is_unknown: bool) {
    if is_unknown {
        unknown.insert(item);
    } else {
        unknown.remove(&item);
    }
}

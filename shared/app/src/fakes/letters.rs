use std::sync::{Arc, Mutex};

use hooklane_domain::Timestamp;
use hooklane_domain::dead_letter::{Errand, Letter, Source};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{EventId, TenantId};
use jiff::SignedDuration;

use super::{Faults, lock};
use crate::conformance::PostOffice;
use crate::ports::{Backlog, LetterBox, LetterCount, Ran, RunErrand, Unavailable, WorkQueue};

/// The dead-letter queues in memory. They hide what they hand out, as SQS does, until the test lets the time pass.
/// Clones share the queues.
#[derive(Debug, Clone, Default)]
pub struct MemoryLetters(Arc<Mutex<Inner>>, Faults);

#[derive(Debug, Default)]
struct Inner {
    now: Timestamp,
    held: Vec<Held>,
    put: u64,
    taken: u64,
    errands: Vec<Errand>,
    /// What errands with this text are refused with.
    refusing: Option<(String, String)>,
}

#[derive(Debug)]
struct Held {
    source: Source,
    letter: Letter,
    visible_at: Timestamp,
}

/// SQS hands out at most so many messages at once.
const AT_ONCE: usize = 10;

impl MemoryLetters {
    /// With calls that are steps, which are counted and can fail.
    #[must_use]
    pub fn with_faults(faults: Faults) -> Self {
        Self(Arc::default(), faults)
    }

    /// Sets the clock. What is hidden becomes visible when its time is over.
    pub fn set_time(&self, now: Timestamp) {
        lock(&self.0).now = now;
    }

    /// Puts a letter into a queue, as a function does, and answers with its id.
    pub fn add(&self, source: Source, body: &str, reason: &str) -> String {
        self.add_letter(source, body, Some(reason), None)
    }

    /// Puts a letter into a queue, as a function does or, without a reason, as AWS does.
    pub fn add_letter(
        &self,
        source: Source,
        body: &str,
        reason: Option<&str>,
        group: Option<&str>,
    ) -> String {
        let mut inner = lock(&self.0);
        inner.put += 1;
        let text = format!("letter-{:04}", inner.put);
        let Ok(id) = text.parse() else { unreachable!("the id of a letter") };
        let now = inner.now;
        let letter = Letter {
            id,
            receipt_handle: String::new(),
            body: body.to_owned(),
            reason: reason.map(str::to_owned),
            sent_at: now,
            receives: 0,
            group: group.map(str::to_owned),
            event: matches!(source, Source::Fanout | Source::Stats).then(|| event(body)).flatten(),
        };
        inner.held.push(Held { source, letter, visible_at: now });
        text
    }

    /// From now on what contains a text is refused for good.
    pub fn refuse(&self, text: &str, reason: &str) {
        lock(&self.0).refusing = Some((text.to_owned(), reason.to_owned()));
    }

    /// The ids of the letters that a queue holds, and whether each can be taken now.
    #[must_use]
    pub fn held(&self, source: Source) -> Vec<(String, bool)> {
        let inner = lock(&self.0);
        let held = inner.held.iter().filter(|held| held.source == source);
        let one = |held: &Held| (held.letter.id.as_str().to_owned(), held.visible_at <= inner.now);
        held.map(one).collect()
    }

    /// What was sent again.
    #[must_use]
    pub fn errands(&self) -> Vec<Errand> {
        lock(&self.0).errands.clone()
    }
}

/// The event of a record of the stream, by its key.
fn event(record: &str) -> Option<(TenantId, EventId)> {
    let record: serde_json::Value = serde_json::from_str(record).ok()?;
    let key = record["dynamodb"]["Keys"]["pk"]["S"].as_str()?;
    let (tenant, event) = key.strip_prefix("EV#")?.split_once('#')?;
    Some((tenant.parse().ok()?, event.parse().ok()?))
}

impl LetterBox for MemoryLetters {
    async fn letter_count(&self, source: Source) -> Result<LetterCount, Unavailable> {
        self.1.step()?;
        let (visible, hidden): (Vec<_>, Vec<_>) =
            self.held(source).into_iter().partition(|(_, is_visible)| *is_visible);
        Ok(LetterCount { visible: visible.len() as u64, hidden: hidden.len() as u64 })
    }

    async fn take_letters(&self, source: Source, seconds: u32) -> Result<Vec<Letter>, Unavailable> {
        self.1.step()?;
        let mut inner = lock(&self.0);
        let now = inner.now;
        let Inner { held, taken, .. } = &mut *inner;
        let visible = held.iter_mut().filter(|one| one.source == source && one.visible_at <= now);
        let hide = |held: &mut Held| {
            *taken += 1;
            let hidden = SignedDuration::from_secs(i64::from(seconds));
            held.visible_at = now.saturating_add(hidden).unwrap_or(now);
            held.letter.receipt_handle = format!("receipt-{taken}");
            held.letter.receives += 1;
            held.letter.clone()
        };
        Ok(visible.take(AT_ONCE).map(hide).collect())
    }

    async fn give_back(
        &self,
        source: Source,
        receipt_handles: &[String],
    ) -> Result<(), Unavailable> {
        // One call for each ten.
        for _ in receipt_handles.chunks(AT_ONCE) {
            self.1.step()?;
        }
        let mut inner = lock(&self.0);
        let now = inner.now;
        for held in inner.held.iter_mut().filter(|held| held.source == source) {
            if receipt_handles.contains(&held.letter.receipt_handle) {
                held.visible_at = now;
            }
        }
        Ok(())
    }

    async fn discard(&self, source: Source, receipt_handle: &str) -> Result<(), Unavailable> {
        self.1.step()?;
        let is_it =
            |held: &Held| held.source == source && held.letter.receipt_handle == receipt_handle;
        lock(&self.0).held.retain(|held| !is_it(held));
        Ok(())
    }
}

/// What was sent again is in its queue for ever.
impl Backlog for MemoryLetters {
    async fn backlog(&self, queue: WorkQueue) -> Result<LetterCount, Unavailable> {
        self.1.step()?;
        let is_there = |errand: &Errand| match errand {
            Errand::Publish(_) => queue == WorkQueue::Events,
            Errand::Deliver { lane: Lane::Fast, .. } => queue == WorkQueue::Delivery,
            Errand::Deliver { lane: Lane::Slow, .. } => queue == WorkQueue::Retry,
        };
        let visible = lock(&self.0).errands.iter().filter(|errand| is_there(errand)).count();
        Ok(LetterCount { visible: visible as u64, hidden: 0 })
    }
}

impl RunErrand for MemoryLetters {
    async fn run_errand(&self, errand: &Errand) -> Result<Ran, Unavailable> {
        self.1.step()?;
        let mut inner = lock(&self.0);
        let (Errand::Publish(body) | Errand::Deliver { body, .. }) = errand;
        if let Some((text, reason)) = &inner.refusing
            && body.contains(text)
        {
            return Ok(Ran::Refused(reason.clone()));
        }
        inner.errands.push(errand.clone());
        Ok(Ran::Done)
    }
}

impl PostOffice for MemoryLetters {
    async fn put(&self, source: Source, body: &str, reason: Option<&str>, group: Option<&str>) {
        self.add_letter(source, body, reason, group);
    }

    async fn arrived(&self) -> Vec<Errand> {
        self.errands()
    }
}

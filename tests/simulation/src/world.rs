//! What the functions share: time, the ledger, the queues and the receivers. The ports reach it through
//! a lock that nobody else ever holds, because a run has one thread.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use fastrand::Rng;
use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::{Lane, MAX_VISIBILITY_SECONDS};
use hooklane_domain::delivery::{Delivery, State as DeliveryState};
use hooklane_domain::event::Event;
use hooklane_domain::ids::EventId;

use crate::calendar::Calendar;
use crate::figures::{Counts, Figures, SLICE, Slice};
use crate::ledger::{End, Ledger};
use crate::queue::{Message, Queue, WebhookNo, index};
use crate::receipts::{Receipt, Receipts};
use crate::receivers::Receivers;
use crate::time::{Millis, SECOND, at};

pub(crate) struct World {
    now: AtomicI64,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) calendar: Calendar<Happening>,
    pub(crate) ledger: Ledger,
    pub(crate) queues: [Queue; 2],
    /// The events that the functions themselves published.
    pub(crate) operational: BTreeMap<EventId, Event>,
    pub(crate) receipts: Receipts,
    pub(crate) receivers: Receivers,
    pub(crate) chance: Rng,
    pub(crate) figures: Figures,
    /// First messages that are not in their queue yet.
    pub(crate) on_their_way: usize,
    /// Messages that the retry queue holds back after they were sent.
    pub(crate) held_back: usize,
    messages: u64,
    dead: WebhookNo,
    slice_waits: Vec<Millis>,
    slice_in_flight: [u32; 2],
}

pub(crate) enum Happening {
    /// An event of a healthy webhook, or of the dead one.
    Published {
        dead: bool,
    },
    FannedOut(Message),
    /// A first message that `upkeep` sent.
    Dispatched {
        lane: Lane,
        message: Message,
    },
    /// The delay of a message in the retry queue is over.
    Arrived(Message),
    /// The visibility timeout of a received message is over.
    CameBack {
        lane: Lane,
        message: Message,
    },
    /// A task has slept long enough.
    Woken(Waker),
    UpkeepBegins,
    SliceEnds,
}

impl World {
    pub(crate) fn new(state: State) -> Self {
        Self { now: AtomicI64::new(0), state: Mutex::new(state) }
    }

    pub(crate) fn now(&self) -> Millis {
        self.now.load(Ordering::Relaxed)
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        at(self.now())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock on to what happens next.
    pub(crate) fn advance(&self) -> Option<Happening> {
        let (at, happening) = self.state().calendar.next()?;
        self.now.store(at, Ordering::Relaxed);
        Some(happening)
    }

    /// The error of a call that AWS would refuse, or that the simulation does not know.
    pub(crate) fn refuse(&self, what: &str, why: &str) -> Unavailable {
        self.state().figures.refusals += 1;
        Unavailable::new(what, why)
    }

    pub(crate) fn sleep(&self, time: Millis) -> Sleep<'_> {
        self.sleep_until(self.now() + time)
    }

    pub(crate) fn sleep_until(&self, until: Millis) -> Sleep<'_> {
        Sleep { world: self, until, is_planned: false }
    }
}

/// Waits for a time. It stays with the task that first polled it.
pub(crate) struct Sleep<'a> {
    world: &'a World,
    until: Millis,
    is_planned: bool,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.world.now() >= self.until {
            return Poll::Ready(());
        }
        if !self.is_planned {
            let woken = Happening::Woken(context.waker().clone());
            self.world.state().calendar.plan(self.until, woken);
            self.is_planned = true;
        }
        Poll::Pending
    }
}

impl State {
    pub(crate) fn new(
        ledger: Ledger,
        queues: [Queue; 2],
        receivers: Receivers,
        chance: Rng,
        dead: WebhookNo,
    ) -> Self {
        Self {
            calendar: Calendar::default(),
            ledger,
            queues,
            operational: BTreeMap::new(),
            receipts: Receipts::default(),
            receivers,
            chance,
            figures: Figures::default(),
            on_their_way: 0,
            held_back: 0,
            messages: 0,
            dead,
            slice_waits: Vec::new(),
            slice_in_flight: [0; 2],
        }
    }

    pub(crate) fn is_dead(&self, webhook: WebhookNo) -> bool {
        webhook == self.dead
    }

    pub(crate) fn counts(&mut self, webhook: WebhookNo) -> &mut Counts {
        let is_dead = self.is_dead(webhook);
        if is_dead { &mut self.figures.dead } else { &mut self.figures.healthy }
    }

    pub(crate) fn next_message_id(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Sends a message to the retry queue, which holds it back for `seconds`. Answers its id.
    pub(crate) fn send_later(&mut self, message: Message, seconds: u32) -> u64 {
        let message = Message { id: self.next_message_id(), ..message };
        self.held_back += 1;
        let visible_at = message.sent + Millis::from(seconds) * SECOND;
        self.calendar.plan(visible_at, Happening::Arrived(message));
        message.id
    }

    /// Hides a received message for `seconds` from now.
    pub(crate) fn hide(
        &mut self,
        receipt_handle: &str,
        seconds: u32,
        now: Millis,
    ) -> Result<(), &'static str> {
        let receipt = self.receipts.get(receipt_handle).filter(|receipt| !receipt.is_hidden);
        let receipt = receipt.ok_or("not in flight, or hidden already")?;
        let until = now + Millis::from(seconds) * SECOND;
        if until - receipt.received_at > Millis::from(MAX_VISIBILITY_SECONDS) * SECOND {
            return Err("beyond 12 hours from the receipt");
        }
        receipt.is_hidden = true;
        let Receipt { lane, message, .. } = *receipt;
        self.calendar.plan(until, Happening::CameBack { lane, message });
        Ok(())
    }

    /// Writes a delivery if it still has its revision, and counts what became of it; the new revision.
    pub(crate) fn save(&mut self, delivery: &Delivery) -> Option<u32> {
        let written = self.ledger.save(delivery)?;
        let parked = self.ledger.parked_count(written.webhook);
        self.figures.most_parked = self.figures.most_parked.max(parked);
        let is_dead = self.is_dead(written.webhook);
        let counts = self.counts(written.webhook);
        counts.parked += u64::from(written.first_parking);
        if written.ended_before == Some(End::Failed) {
            counts.exhausted -= 1;
        }
        match written.ended {
            Some(End::Delivered) => {
                counts.delivered += 1;
                counts.delivered_after_parking += u64::from(written.was_parked);
                if let DeliveryState::Delivered { at } = delivery.state
                    && written.was_parked
                    && is_dead
                {
                    self.figures.parked_delivered_at = Some(at.as_millisecond());
                }
            }
            Some(End::Failed) => counts.exhausted += 1,
            Some(End::Cancelled) | None => {}
        }
        Some(written.revision)
    }

    /// An attempt begins now that was due at `due`.
    pub(crate) fn count_attempt(&mut self, webhook: WebhookNo, due: Millis, now: Millis) {
        if !self.is_dead(webhook) {
            self.figures.waits.add(now - due);
            self.slice_waits.push(now - due);
        }
        self.counts(webhook).attempts += 1;
    }

    /// Notes how much is in flight in a lane, and how much waits for an instance.
    pub(crate) fn measure(&mut self, lane: Lane) {
        let which = index(lane);
        let (in_flight, waiting) = (self.queues[which].in_flight(), self.queues[which].visible());
        self.slice_in_flight[which] = self.slice_in_flight[which].max(in_flight);
        let figures = &mut self.figures;
        figures.most_in_flight[which] = figures.most_in_flight[which].max(in_flight);
        figures.most_waiting[which] = figures.most_waiting[which].max(waiting);
    }

    pub(crate) fn end_slice(&mut self, now: Millis) {
        let waits = &mut self.slice_waits;
        let wait = (!waits.is_empty()).then(|| {
            let place = (waits.len() * 99).div_ceil(100) - 1;
            *waits.select_nth_unstable(place).1
        });
        waits.clear();
        let most_in_flight =
            [0, 1].map(|which| self.slice_in_flight[which].max(self.queues[which].in_flight()));
        self.slice_in_flight = [0; 2];
        self.figures.series.push(Slice { begins: now - SLICE, most_in_flight, wait });
        self.calendar.plan(now + SLICE, Happening::SliceEnds);
    }

    /// The number of messages that are in a queue or on their way to one.
    pub(crate) fn messages_left(&self) -> usize {
        let queued = self.queues.iter().map(|q| q.visible() + q.in_flight() as usize);
        queued.sum::<usize>() + self.on_their_way + self.held_back
    }
}

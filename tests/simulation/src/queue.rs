//! A standard queue of SQS, as far as isolation depends on it: what is in flight, the limit on that,
//! and fair queues (*Amazon SQS Developer Guide*, "Amazon SQS fair queues" and "message quotas").

use std::collections::{BTreeSet, VecDeque};

use hooklane_domain::delivery::waiting::Lane;

use crate::time::Millis;

/// In flight, SQS hands out nothing more.
pub(crate) const MOST_IN_FLIGHT: u32 = 120_000;
/// A group with fewer messages in flight is never noisy …
const NOISY_LEAST: u32 = 30;
/// … and one with more is where this share of what is in flight is its own.
const NOISY_SHARE: u32 = 10;

pub(crate) type WebhookNo = u16;

/// The place of a lane's queue: the delivery queue first, then the retry queue.
pub(crate) fn index(lane: Lane) -> usize {
    usize::from(lane == Lane::Slow)
}

/// A message of the pipeline, without what follows from its delivery. Its group is the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: u64,
    /// The number of its delivery's event.
    pub(crate) event: u32,
    pub(crate) webhook: WebhookNo,
    pub(crate) generation: u32,
    pub(crate) has_payload: bool,
    /// The number of times that it was received.
    pub(crate) receives: u16,
    pub(crate) sent: Millis,
}

#[derive(Debug, Default)]
struct Group {
    visible: VecDeque<(u64, Message)>,
    in_flight: u32,
    /// Where it stands among those that have something to hand out.
    filed: Option<(u64, bool)>,
}

#[derive(Debug)]
pub(crate) struct Queue {
    /// One for each webhook, or one for all.
    groups: Vec<Group>,
    is_fair: bool,
    /// A message that was received this often is dead-lettered when it comes back.
    max_receives: u16,
    dead_letters: u64,
    /// By the oldest message: groups with little in flight, and groups that may be noisy.
    light: BTreeSet<(u64, usize)>,
    heavy: BTreeSet<(u64, usize)>,
    arrivals: u64,
    visible: usize,
    in_flight: u32,
}

impl Queue {
    #[must_use]
    pub(crate) fn new(webhooks: usize, is_fair: bool, max_receives: u16) -> Self {
        let mut groups = Vec::new();
        groups.resize_with(if is_fair { webhooks } else { 1 }, Group::default);
        Self {
            groups,
            is_fair,
            max_receives,
            dead_letters: 0,
            light: BTreeSet::new(),
            heavy: BTreeSet::new(),
            arrivals: 0,
            visible: 0,
            in_flight: 0,
        }
    }

    #[must_use]
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// The number of messages that came back too often.
    #[must_use]
    pub(crate) fn dead_letters(&self) -> u64 {
        self.dead_letters
    }

    /// The number of messages that can be received now.
    #[must_use]
    pub(crate) fn visible(&self) -> usize {
        self.visible
    }

    /// A message that is new, or whose delay is over.
    pub(crate) fn arrive(&mut self, message: Message) {
        let group = self.group_of(message.webhook);
        self.arrivals += 1;
        self.visible += 1;
        self.groups[group].visible.push_back((self.arrivals, message));
        self.file(group);
    }

    /// A message that was received and whose visibility timeout is over.
    pub(crate) fn come_back(&mut self, message: Message) {
        self.delete(message.webhook);
        if message.receives < self.max_receives {
            self.arrive(message);
        } else {
            self.dead_letters += 1;
        }
    }

    /// A message that was received is deleted.
    pub(crate) fn delete(&mut self, webhook: WebhookNo) {
        let group = self.group_of(webhook);
        self.in_flight -= 1;
        self.groups[group].in_flight -= 1;
        self.file(group);
    }

    /// Up to `most` messages: the oldest of groups that are not noisy, then of those that are.
    pub(crate) fn receive(&mut self, most: usize) -> Vec<Message> {
        let mut received = Vec::new();
        while received.len() < most && self.in_flight < MOST_IN_FLIGHT {
            let Some(group) = self.next_group() else { break };
            let Some((_, mut message)) = self.groups[group].visible.pop_front() else { break };
            message.receives += 1;
            self.visible -= 1;
            self.in_flight += 1;
            self.groups[group].in_flight += 1;
            self.file(group);
            received.push(message);
        }
        received
    }

    fn next_group(&self) -> Option<usize> {
        let is_noisy = |group: usize| {
            self.is_fair && self.groups[group].in_flight * NOISY_SHARE > self.in_flight
        };
        let quiet = self.heavy.iter().find(|(_, group)| !is_noisy(*group));
        let oldest = match (self.light.first(), quiet) {
            (Some(light), Some(quiet)) => Some(light.min(quiet)),
            (light, quiet) => light.or(quiet),
        };
        oldest.or_else(|| self.heavy.first()).map(|(_, group)| *group)
    }

    fn group_of(&self, webhook: WebhookNo) -> usize {
        if self.is_fair { usize::from(webhook) } else { 0 }
    }

    fn file(&mut self, index: usize) {
        let group = &mut self.groups[index];
        let heavy = group.in_flight >= NOISY_LEAST;
        let place = group.visible.front().map(|(arrival, _)| (*arrival, heavy));
        let before = std::mem::replace(&mut group.filed, place);
        if before == place {
            return;
        }
        if let Some((arrival, heavy)) = before {
            let shelf = if heavy { &mut self.heavy } else { &mut self.light };
            shelf.remove(&(arrival, index));
        }
        if let Some((arrival, heavy)) = place {
            let shelf = if heavy { &mut self.heavy } else { &mut self.light };
            shelf.insert((arrival, index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(event: u32, webhook: WebhookNo) -> Message {
        let (id, has_payload) = (event.into(), true);
        Message { id, event, webhook, generation: 0, has_payload, receives: 0, sent: 0 }
    }

    fn queue(webhooks: usize, is_fair: bool) -> Queue {
        Queue::new(webhooks, is_fair, 1_000)
    }

    fn numbers(messages: &[Message]) -> Vec<u32> {
        messages.iter().map(|message| message.event).collect()
    }

    #[test]
    fn a_noisy_group_comes_last_and_a_plain_queue_knows_none() {
        for (is_fair, expected) in [(true, vec![41, 30, 31]), (false, vec![30, 31, 32])] {
            let mut queue = queue(2, is_fair);
            (0..41).for_each(|n| queue.arrive(message(n, 0)));
            assert_eq!(queue.receive(30).len(), 30);
            queue.arrive(message(41, 1));
            assert_eq!(numbers(&queue.receive(3)), expected, "fair: {is_fair}");
        }
    }

    #[test]
    fn a_group_with_a_small_share_is_not_noisy() {
        let mut queue = queue(20, true);
        (0..600).for_each(|n| queue.arrive(message(n, (n % 20).try_into().unwrap())));
        assert_eq!(queue.receive(600).len(), 600);
        queue.arrive(message(600, 3));
        queue.arrive(message(601, 4));
        assert_eq!(numbers(&queue.receive(10)), [600, 601]);
    }

    #[test]
    fn what_waits_is_in_flight_and_over_the_limit_nothing_is_handed_out() {
        let mut queue = queue(1, true);
        (0..=MOST_IN_FLIGHT).for_each(|n| queue.arrive(message(n, 0)));
        assert_eq!(queue.receive(usize::MAX).len(), MOST_IN_FLIGHT as usize);
        assert_eq!((queue.in_flight(), queue.visible()), (MOST_IN_FLIGHT, 1));
        queue.come_back(message(0, 0));
        assert_eq!(numbers(&queue.receive(10)), [MOST_IN_FLIGHT]);
        queue.delete(0);
        assert_eq!(numbers(&queue.receive(10)), [0]);
    }
    #[test]
    fn a_message_that_comes_back_too_often_is_dead_lettered() {
        let mut queue = Queue::new(1, true, 2);
        queue.arrive(message(7, 0));
        for receives in 1..=2 {
            let received = queue.receive(1);
            assert_eq!(received.iter().map(|m| m.receives).collect::<Vec<_>>(), [receives]);
            queue.come_back(received[0]);
        }
        assert_eq!((queue.visible(), queue.in_flight(), queue.dead_letters()), (0, 0, 1));
    }
}

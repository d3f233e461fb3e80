//! One run: chaos first, then no faults until everything has ended.

use futures::future::join_all;
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use super::fault_rates::FaultRates;
use super::pipeline::Pipeline;
use super::tenants::{DEAD, SLOW};
use super::versions::{Phase, Version};
use super::work::Work;

/// The number of steps for which the chaos continues after everything was published.
const STEPS_AFTER_PUBLISHING: usize = 150;

impl Pipeline {
    /// Injects faults while everything is published and for a while afterwards. Then runs without faults
    /// until everything has ended.
    pub(crate) async fn run(&mut self) {
        let mut chaos_left = STEPS_AFTER_PUBLISHING;
        for step in 0.. {
            let took = self.environment.now().duration_since(self.began_at);
            assert!(
                took < self.max_virtual_time(),
                "not ended in time: {:?}",
                self.environment.journal.entries().unfinished()
            );
            let publishing = !self.to_publish.is_empty();
            *self.environment.dead.lock().unwrap() = publishing.then_some(self.webhooks[DEAD].id);
            // Alternately slow and fast, so that the change also meets deliveries in progress.
            let slow = publishing && step % 50 < 25;
            *self.environment.slow.lock().unwrap() = slow.then_some(self.webhooks[SLOW].id);
            let rolling = self.rolls_out && !Phase::is_back(self.began_at, self.environment.now());
            if !publishing && !rolling {
                chaos_left = chaos_left.saturating_sub(1);
            }
            if self.rolls_out {
                // The rollout ends with the next version: what it wrote in its own way waits for it.
                let phase = match chaos_left {
                    0 => Phase::Only(Version::Next),
                    _ => Phase::at(self.began_at, self.environment.now()),
                };
                if self.environment.versions.enter(phase) {
                    self.deploy();
                }
            }
            if chaos_left == 0 {
                *self.environment.rates.lock().unwrap() = FaultRates::NONE;
                self.resume_all().await;
                self.put_back();
                self.recover_what_was_missed().await;
            }
            let worked = self.step(step).await;
            if chaos_left == 0 && !worked && self.is_quiet() && self.is_recovered().await {
                return;
            }
            self.advance(worked);
        }
    }

    /// Puts back the dead letters of entries that the queue refused, as an operator does.
    fn put_back(&self) {
        for record in self.environment.refused.lock().unwrap().drain(..) {
            self.environment.journal.count("put back: a dead letter of fanout");
            self.environment.stream.put_back(&record);
        }
    }

    /// One step: performs all work that there is, concurrently. Returns whether there was any besides
    /// `upkeep`.
    async fn step(&mut self, number: usize) -> bool {
        let mut works = self.manual_requests(number);
        works.extend(self.publish_some());
        works.extend(self.ingest_some());
        works.extend(self.fan_out_some());
        works.extend(self.index_some());
        works.extend(self.deliver_some(Lane::Fast));
        works.extend(self.deliver_some(Lane::Slow));
        let worked = !works.is_empty();
        works.extend(self.looks());
        if self.environment.now().duration_since(self.upkeep_ran_at) >= SignedDuration::from_mins(1)
        {
            self.upkeep_ran_at = self.environment.now();
            works.push(Work::Upkeep { instance: 0 });
            // EventBridge invokes at least once.
            if self.environment.chance.happens(self.environment.rates().duplicate_upkeep) {
                self.environment.journal.count("invoked twice: upkeep");
                works.push(Work::Upkeep { instance: 1 });
            }
        }
        let this = &*self;
        let results = join_all(works.into_iter().map(|work| this.perform(work))).await;
        for (work, result) in results {
            self.settle(work, result);
        }
        worked
    }

    /// Advances the time: by a random step while there is work, otherwise until there is.
    fn advance(&self, worked: bool) {
        let now = self.environment.now();
        let max_ms = if worked { 20_000 } else { 60_000 };
        let step = SignedDuration::from_millis(self.environment.chance.between(1, max_ms));
        let next = [self.environment.queues.next_visible(), self.events.next_visible()];
        let next = next.into_iter().flatten().min().map(|at| at.duration_since(now));
        let wait = match next {
            Some(next) if !worked => next.max(step),
            _ => step,
        };
        self.environment.advance(wait);
    }

    /// Whether the queues and the stream are empty and every delivery has ended.
    fn is_quiet(&self) -> bool {
        let queues = &self.environment.queues;
        let empty = queues.count(Lane::Fast) + queues.count(Lane::Slow) == 0;
        empty
            && self.events.is_empty()
            && self.environment.stream.is_drained()
            && self.environment.journal.entries().unfinished().is_empty()
    }
}

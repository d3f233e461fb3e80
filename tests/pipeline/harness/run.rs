//! One run: a storm, then calm until nothing moves.

use futures::future::join_all;
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use super::pipeline::Pipeline;
use super::tenants::{DEAD, SLOW};
use super::weather::Weather;
use super::work::Work;

/// Work that never ends is a fault of its own: the longest wait of a policy here is 14 hours.
const LONGEST: SignedDuration = SignedDuration::from_hours(30);
/// The number of steps for which the storm goes on after everything was published.
const AFTERMATH: usize = 150;

impl Pipeline {
    /// A storm while everything is published and for a while after, then calm until nothing moves.
    pub(crate) async fn run(&mut self) {
        let mut left = AFTERMATH;
        for step in 0.. {
            let took = self.outside.now().duration_since(self.began_at);
            assert!(took < LONGEST, "left behind: {:?}", self.outside.journal.book().unfinished());
            let publishing = !self.to_publish.is_empty();
            *self.outside.dead.lock().unwrap() = publishing.then_some(self.webhooks[DEAD].id);
            // Now and then, so that what is on its way meets the change.
            let slow = publishing && step % 50 < 25;
            *self.outside.slow.lock().unwrap() = slow.then_some(self.webhooks[SLOW].id);
            if !publishing {
                left = left.saturating_sub(1);
            }
            if left == 0 {
                *self.outside.weather.lock().unwrap() = Weather::CALM;
                self.resume_all().await;
            }
            let worked = self.step(step).await;
            if left == 0 && !worked && self.is_quiet() {
                return;
            }
            self.pass(worked);
        }
    }

    /// One moment: everything that is there to do is done side by side.
    async fn step(&mut self, number: usize) -> bool {
        let mut works = self.people(number);
        works.extend(self.publish_some());
        works.extend(self.ingest_some());
        works.extend(self.fan_out_some());
        works.extend(self.deliver_some(Lane::Fast));
        works.extend(self.deliver_some(Lane::Slow));
        let worked = !works.is_empty();
        if self.outside.now().duration_since(self.upkept_at) >= SignedDuration::from_mins(1) {
            self.upkept_at = self.outside.now();
            works.push(Work::Upkeep { instance: 0 });
            // A schedule calls at least once.
            if self.outside.chance.happens(self.outside.weather().upkeep_doubles) {
                self.outside.journal.count("called twice: upkeep");
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

    /// Lets time pass: a moment while there is something to do, else until there is.
    fn pass(&self, worked: bool) {
        let now = self.outside.now();
        let longest = if worked { 20_000 } else { 60_000 };
        let moment = SignedDuration::from_millis(self.outside.chance.between(1, longest));
        let next = [self.outside.queues.next_visible(), self.events.next_visible()];
        let next = next.into_iter().flatten().min().map(|at| at.duration_since(now));
        let wait = match next {
            Some(next) if !worked => next.max(moment),
            _ => moment,
        };
        self.outside.pass(wait);
    }

    /// Whether nothing is on its way any more, and nothing waits to be sent again.
    fn is_quiet(&self) -> bool {
        let queues = &self.outside.queues;
        let empty = queues.count(Lane::Fast) + queues.count(Lane::Slow) == 0;
        empty
            && self.events.is_empty()
            && self.outside.stream.is_drained()
            && self.outside.journal.book().unfinished().is_empty()
    }
}

//! What is observed of the service from outside, remembered for a while: each metric that is asked for is paid for, and
//! a page that follows asks every two seconds.

use std::time::Duration;

use hooklane_app::cache::Recent;
use hooklane_app::ports::{Monitor, Observed};
use hooklane_domain::Timestamp;
use hooklane_domain::time::later;

/// Alarms are judged once a minute at most.
const KEPT: Duration = Duration::from_secs(30);

pub struct Watch {
    monitor: Box<dyn Monitor>,
    last: Recent<(), Look>,
}

#[derive(Debug, Clone)]
struct Look {
    at: Timestamp,
    observed: Option<Observed>,
}

impl Watch {
    #[must_use]
    pub fn of(monitor: impl Monitor + 'static) -> Self {
        Self { monitor: Box::new(monitor), last: Recent::default() }
    }

    /// `None` if the monitor does not answer. That is remembered too, so that no page waits for it again and again.
    pub(crate) async fn observed(&self, now: Timestamp) -> Option<Observed> {
        if let Some(look) = self.last.last(&()).filter(|look| is_fresh(look, now)) {
            return look.observed;
        }
        let observed = match self.monitor.observed(now).await {
            Ok(observed) => Some(observed),
            Err(error) => {
                error.log("operator.alarms_left_out");
                None
            }
        };
        self.last.put((), Look { at: now, observed: observed.clone() }, now);
        observed
    }
}

fn is_fresh(look: &Look, now: Timestamp) -> bool {
    look.at <= now && now < later(look.at, KEPT)
}

#[cfg(test)]
mod tests {
    use hooklane_app::fakes::FakeMonitor;

    use super::*;

    #[tokio::test]
    async fn a_look_is_remembered_for_half_a_minute_whether_or_not_it_was_answered() {
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        let monitor = FakeMonitor::default();
        let watch = Watch::of(monitor.clone());
        assert_eq!(watch.observed(at(0)).await, None);
        monitor.observes(Observed::default());
        assert_eq!((watch.observed(at(29)).await, monitor.asked()), (None, 1));
        assert_eq!((watch.observed(at(30)).await, monitor.asked()), (Some(Observed::default()), 2));
        assert_eq!((watch.observed(at(59)).await, monitor.asked()), (Some(Observed::default()), 2));
        assert_eq!((watch.observed(at(20)).await, monitor.asked()), (Some(Observed::default()), 3));
    }
}

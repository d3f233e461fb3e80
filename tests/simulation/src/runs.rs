//! The runs that are compared, and what is promised of them.

use crate::deployment::Deployment;
use crate::figures::Figures;
use crate::queue::MOST_IN_FLIGHT;
use crate::scenario::{Failing, Isolation, Outage, Scenario};
use crate::time::{MINUTE, Millis};

/// The wait of healthy deliveries at the 99th percentile, as a multiple of the control run's: at most …
const TOLERANCE: f64 = 1.05;
/// … and without isolation at least.
const STALL: Millis = 100;

/// Runs in which events come for some time before, while and after a receiver is dead.
#[derive(Debug, Clone, Copy)]
pub struct Runs {
    pub before: Millis,
    pub dead: Millis,
    pub after: Millis,
    pub seed: u64,
}

impl Runs {
    #[must_use]
    pub fn control(self) -> Scenario {
        Scenario::control(self.seed, self.recovery() + self.after)
    }

    #[must_use]
    pub fn dead(self) -> Scenario {
        self.beside_dead(self.control(), "one dead")
    }

    /// Enough room to park everything.
    #[must_use]
    pub fn dead_with_room(self) -> Scenario {
        let dead = self.dead();
        let deployment = Deployment { max_parked: 5_000_000, ..dead.deployment };
        Scenario { name: "one dead, `MaxParked` 5,000,000", deployment, ..dead }
    }

    #[must_use]
    pub fn dead_with_fair_queues(self) -> Scenario {
        let name = "one dead, fair queues alone";
        Scenario { name, isolation: Isolation::FairQueues, ..self.dead() }
    }

    #[must_use]
    pub fn dead_without_isolation(self) -> Scenario {
        let name = "one dead, isolation off";
        Scenario { name, isolation: Isolation::Off, ..self.dead() }
    }

    /// Everybody fails 2 % of the attempts, each by itself.
    #[must_use]
    pub fn attempts_fail(self) -> Scenario {
        let failing = Failing::Attempts(0.02);
        Scenario { name: "2 % of attempts fail", failing, ..self.control() }
    }

    #[must_use]
    pub fn attempts_fail_and_dead(self) -> Scenario {
        self.beside_dead(self.attempts_fail(), "2 % of attempts fail, one dead")
    }

    /// Everybody fails 2 % of the time, about five minutes at a time.
    #[must_use]
    pub fn outages(self, how: Outage) -> Scenario {
        let name = match how {
            Outage::Refuses => "503 for 2 % of the time",
            Outage::Silent => "no answer for 2 % of the time",
        };
        let failing = Failing::Outages { share: 0.02, mean: 5 * MINUTE, how };
        Scenario { name, failing, ..self.control() }
    }

    #[must_use]
    pub fn outages_and_dead(self) -> Scenario {
        self.beside_dead(self.outages(Outage::Refuses), "503 for 2 % of the time, one dead")
    }

    /// Receivers that do not answer, and more instances for them.
    #[must_use]
    pub fn silent_outages_at_large(self) -> Scenario {
        let name = "no answer for 2 % of the time, `Scale` large";
        let deployment = Deployment::of_scale("large");
        Scenario { name, deployment, ..self.outages(Outage::Silent) }
    }

    #[must_use]
    pub fn silent_outages_at_large_and_dead(self) -> Scenario {
        let name = "no answer for 2 % of the time, `Scale` large, one dead";
        self.beside_dead(self.silent_outages_at_large(), name)
    }

    fn beside_dead(self, scenario: Scenario, name: &'static str) -> Scenario {
        scenario.with_dead(name, self.before, self.recovery())
    }

    /// When the dead receiver answers again.
    #[must_use]
    pub fn recovery(self) -> Millis {
        self.before + self.dead
    }

    /// From the recovery to the delivery of the last one that had been parked.
    #[must_use]
    pub fn caught_up_after(self, figures: &Figures) -> Option<Millis> {
        figures.parked_delivered_at.map(|at| at - self.recovery())
    }
}

/// The promises that a run with a dead receiver breaks, compared with `control`, the same run without
/// the dead receiver.
#[must_use]
pub fn broken_promises(control: &Figures, beside_dead: &Figures) -> Vec<String> {
    let mut broken = Vec::new();
    let in_flight = beside_dead.most_in_flight_of_both();
    if in_flight >= MOST_IN_FLIGHT {
        broken.push(format!("{in_flight} messages in flight"));
    }
    let (usual, wait) = (control.waits.quantile(0.99), beside_dead.waits.quantile(0.99));
    if wait as f64 > usual as f64 * TOLERANCE {
        broken.push(format!("healthy deliveries wait {wait} ms instead of {usual} ms"));
    }
    let dead = beside_dead.dead;
    if dead.parked == 0 || dead.delivered_after_parking != dead.parked {
        let (parked, delivered) = (dead.parked, dead.delivered_after_parking);
        broken.push(format!("{delivered} of {parked} parked deliveries were delivered"));
    }
    if !beside_dead.accounts_for_everything() {
        broken.push("a delivery has not come to an end".to_owned());
    }
    broken
}

/// Whether healthy deliveries wait for the dead receiver.
#[must_use]
pub fn stalls(control: &Figures, beside_dead: &Figures) -> bool {
    beside_dead.waits.quantile(0.99) >= STALL * control.waits.quantile(0.99)
}

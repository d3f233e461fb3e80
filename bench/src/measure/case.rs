//! The cases: how many webhooks, how many records in a batch, how many bytes, and what the receiver does.

use std::fmt;
use std::time::Duration;

use crate::receiver::Receiver;

/// What the receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiving {
    AtOnce,
    After(Duration),
    /// So many percent of the requests are answered 500.
    Failing(u32),
}

/// How events come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// By the queue, to `ingest`.
    ByQueue,
    /// By one request of the API for each.
    ByApi,
}

/// One case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub webhooks: usize,
    /// How many records one invocation gets, as far as the function's `BatchSize` allows.
    pub batch: usize,
    /// The bytes of an event's data.
    pub bytes: usize,
    pub receiving: Receiving,
    /// Whether the receiver has TLS.
    pub is_tls: bool,
    pub published: Published,
    /// `EventsPerMessage` of the stack.
    pub events_per_message: usize,
    /// About how many deliveries are measured.
    pub deliveries: usize,
    /// Whether the quick run has it.
    pub is_quick: bool,
}

/// `BatchSize` in `template.yaml`. A test compares them.
pub const INGEST: usize = 10;
pub const FANOUT: usize = 100;
pub const STATS: usize = 1_000;
pub const DELIVERY: usize = 10;

/// How many events come in a second where functions get batches of one.
const TRICKLE: usize = 4;
/// How many batches come in a second where functions get larger ones.
const BATCHES: usize = 10;
/// The default of `EventIndexSeconds` in `template.yaml`, in seconds. A test compares them.
const STATS_WAITS: usize = 5;

const fn case(webhooks: usize, batch: usize, bytes: usize, deliveries: usize) -> Case {
    Case {
        webhooks,
        batch,
        bytes,
        receiving: Receiving::AtOnce,
        is_tls: false,
        published: Published::ByQueue,
        events_per_message: 1,
        deliveries,
        is_quick: false,
    }
}

impl Case {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let after = |milliseconds| Receiving::After(Duration::from_millis(milliseconds));
        vec![
            Self { is_quick: true, ..case(1, 10, 500, 2_000) },
            Self { is_quick: true, ..case(10, 10, 500, 4_000) },
            Self { is_quick: true, ..case(1, 1, 500, 400) },
            case(10, 1, 500, 500),
            case(1, 100, 500, 1_000),
            case(100, 10, 500, 2_000),
            case(1_000, 10, 500, 4_000),
            case(1, 10, 10_000, 600),
            case(10, 10, 10_000, 1_000),
            case(100, 10, 10_000, 1_000),
            case(1, 10, 200_000, 100),
            case(10, 10, 200_000, 200),
            case(100, 10, 200_000, 1_000),
            Self { receiving: after(100), ..case(1, 10, 500, 150) },
            Self { receiving: after(2_000), ..case(1, 10, 500, 10) },
            Self { receiving: Receiving::Failing(1), ..case(1, 10, 500, 1_000) },
            Self { receiving: Receiving::Failing(50), ..case(1, 10, 500, 500) },
            Self { is_tls: true, ..case(1, 10, 500, 1_000) },
            Self { is_tls: true, ..case(10, 10, 500, 2_000) },
            Self { published: Published::ByApi, ..case(1, 1, 500, 300) },
            Self { events_per_message: 10, is_quick: true, ..case(1, 10, 500, 2_000) },
            Self { events_per_message: 10, ..case(10, 10, 500, 4_000) },
            Self { events_per_message: 10, receiving: after(2_000), ..case(1, 10, 500, 100) },
        ]
    }

    /// Where the receiver is.
    #[must_use]
    pub fn url(&self, receiver: &Receiver) -> String {
        let path = self.path();
        if self.is_tls { receiver.tls_url(&path) } else { receiver.url(&path) }
    }

    /// The path of the receiver, whose first part says how it answers.
    #[must_use]
    pub fn path(&self) -> String {
        match self.receiving {
            Receiving::AtOnce => "/ok/measured".to_owned(),
            Receiving::After(time) => format!("/after-{}/measured", time.as_millis()),
            Receiving::Failing(percent) => format!("/failing-{percent}/measured"),
        }
    }

    /// How many events make one round.
    #[must_use]
    pub fn events_in_round(&self) -> usize {
        // Whole batches for each function, and a few megabytes at most. Where receivers are slow, few are enough.
        let whole = self.batch.max(DELIVERY / self.webhooks).max(1);
        let (most, enough) = (2_000_000 / self.bytes, self.deliveries.min(200) / self.webhooks);
        whole * (most.min(enough) / whole).max(1)
    }

    /// How many records `stats` gets in a batch: it waits for them, while the others get theirs at once.
    #[must_use]
    pub fn stats_batch(&self) -> usize {
        let in_a_second = if self.batch == 1 { TRICKLE } else { self.batch * BATCHES };
        (in_a_second * STATS_WAITS).min(STATS)
    }

    /// How many deliveries an invocation of `delivery` gets at most.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.batch.min(DELIVERY) * self.events_per_message
    }

    /// How many rounds are measured.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.deliveries.div_ceil(self.events_in_round() * self.webhooks)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.webhooks, self.batch, self.bytes)?;
        match self.receiving {
            Receiving::AtOnce => Ok(()),
            Receiving::After(time) if time.subsec_millis() == 0 => {
                write!(f, "-{}s", time.as_secs())
            }
            Receiving::After(time) => write!(f, "-{}ms", time.as_millis()),
            Receiving::Failing(percent) => write!(f, "-{percent}%"),
        }?;
        if self.is_tls {
            f.write_str("-tls")?;
        }
        match self.published {
            Published::ByQueue => Ok(()),
            Published::ByApi => f.write_str("-api"),
        }?;
        if self.events_per_message > 1 {
            write!(f, "-by{}", self.events_per_message)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::Name;
    use crate::template;

    #[test]
    fn batches_are_at_most_those_of_the_template() {
        for (name, size) in [
            (Name::Ingest, INGEST),
            (Name::Fanout, FANOUT),
            (Name::Stats, STATS),
            (Name::Delivery, DELIVERY),
        ] {
            let sizes = template::batch_sizes(name).unwrap();
            assert!(!sizes.is_empty(), "{}", name.text());
            assert!(sizes.iter().all(|one| *one == size as u64), "{}: {sizes:?}", name.text());
        }
        assert_eq!(template::default("EventIndexSeconds").unwrap(), STATS_WAITS.to_string());
    }

    #[test]
    fn names_say_what_differs_from_the_usual() {
        let names: Vec<_> = Case::all().iter().map(ToString::to_string).collect();
        for name in ["1x10x500", "10x10x500", "1x10x200000", "1x10x500-100ms", "1x10x500-2s"] {
            assert!(names.contains(&name.to_owned()), "{name} is not in {names:?}");
        }
        for name in ["1x10x500-50%", "1x1x500-api", "10x10x500-tls", "1x10x500-by10"] {
            assert!(names.contains(&name.to_owned()), "{name} is not in {names:?}");
        }
        let once: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(once.len(), names.len());
    }

    #[test]
    fn rounds_are_whole_batches_of_bounded_size() {
        for case in Case::all() {
            let events = case.events_in_round();
            assert_eq!(events % case.batch, 0, "{case}");
            let deliveries = events * case.webhooks;
            assert_eq!(deliveries % DELIVERY.min(case.batch), 0, "{case}");
            assert!(events * case.bytes <= 4_000_000, "{case}");
            assert!(case.rounds() * deliveries <= 20_000, "{case}");
            if let Receiving::After(time) = case.receiving {
                let batches = (1 + case.rounds()) * deliveries.div_ceil(case.at_once());
                let waits = time * u32::try_from(batches).unwrap();
                assert!(waits <= Duration::from_secs(10), "{case} waits for {waits:?}");
            }
        }
    }
}

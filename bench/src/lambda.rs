//! What Lambda gives a function of `template.yaml`.

use std::time::Duration;

/// `MemorySize` of every function.
pub const MEMORY_BYTES: u64 = 256 * 1024 * 1024;
/// The part of a processor that comes with this memory: 1,769 MB are one processor (*AWS Lambda Developer
/// Guide*, "Configure Lambda function memory").
pub const PROCESSOR: f64 = 0.145;
/// The largest payload of an invocation, and of its answer.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Api,
    Ingest,
    Fanout,
    Stats,
    Delivery,
    Upkeep,
    Dashboard,
}

impl Name {
    pub const ALL: [Self; 7] = [
        Self::Api,
        Self::Ingest,
        Self::Fanout,
        Self::Stats,
        Self::Delivery,
        Self::Upkeep,
        Self::Dashboard,
    ];

    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Ingest => "ingest",
            Self::Fanout => "fanout",
            Self::Stats => "stats",
            Self::Delivery => "delivery",
            Self::Upkeep => "upkeep",
            Self::Dashboard => "dashboard",
        }
    }

    /// `Timeout` in `template.yaml`. A test compares the two.
    #[must_use]
    pub const fn time_limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Api | Self::Ingest | Self::Dashboard => 30,
            Self::Fanout | Self::Stats | Self::Delivery => 60,
            Self::Upkeep => 120,
        })
    }

    #[must_use]
    pub fn binary(self) -> String {
        format!("hooklane-{}", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    #[test]
    fn the_time_limits_are_those_of_the_template() {
        for name in Name::ALL {
            let seconds = template::number(name, "Timeout").unwrap();
            assert_eq!(Duration::from_secs(seconds), name.time_limit(), "{}", name.text());
            let mebibytes = template::number(name, "MemorySize").unwrap();
            assert_eq!(mebibytes * 1024 * 1024, MEMORY_BYTES, "{}", name.text());
        }
    }
}

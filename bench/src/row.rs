//! One line of the report: what a hostile input did to a function and to its neighbours.

use crate::function::{End, Invocation};
use crate::lambda::{MEMORY_BYTES, Name};

/// What is tolerated, as parts of Lambda's limits.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub memory: f64,
    pub time: f64,
}

impl Bounds {
    /// A hostile input: within the limits.
    pub const HOSTILE: Self = Self { memory: 1.0, time: 1.0 };
    /// An answer of a receiver: it must not keep the processor busy until its attempt's time is over.
    pub const RECEIVER: Self = Self { memory: 1.0, time: 0.1 };
    /// The worst that is accepted, all together.
    pub const WORST: Self = Self { memory: 0.75, time: 0.5 };
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    pub input: String,
    pub function: Name,
    /// What happened to the hostile input.
    pub happened: String,
    pub peak_bytes: u64,
    pub processor_seconds: f64,
    pub deployed_seconds: f64,
    pub bounds: Bounds,
    /// What is not as it must be.
    pub faults: Vec<String>,
}

impl Row {
    /// A row about an invocation, judged by the limits.
    #[must_use]
    pub fn of(input: &str, function: Name, ran: &Invocation, bounds: Bounds) -> Self {
        let mut row = Self {
            input: input.to_owned(),
            function,
            happened: String::new(),
            peak_bytes: ran.peak_bytes,
            processor_seconds: ran.processor_seconds,
            deployed_seconds: ran.deployed_seconds(),
            bounds,
            faults: Vec::new(),
        };
        match &ran.end {
            End::Answered(_) => {}
            End::Failed(why) => row.faults.push(format!("the function failed: {why}")),
            End::Died(why) => row.faults.push(format!("the function died: {why}")),
            End::TimedOut => row.faults.push("the function reached its time limit".to_owned()),
        }
        let (memory, time) = (row.memory_share(), row.time_share());
        if memory > bounds.memory {
            row.faults.push(format!("{:.0} % of the memory", memory * 100.0));
        }
        if time > bounds.time {
            row.faults.push(format!("{:.0} % of the time limit", time * 100.0));
        }
        row
    }

    /// A row about an input that could not be run.
    #[must_use]
    pub fn not_run(input: &str, why: &str) -> Self {
        Self {
            input: input.to_owned(),
            function: Name::Api,
            happened: "not run".to_owned(),
            peak_bytes: 0,
            processor_seconds: 0.0,
            deployed_seconds: 0.0,
            bounds: Bounds::HOSTILE,
            faults: vec![why.chars().take(300).collect()],
        }
    }

    #[must_use]
    pub fn memory_share(&self) -> f64 {
        self.peak_bytes as f64 / MEMORY_BYTES as f64
    }

    #[must_use]
    pub fn time_share(&self) -> f64 {
        self.deployed_seconds / self.function.time_limit().as_secs_f64()
    }

    /// The heading of the table.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<46} {:<8} {:<38} {:>8} {:>8} {:>9} {:>6} {:>6}  {}",
            "input",
            "function",
            "what happened",
            "peak MiB",
            "cpu ms",
            "deployed",
            "memory",
            "time",
            "neighbour"
        )
    }

    /// The row as a line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{:<46} {:<8} {:<38} {:>8.1} {:>8.0} {:>7.2} s {:>4.0} % {:>4.0} %  {}",
            cut(&self.input, 46),
            self.function.text(),
            cut(&self.happened, 38),
            self.peak_bytes as f64 / 1024.0 / 1024.0,
            self.processor_seconds * 1000.0,
            self.deployed_seconds,
            self.memory_share() * 100.0,
            self.time_share() * 100.0,
            if self.faults.is_empty() { "ok".to_owned() } else { self.faults.join("; ") },
        )
    }
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(characters - 1).chain(['…']).collect(),
    }
}

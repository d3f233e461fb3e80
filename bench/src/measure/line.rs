//! The lines that are printed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::Used;
use crate::lambda::Name;

/// What one function used in one run of a case.
#[derive(Debug, Clone)]
pub struct Tally {
    pub function: Name,
    pub processor_seconds: f64,
    pub busy_seconds: f64,
    pub invocations: usize,
    pub requests: BTreeMap<String, u64>,
    pub read_units: f64,
    pub write_units: f64,
    pub stored_bytes: f64,
    pub log_bytes: u64,
    pub peak_bytes: u64,
}

impl Tally {
    #[must_use]
    pub const fn new(function: Name) -> Self {
        Self {
            function,
            processor_seconds: 0.0,
            busy_seconds: 0.0,
            invocations: 0,
            requests: BTreeMap::new(),
            read_units: 0.0,
            write_units: 0.0,
            stored_bytes: 0.0,
            log_bytes: 0,
            peak_bytes: 0,
        }
    }

    pub fn add(&mut self, used: &Used) {
        self.read_units += used.read_units;
        self.write_units += used.write_units;
        for (call, times) in &used.requests {
            *self.requests.entry(call.clone()).or_default() += times;
        }
    }

    /// The members of a line, each for one of so many deliveries.
    #[must_use]
    pub fn members(&self, deliveries: usize) -> Value {
        let each = |sum: f64| rounded(sum / deliveries as f64);
        let requests: BTreeMap<_, _> =
            self.requests.iter().map(|(call, times)| (call, each(*times as f64))).collect();
        json!({
            "function": self.function.text(),
            "deliveries": deliveries,
            "cpu_us_per_delivery": each(self.processor_seconds * 1e6),
            "requests_per_delivery": requests,
            "write_units_per_delivery": each(self.write_units),
            "read_units_per_delivery": each(self.read_units),
            "invocations_per_delivery": each(self.invocations as f64),
            "busy_ms_per_delivery": each(self.busy_seconds * 1e3),
            "stored_bytes_per_delivery": each(self.stored_bytes),
            "log_bytes_per_delivery": each(self.log_bytes as f64),
            "peak_rss_mib": rounded(self.peak_bytes as f64 / 1024.0 / 1024.0),
        })
    }
}

/// Four digits after the point are enough for everything that is counted.
#[must_use]
pub fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

/// A line: these members, and those of `more`.
#[must_use]
pub fn line(first: Value, more: Value) -> String {
    let (Value::Object(mut all), Value::Object(more)) = (first, more) else {
        return String::new();
    };
    all.extend(more);
    Value::Object(all).to_string()
}

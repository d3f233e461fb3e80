//! What deliveries cost: processor time, requests, units, bytes and memory of each function, as raw figures.
//!
//! A case is run by real functions under our Runtime API: events go through `ingest` or `api`, `fanout`, `stats`
//! and `delivery` to a receiver. Beside them a plain loop posts the same bodies to the same receiver, as far
//! apart as the function did. Each line that is printed is a JSON object; medians, ratios and prices are made of
//! them by `make bench`.

pub mod case;
pub mod curve;
pub mod event;
pub mod growth;
pub mod line;
pub mod plain_loop;
pub mod publisher;
pub mod releases;
pub mod round;
pub mod run;
pub mod standins;
pub mod start;

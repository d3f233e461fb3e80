//! The use cases that more than one function serves, over ports.
//!
//! `api` and `ingest` publish through [`publish`]; `api` (and later the dashboard) registers and reads
//! through [`webhooks`] and [`deliveries`]; [`tenants`] is the operator's side. What only one function does lives in that function.
//! Nothing here knows AWS: the adapters are in `hooklane-aws`, the fakes behind `test-support`.

pub mod attempt;
pub mod batch;
pub mod cache;
pub mod catalog;
pub mod conflict;
pub mod deliveries;
pub mod event_types;
pub mod health;
pub mod isolation;
pub mod pausing;
pub mod payload;
pub mod ports;
pub mod precondition;
pub mod publish;
pub mod recover;
pub mod tenants;
pub mod webhooks;

#[cfg(feature = "test-support")]
pub mod conformance;
#[cfg(feature = "test-support")]
pub mod fakes;

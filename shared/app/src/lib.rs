//! The use cases, over ports.
//!
//! A use case that more than one function serves lives here, so that they cannot differ: `api` and
//! `ingest` accept events through [`publish`], `delivery` and `api` make attempts through [`attempt`], and
//! `upkeep` sends messages through [`deliveries`]. So do the tenants' requests that `api` serves
//! ([`webhooks`], [`inbox`], [`pausing`], [`deliveries`], [`figures`], [`isolation`], [`recover`], [`event_types`], [`openapi`], [`keys`])
//! and the operator's ([`tenants`], [`dead_letters`], [`operator`]), so that they are tested without HTTP. What is left of a function is in the
//! function.
//!
//! [`ports`] says what the use cases need from outside. The AWS adapters are in `hooklane-aws`; `fakes`
//! and the `conformance` suite that holds both to the ports' contracts are behind `test-support`.
//! [`cache`], [`careful`], [`conflict`], [`deadline`], [`batch`], [`hiding`], [`measured`], [`evaluation`] and [`payload`] are
//! parts that several functions are built from.

pub mod attempt;
pub mod batch;
pub mod cache;
pub mod careful;
pub mod catalog;
pub mod conflict;
pub mod dead_letters;
pub mod deadline;
pub mod deliveries;
pub mod evaluation;
pub mod event_index;
pub mod event_types;
pub mod figures;
pub mod health;
pub mod hiding;
pub mod inbox;
pub mod isolation;
pub mod keys;
pub mod measured;
pub mod openapi;
pub mod operator;
pub mod outlook;
pub mod pausing;
pub mod payload;
pub mod portal;
pub mod ports;
pub mod precondition;
pub mod probe;
pub mod publish;
pub mod recover;
pub mod removed;
pub mod tenants;
pub mod usage;
pub mod webhooks;

#[cfg(feature = "test-support")]
pub mod conformance;
#[cfg(feature = "test-support")]
pub mod fakes;

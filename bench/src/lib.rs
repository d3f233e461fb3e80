//! The harness that runs the functions' deployed binaries as Lambda would: our own Runtime API, stand-ins
//! for the AWS services, receivers, and Lambda's limits. See `docs/limits.md`.

pub mod aws;
pub mod clock;
pub mod control_group;
pub mod crowd;
pub mod figures;
pub mod function;
pub mod hostile;
pub mod http;
pub mod index;
pub mod jobs;
pub mod lambda;
pub mod measure;
pub mod pages;
pub mod payload;
pub mod price;
pub mod receiver;
pub mod row;
pub mod runtime_api;
pub mod search;
pub mod stage;
pub mod suite;
pub mod template;
pub mod usage;
pub mod world;
pub mod worst;

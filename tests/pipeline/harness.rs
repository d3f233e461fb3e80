//! The pipeline in one process: the real handlers over the fakes, behind ports that fail.

pub(crate) mod chance;
pub(crate) mod event_queue;
pub(crate) mod functions;
pub(crate) mod invocations;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod mortal;
pub(crate) mod outside;
pub(crate) mod people;
pub(crate) mod pipeline;
pub(crate) mod port;
pub(crate) mod producers;
pub(crate) mod publications;
pub(crate) mod queues;
pub(crate) mod receivers;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod tenants;
pub(crate) mod verdict;
pub(crate) mod weather;
pub(crate) mod work;

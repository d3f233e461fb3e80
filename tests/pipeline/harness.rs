//! The pipeline in one process: the production handlers over the fakes, behind ports whose calls fail.

pub(crate) mod chance;
pub(crate) mod environment;
pub(crate) mod event_queue;
pub(crate) mod fault_rates;
pub(crate) mod functions;
pub(crate) mod invocations;
pub(crate) mod journal;
pub(crate) mod killable;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod load;
pub(crate) mod manual_requests;
pub(crate) mod pipeline;
pub(crate) mod port;
pub(crate) mod producers;
pub(crate) mod publications;
pub(crate) mod queues;
pub(crate) mod receivers;
pub(crate) mod reconciliation;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod tenants;
pub(crate) mod versions;
pub(crate) mod work;

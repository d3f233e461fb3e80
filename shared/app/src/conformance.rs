//! Checks that hold every implementation of the ports to their contracts. They run against the fakes
//! (`fakes.rs`) and against real tables and queues (`shared/aws/tests/conformance.rs`), so that what is
//! tested with fakes holds in production.
//!
//! Each check uses a tenant of its own, named after `salt`, so that checks can run concurrently and again.

mod brake;
mod canary;
mod daily_counts;
mod deliveries;
mod event_index;
mod event_scan;
mod event_types;
mod events;
mod external_ids;
mod figures;
mod health;
mod idempotency;
mod inbox;
mod keys;
mod letters;
mod limits;
mod lists;
mod logos;
mod operator_bus;
mod overviews;
mod parking;
mod queues;
mod quotas;
mod recoveries;
mod removals;
mod rewrites;
pub(crate) mod samples;
mod slots;
mod strikes;
mod tenants;
mod test_attempts;
mod test_places;
mod usage;
mod watch_list;
mod webhooks;

pub use brake::brake;
pub use canary::canaries;
pub use daily_counts::daily_counts;
pub use deliveries::deliveries;
pub use event_index::event_index;
pub use event_scan::event_scan;
pub use event_types::event_types;
pub use events::events;
pub use external_ids::external_ids;
pub use figures::figures;
pub use health::health;
pub use idempotency::idempotency;
pub use inbox::{inbox_requests, inboxes};
pub use keys::keys;
pub use letters::{PostOffice, letters};
pub use limits::limits;
pub use logos::logos;
pub use operator_bus::{Heard, operator_bus};
pub use overviews::{vitals, waiting_counts};
pub use parking::parking;
pub use queues::{Inspect, Seen, queues, sqs_limits};
pub use quotas::quotas;
pub use recoveries::recoveries;
pub use removals::removals;
pub use rewrites::{MAPS, RawItems, rewrites};
pub use slots::slots;
pub use strikes::strikes;
pub use tenants::tenants;
pub use test_attempts::test_attempts;
pub use test_places::test_places;
pub use usage::{counted_things, usage, webhook_ids};
pub use watch_list::watch_list;
pub use webhooks::webhooks;

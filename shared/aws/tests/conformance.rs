//! The conformance suite against real tables and queues at `CONFORMANCE_ENDPOINT_URL`: the local stack's
//! emulator, another emulator, or (with an empty value and credentials) an AWS account. It creates its own
//! tables and queues and deletes them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check that fails panics"
)]

mod bus;
mod office;
mod resources;

use hooklane_app::conformance;
use hooklane_app::ports::Clock as _;
use hooklane_aws::system::System;
use resources::Resources;

/// What all checks side by side need in an unoptimized build, with room to grow.
const STACK_BYTES: usize = 64 << 20;

/// One test for the whole suite, so that the tables are created once.
#[test]
#[ignore = "needs CONFORMANCE_ENDPOINT_URL; `make test` runs it"]
fn the_adapters_pass_the_conformance_suite() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let suite = std::thread::Builder::new().stack_size(STACK_BYTES);
    let suite = suite.spawn(move || runtime.block_on(pass_the_suite())).unwrap();
    if let Err(panic) = suite.join() {
        std::panic::resume_unwind(panic);
    }
}

async fn pass_the_suite() {
    keep_unknown_attributes().await;
    let resources = Resources::create(&endpoint()).await;
    let salt = resources.salt();
    let checks = async {
        tokio::join!(
            async { conformance::events(&resources.ledger(), salt).await },
            async { conformance::deliveries(&resources.ledger(), salt).await },
            async { conformance::quotas(&resources.ledger(), salt).await },
            async { conformance::daily_counts(&resources.ledger(), salt).await },
            async { conformance::limits(&resources.registry(), salt).await },
            async { conformance::external_ids(&resources.registry(), salt).await },
            async { conformance::vitals(&resources.registry(), salt).await },
            async { conformance::waiting_counts(&resources.ledger(), salt).await },
            async { conformance::removals(&resources.registry(), salt).await },
            async { conformance::idempotency(&resources.ledger(), salt).await },
            async { conformance::test_attempts(&resources.ledger(), salt).await },
            async { conformance::test_places(&resources.ledger(), salt).await },
            async { conformance::webhooks(&resources.registry(), salt).await },
            async { conformance::tenants(&resources.registry(), salt).await },
            async { conformance::health(&resources.registry(), salt).await },
            async { conformance::watch_list(&resources.registry(), salt).await },
            async { conformance::recoveries(&resources.registry(), salt).await },
            async { conformance::brake(&resources.registry()).await },
            async { conformance::canaries(&resources.ledger()).await },
            async { conformance::operator_bus(&resources.bus().await).await },
            async { conformance::letters(&resources.office().await).await },
            async { conformance::parking(&resources.ledger(), salt).await },
            async { conformance::slots(&resources.ledger(), salt).await },
            async { conformance::strikes(&resources.ledger(), salt).await },
            async { conformance::event_scan(&resources.ledger(), salt).await },
            async { conformance::event_index(&resources.ledger(), salt).await },
            async { conformance::event_types(&resources.registry(), salt).await },
            async { conformance::keys(&resources.registry(), salt).await },
            async { conformance::inboxes(&resources.registry(), salt).await },
            async { conformance::inbox_requests(&resources.ledger(), salt).await },
            async { conformance::logos(&resources.ledger(), salt).await },
            async { conformance::figures(&resources.ledger(), System.now(), salt).await },
            async { conformance::usage(&resources.ledger(), salt).await },
            async { conformance::counted_things(&resources.ledger(), salt).await },
            async { conformance::webhook_ids(&resources.registry(), salt).await },
            async {
                conformance::queues(&resources.queues(), salt).await;
                if resources.is_aws() {
                    conformance::sqs_limits(&resources.queues(), salt).await;
                }
            },
        )
    };
    // The resources are deleted even if a check fails. The panic continues afterwards.
    let result = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(checks)).await;
    resources.remove().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// In tables of its own, because it changes every item.
async fn keep_unknown_attributes() {
    let resources = Resources::create(&endpoint()).await;
    let (registry, ledger) = (resources.registry(), resources.ledger());
    let raw = resources.raw_items();
    let check = conformance::rewrites(&registry, &ledger, &raw, resources.salt());
    let result = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(check)).await;
    resources.remove().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the only setting of the test")]
fn endpoint() -> String {
    std::env::var("CONFORMANCE_ENDPOINT_URL").expect("CONFORMANCE_ENDPOINT_URL says where to run")
}

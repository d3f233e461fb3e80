//! The conformance suite against real tables and queues, at `CONFORMANCE_ENDPOINT_URL`: the local
//! stack's emulator, another one, or (with an empty value and credentials) a real account. It makes
//! tables and queues of its own and removes them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check that fails panics"
)]

mod place;

use hooklane_app::conformance;
use place::Place;

/// One run of everything, so that the tables are made once.
#[tokio::test]
#[ignore = "needs CONFORMANCE_ENDPOINT_URL; `make test` runs it"]
async fn the_adapters_conform() {
    let place = Place::make(&endpoint()).await;
    let salt = place.salt();
    let checks = async {
        tokio::join!(
            async { conformance::events(&place.ledger(), salt).await },
            async { conformance::deliveries(&place.ledger(), salt).await },
            async { conformance::quotas(&place.ledger(), salt).await },
            async { conformance::idempotency(&place.ledger(), salt).await },
            async { conformance::test_attempts(&place.ledger(), salt).await },
            async { conformance::webhooks(&place.registry(), salt).await },
            async { conformance::tenants(&place.registry(), salt).await },
            async { conformance::health(&place.registry(), salt).await },
            async { conformance::watch_list(&place.registry(), salt).await },
            async { conformance::recoveries(&place.registry(), salt).await },
            async { conformance::brake(&place.registry()).await },
            async { conformance::parking(&place.ledger(), salt).await },
            async { conformance::slots(&place.ledger(), salt).await },
            async { conformance::event_scan(&place.ledger(), salt).await },
            async { conformance::event_types(&place.registry(), salt).await },
            async {
                conformance::queues(&place.queues(), salt).await;
                if place.is_aws() {
                    conformance::sqs_limits(&place.queues(), salt).await;
                }
            },
        )
    };
    // Removed also when a check fails: the panic goes on afterwards.
    let result = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(checks)).await;
    place.remove().await;
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings but this one")]
fn endpoint() -> String {
    std::env::var("CONFORMANCE_ENDPOINT_URL").expect("CONFORMANCE_ENDPOINT_URL says where to run")
}

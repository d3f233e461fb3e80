//! Records that are dead-lettered although they can be read, and those of a batch that fails.

use std::sync::Mutex;

use hooklane_app::ports::RoutePage;
use hooklane_domain::ids::TenantId;

use super::*;

/// A registry in which one webhook of one tenant cannot be read.
pub(super) struct WithUnreadable(pub(super) MemoryRegistry, pub(super) Mutex<&'static str>);

impl RouteStore for WithUnreadable {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.0.version(tenant).await
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        let mut page = self.0.routes(tenant, after).await?;
        if tenant.as_str() == *self.1.lock().unwrap() {
            page.unreadable.push("wh_1: it is corrupt".to_owned());
        }
        Ok(page)
    }
}

#[tokio::test]
async fn an_unreadable_webhook_makes_a_dead_letter_and_the_others_get_the_event() {
    let registry = MemoryRegistry::default();
    let (beside, other) = (webhook(1, "acme", &["*"]), webhook(2, "other", &["*"]));
    registry.create(&beside).await.unwrap();
    registry.create(&other).await.unwrap();
    let fanout = over(WithUnreadable(registry, Mutex::new("acme")), MemoryQueues::at(at(NOW), 360));
    let record = batch(SAMPLE).records[0].get().to_owned();
    let others = record.replace("acme", "other");
    let text = format!(r#"{{"Records":[{record},{others},{record}]}}"#);
    assert_eq!(fanout.handle_all(batch(&text)).await.unwrap(), Answer::default());
    let mut reached = webhooks_of(&sent(&fanout));
    reached.sort();
    let mut expected = [beside.id, other.id, beside.id];
    expected.sort();
    assert_eq!(reached, expected);
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 2);
    assert!(
        letters
            .iter()
            .all(|letter| letter.body == record && letter.reason.contains("wh_1: it is corrupt"))
    );

    // A repair by hand does not raise the version. The next event reaches all of them nevertheless.
    *fanout.routes.registry().1.lock().unwrap() = "";
    fanout.handle_all(batch(&format!(r#"{{"Records":[{record}]}}"#))).await.unwrap();
    assert_eq!((sent(&fanout).len(), fanout.dead_letters.all_dead_letters().len()), (1, 2));
}

/// Otherwise a batch that keeps coming back would leave a dead letter each time.
#[tokio::test]
async fn a_batch_that_fails_dead_letters_nothing() {
    let faults = Faults::default();
    let registry = MemoryRegistry::default();
    registry.create(&webhook(1, "acme", &["*"])).await.unwrap();
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360).with_faults(faults.clone()));
    let record = batch(SAMPLE).records[0].get().to_owned();
    let text = format!(r#"{{"Records":[{{"nonsense":true}},{record}]}}"#);
    faults.die_after(0);
    assert!(fanout.handle_all(batch(&text)).await.is_err());
    assert!(fanout.dead_letters.all_dead_letters().is_empty());
    faults.revive();
    fanout.handle_all(batch(&text)).await.unwrap();
    assert_eq!((sent(&fanout).len(), fanout.dead_letters.all_dead_letters().len()), (1, 1));
}

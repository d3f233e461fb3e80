//! Two looks at once, of which one writes an hour and dies before its progress.

use std::sync::atomic::{AtomicBool, Ordering};

use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::figures::settled::{Hour, Listed, Note, Progress, SettledHour};

use super::*;
use crate::fakes::MemoryLedger;
use crate::ports::{ChunkPage, ChunkRange, CountedPage, CountedPlace};

/// The ledger of a look that is overtaken: before it writes its first hour, another one has written the beginning of
/// that hour, and died.
struct Overtaken<'a> {
    ledger: &'a MemoryLedger,
    /// The minutes that the other one has read end here.
    until: Minute,
    is_over: AtomicBool,
}

macro_rules! handed_on {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)+) => { $(
        async fn $name(&self, $($arg: $kind),*) -> Result<$answer, Unavailable> {
            self.ledger.$name($($arg),*).await
        }
    )+ };
}

impl FigureSource for Overtaken<'_> {
    handed_on! {
        accepted(tenant: &TenantId, webhook: WebhookId, accepted: TimeRange, place: &CountedPlace) -> CountedPage;
        listed(tenant: &TenantId, webhook: WebhookId, list: Listed, accepted: TimeRange, place: &CountedPlace) -> CountedPage;
    }
}

impl EventIndex for Overtaken<'_> {
    handed_on! {
        chunks(tenant: &TenantId, range: &ChunkRange, limit: usize) -> ChunkPage;
    }
}

impl FigureStore for Overtaken<'_> {
    handed_on! {
        progress(of: &FiguresOf) -> Option<Progress>;
        hours(of: &FiguresOf, from: Hour, to: Hour) -> Vec<SettledHour>;
        notes(of: &FiguresOf, since: Timestamp) -> std::collections::BTreeSet<Note>;
        save_progress(of: &FiguresOf, progress: &Progress) -> bool;
        answers(keys: &[AnswerKey]) -> Vec<Option<Report>>;
        keep_answer(key: &AnswerKey, report: &Report) -> ();
    }

    async fn save_hour(&self, of: &FiguresOf, hour: &SettledHour) -> Result<bool, Unavailable> {
        if !self.is_over.swap(true, Ordering::SeqCst) {
            let mut part = hour.clone();
            part.minutes.retain(|minute, _| *minute < self.until);
            assert!(
                self.ledger.save_hour(of, &part).await?,
                "nobody was faster than the other one"
            );
        }
        self.ledger.save_hour(of, hour).await
    }
}

#[tokio::test]
async fn an_hour_that_somebody_else_has_written_is_not_counted_as_settled() {
    let world = World::new();
    let webhook = world.webhook(1);
    for minute in 0..4 {
        for n in 0..60 {
            world.deliver(webhook, &format!("e{minute}-{n}")).await;
        }
        world.pass(minutes(5));
    }
    world.pass(minutes(10));
    let until = Minute::of(world.began + minutes(7));
    let overtaken = Overtaken { ledger: &world.ledger, until, is_over: AtomicBool::new(false) };
    let of = (&world.tenant, webhook);

    let report = look(&overtaken, of, DAY, world.asking()).await.unwrap();

    assert!(overtaken.is_over.load(Ordering::SeqCst), "there was an hour to be written");
    assert_eq!(counts(&report), [0, 0, 240, 0, 0], "who was overtaken has read everything");
    let owner = FiguresOf::Webhook(webhook);
    assert!(world.ledger.progress(&owner).await.unwrap().is_none(), "but has settled nothing");
    for _ in 0..2 {
        assert_eq!(counts(&world.look(webhook, DAY).await), [0, 0, 240, 0, 0]);
    }
}

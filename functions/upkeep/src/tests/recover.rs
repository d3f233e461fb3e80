use std::collections::BTreeSet;

use hooklane_app::fakes::MemoryLedger;
use hooklane_app::ports::{EventStore as _, RecoveryStore as _, WebhookStore as _};
use hooklane_app::recover::{RecoverError, progress, start};
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::delivery::message::Message;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{FailReason, Status};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::isolation::recovery::{Order, Recovery, Search, Stage, Wanted, WantedStatus};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::limits::RateLimit;
use hooklane_domain::webhook::{Webhook, WebhookState};

use super::world::{World, content, minutes, seconds, tenant};
use crate::tuning::RECOVERY_STEPS;

/// A webhook with three failed deliveries and four events without a delivery.
pub(super) async fn missed(world: &World) -> Webhook {
    let webhook = world.watched_webhook(1).await;
    for n in 0..3 {
        let at = world.now();
        let failed = format!("failed{n}");
        world.write(&webhook, &failed, |d| d.failed(at, FailReason::Exhausted)).await;
    }
    for n in 0..4 {
        world.store_event(&format!("skipped{n}")).await;
    }
    world.pass(minutes(1));
    webhook
}

pub(super) fn wanted(world: &World, status: WantedStatus) -> Wanted {
    Wanted { since: world.start - minutes(60), until: world.now(), status }
}

pub(super) async fn start_recovery(world: &World, webhook: &Webhook, status: WantedStatus) {
    order(world, webhook, wanted(world, status).into()).await;
}

/// One that reads the whole ledger.
pub(super) async fn start_thorough(world: &World, webhook: &Webhook, status: WantedStatus) {
    let wanted = wanted(world, status);
    order(world, webhook, Order { search: Search::Thorough, ..wanted.into() }).await;
}

pub(super) async fn order(world: &World, webhook: &Webhook, order: Order) {
    let (store, owner) = (&world.registry.stored, tenant());
    let quotas = Quotas::default();
    let stores = (store, &MemoryLedger::default());
    let key = (&owner, webhook.id);
    start(stores, &world.clock, &quotas, key, order).await.unwrap();
}

pub(super) async fn recovery(world: &World, webhook: &Webhook) -> Recovery {
    progress(&world.registry.stored, (&tenant(), webhook.id)).await.unwrap().recovery
}

pub(super) async fn is_done(world: &World, webhook: &Webhook) -> bool {
    matches!(recovery(world, webhook).await.stage, Stage::Done { .. })
}

fn sent_events(world: &World) -> BTreeSet<String> {
    world.sent().into_iter().map(|(event, _)| event).collect()
}

#[tokio::test]
async fn what_is_recovered() {
    let each =
        [(WantedStatus::Failed, 3, 0), (WantedStatus::Skipped, 0, 4), (WantedStatus::Any, 3, 4)];
    for (search, (status, failed, skipped)) in [Search::Index, Search::Thorough]
        .into_iter()
        .flat_map(|search| each.map(|expected| (search, expected)))
    {
        let world = World::new();
        let webhook = missed(&world).await;
        order(&world, &webhook, Order { search, ..wanted(&world, status).into() }).await;
        let (owner, store) = (tenant(), &world.registry.stored);
        let stores = (store, &MemoryLedger::default());
        let (key, quotas) = ((&owner, webhook.id), Quotas::default());
        let second = start(stores, &world.clock, &quotas, key, wanted(&world, status)).await;
        assert!(matches!(second, Err(RecoverError::Running)));
        assert_eq!(world.run().await.recovered, failed + skipped, "{status:?}");
        let failed_sent = (0..failed).map(|n| (format!("failed{n}"), 1));
        let skipped_sent = (0..skipped).map(|n| (format!("skipped{n}"), 0));
        let sent: Vec<_> = failed_sent.chain(skipped_sent).collect();
        assert_eq!(world.sent(), sent, "{status:?}");
        assert_eq!(world.queues.count(Lane::Fast), 0, "{status:?}: all in the slow lane");
        let recovery = recovery(&world, &webhook).await;
        assert_eq!(recovery.stage, Stage::Done { at: world.now() }, "{status:?}");
        assert_eq!(recovery.sent, failed + skipped, "{status:?}");
        let is_retried = world.delivery(&webhook, "failed0").await.status() == Status::Pending;
        assert_eq!(is_retried, failed > 0, "{status:?}");
        world.mark(&webhook).await;
        assert_eq!(world.run().await.recovered, 0, "{status:?}: a recovery is done once");
        // Another one may follow. The failed deliveries wait by now.
        start_recovery(&world, &webhook, WantedStatus::Failed).await;
        world.run().await;
        assert!(is_done(&world, &webhook).await);
    }
}

/// A message that the queue refuses for good is not lost, and the recovery gets past it: at once or at a pace.
#[tokio::test]
async fn a_message_that_is_refused_for_good_is_a_dead_letter() {
    for rate in [None, RateLimit::new(600, 60).ok()] {
        for search in [Search::Index, Search::Thorough] {
            let world = World::new();
            let webhook = missed(&world).await;
            world.queues.refuse(webhook.id);
            let wanted = wanted(&world, WantedStatus::Skipped);
            order(&world, &webhook, Order { wanted, search, rate, dry_run: false }).await;
            world.run().await;
            assert!(is_done(&world, &webhook).await, "{rate:?} {search:?}");
            assert!(world.sent().is_empty());
            let letters = world.queues.all_dead_letters();
            let mut events: Vec<_> = letters
                .iter()
                .map(|letter| {
                    let expected = format!("the message for the webhook {} cannot be", webhook.id);
                    assert!(letter.reason.starts_with(&expected), "{}", letter.reason);
                    assert!(letter.reason.contains("InvalidMessageContents"), "{}", letter.reason);
                    let Message::Deliver(deliver) = Message::decode(&letter.body).unwrap();
                    deliver.delivery.event().to_string()
                })
                .collect();
            events.sort();
            assert_eq!(events, ["skipped0", "skipped1", "skipped2", "skipped3"]);
        }
    }
}

#[tokio::test]
async fn times_bound_a_recovery() {
    let world = World::new();
    let webhook = missed(&world).await;
    let (owner, store) = (tenant(), &world.registry.stored);
    let (key, quotas) = ((&owner, webhook.id), Quotas::default());
    let stores = (store, &MemoryLedger::default());
    let now = world.now();
    let within = |since, until| Wanted {
        since: now + seconds(since),
        until: now + seconds(until),
        status: WantedStatus::Any,
    };
    // Everything was accepted a minute ago.
    for (since, until) in [(-3_000, -61), (-59, 0)] {
        start(stores, &world.clock, &quotas, key, within(since, until)).await.unwrap();
        assert_eq!(world.run().await.recovered, 0, "{since} {until}");
        assert!(is_done(&world, &webhook).await);
    }
    let backwards = start(stores, &world.clock, &quotas, key, within(0, -1)).await;
    assert!(matches!(backwards, Err(RecoverError::Backwards)));
    let of_another = progress(store, (&"other".parse().unwrap(), webhook.id)).await;
    assert!(matches!(of_another, Err(RecoverError::Missing)));
    start(stores, &world.clock, &quotas, key, within(-60, -60)).await.unwrap();
    assert_eq!(world.run().await.recovered, 7, "both ends are included");
}

#[tokio::test]
async fn what_the_filter_holds_back_is_not_recovered() {
    for (filter, sent) in
        [("event.id != 'skipped1'", 3), ("false", 0), ("event.data.nothing == 1", 4)]
    {
        let world = World::new();
        let webhook = missed(&world).await;
        let filter = Some(filter.parse().unwrap());
        let changed = Webhook { filter, ..world.stored(&webhook).await };
        assert!(world.registry.stored.update(&changed).await.unwrap());
        start_recovery(&world, &webhook, WantedStatus::Skipped).await;
        world.run().await;
        assert_eq!(recovery(&world, &webhook).await.sent, sent);
    }
}

#[tokio::test]
async fn only_events_that_the_webhook_takes_are_recovered() {
    let world = World::new();
    let webhook = world
        .webhook(1, |webhook| Webhook {
            events: vec!["user.created".parse().unwrap(), "webhook.failing".parse().unwrap()],
            ..webhook
        })
        .await;
    let about = format!(r#"{{"webhookId":"{}"}}"#, webhook.id);
    let itself = Content { data: RawJson::parse(&about).unwrap(), ..content("webhook.failing") };
    let accepted_at = world.start;
    for (id, content, accepted_at) in [
        ("taken", content("user.created"), accepted_at),
        ("of-another-type", content("user.deleted"), accepted_at),
        ("a-test", Content { test: true, ..content("user.created") }, accepted_at),
        ("about-itself", itself, accepted_at),
        ("before-its-creation", content("user.created"), accepted_at - seconds(1)),
    ] {
        let id = id.parse().unwrap();
        let event = Event { id, tenant: tenant(), content, accepted_at, value: None };
        world.ledger.put(&event).await.unwrap();
        world.ledger.index(&event, world.now());
    }
    start_recovery(&world, &webhook, WantedStatus::Any).await;
    assert_eq!(world.run().await.recovered, 1);
    assert_eq!(world.sent(), [("taken".to_owned(), 0)]);
}

#[tokio::test]
async fn a_look_takes_two_hundred_steps_and_the_same_run_looks_again() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    // The fake reads three events in a step.
    let events = 3 * RECOVERY_STEPS + 1;
    for n in 0..events {
        world.store_event(&format!("e{n:04}")).await;
    }
    start_thorough(&world, &webhook, WantedStatus::Skipped).await;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.unfinished), (2, 1));
    assert_eq!(summary.recovered, events as u64);
    assert_eq!(sent_events(&world).len(), events);
}

#[tokio::test]
async fn a_recovery_stops_at_the_deadline_and_the_next_run_resumes_it() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    for n in 0..12 {
        world.store_event(&format!("e{n:02}")).await;
    }
    start_thorough(&world, &webhook, WantedStatus::Skipped).await;
    *world.registry.hooks.time_per_step.lock().unwrap() = seconds(20);
    assert_eq!(world.run().await.recovered, 9, "three steps in 50 seconds");
    let half = recovery(&world, &webhook).await;
    assert_eq!(half.stage, Stage::Skipped { cursor: Some("9".to_owned()) });
    assert_eq!(half.sent, 9);
    assert_eq!(world.run().await.recovered, 3);
    assert!(is_done(&world, &webhook).await);
    assert_eq!(world.sent().len(), 12, "each once");
}

#[tokio::test]
async fn more_than_a_page_of_failures_is_retried_and_what_is_older_is_not() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    for n in 0..250 {
        let (at, event) = (world.now(), format!("e{n}"));
        world.write(&webhook, &event, |d| d.failed(at, FailReason::Gone)).await;
    }
    world.pass(minutes(1));
    start_recovery(&world, &webhook, WantedStatus::Failed).await;
    assert_eq!(world.run().await.recovered, 250);
    assert_eq!(sent_events(&world).len(), 250);
}

#[tokio::test]
async fn events_older_than_the_webhook_are_counted_instead_of_sent() {
    let world = World::new();
    let young = world.webhook(1, |w| young_as(&w, &world)).await;
    let other = world
        .webhook(2, |w| Webhook {
            events: vec!["order.*".parse().unwrap()],
            ..young_as(&w, &world)
        })
        .await;
    for n in 0..4 {
        world.store_event(&format!("e{n}")).await;
    }
    world.pass(minutes(1));
    for (webhook, older) in [(&young, 4), (&other, 0)] {
        world.mark(webhook).await;
        start_recovery(&world, webhook, WantedStatus::Any).await;
        world.run().await;
        let recovery = recovery(&world, webhook).await;
        assert_eq!((recovery.sent, recovery.older), (0, older));
        assert!(!recovery.is_running());
    }
    assert!(world.sent().is_empty());
}

/// The webhook, registered a second after the events of the world.
fn young_as(webhook: &Webhook, world: &World) -> Webhook {
    Webhook { created_at: world.start + seconds(1), ..webhook.clone() }
}

#[tokio::test]
async fn a_recovery_goes_on_where_it_was_interrupted() {
    let mut interrupted = 0;
    for steps in 0..60 {
        let world = World::new();
        let webhook = missed(&world).await;
        start_recovery(&world, &webhook, WantedStatus::Any).await;
        world.faults.die_after(steps);
        let _ = world.upkeep.run().await;
        interrupted += u32::from(world.faults.died());
        world.faults.revive();
        world.run().await;
        assert!(is_done(&world, &webhook).await, "after {steps}");
        let mut all: BTreeSet<_> = (0..3).map(|n| format!("failed{n}")).collect();
        all.extend((0..4).map(|n| format!("skipped{n}")));
        assert_eq!(sent_events(&world), all, "after {steps}");
    }
    assert!((20..60).contains(&interrupted), "{interrupted} runs of 60 were interrupted");
}

#[tokio::test]
async fn a_step_that_another_run_was_faster_with_is_left_to_the_next_look() {
    let world = World::new();
    let webhook = missed(&world).await;
    start_thorough(&world, &webhook, WantedStatus::Skipped).await;
    *world.registry.hooks.recovery_conflict.lock().unwrap() = true;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.unfinished, summary.failed), (1, 1, 0));
    assert_eq!(recovery(&world, &webhook).await.stage, Stage::Skipped { cursor: None });
    assert_eq!(world.run().await.recovered, 4);
    assert!(is_done(&world, &webhook).await);
}

#[tokio::test]
async fn the_recovery_of_a_deleted_webhook_ends_and_sends_nothing() {
    use hooklane_app::ports::RecoveryStore as _;
    let world = World::new();
    let webhook = missed(&world).await;
    start_recovery(&world, &webhook, WantedStatus::Any).await;
    world.delete(&webhook).await;
    let summary = world.run().await;
    assert_eq!((summary.recovered, summary.failed, summary.unfinished), (0, 0, 0));
    assert!(world.sent().is_empty());
    let stage = world.registry.stored.recovery(webhook.id).await.unwrap().unwrap().stage;
    assert_eq!(stage, Stage::Done { at: world.now() });
}

#[tokio::test]
async fn a_webhook_that_takes_nothing_now_is_recovered_all_the_same() {
    // `delivery` parks what it cannot attempt.
    for state in [WebhookState::Inactive, WebhookState::Paused { at: World::new().start }] {
        let world = World::new();
        let webhook = missed(&world).await;
        let changed = Webhook { state, ..world.stored(&webhook).await };
        assert!(world.registry.stored.update(&changed).await.unwrap());
        start_recovery(&world, &webhook, WantedStatus::Any).await;
        assert_eq!(world.run().await.recovered, 7);
    }
}

#[tokio::test]
async fn suspected_recoveries_of_one_tenant_read_the_ledger_a_few_at_a_time() {
    let world = World::new();
    let webhook = missed(&world).await;
    start_recovery(&world, &webhook, WantedStatus::Any).await;
    let store = &world.registry.stored;
    // Two other webhooks of the tenant are being recovered.
    let other = |n| Recovery {
        webhook: hooklane_domain::ids::WebhookId::new(world.start, n),
        ..Recovery::new(tenant(), webhook.id, wanted(&world, WantedStatus::Any), world.start)
    };
    let until = world.now() + minutes(30);
    for n in [7, 8] {
        assert!(store.take_turn(&other(n), (world.now(), until), 2).await.unwrap());
    }
    for _ in 0..2 {
        assert!(world.run().await.recovered <= 3, "what failed needs no turn");
        world.pass(minutes(1));
    }
    assert_eq!(world.sent().len(), 3, "the skipped ones wait");
    let waiting = recovery(&world, &webhook).await;
    assert!(waiting.waiting && waiting.is_running());
    assert_eq!(waiting.stage, Stage::Skipped { cursor: None });

    store.end_turn(&other(7)).await.unwrap();
    assert_eq!(world.run().await.recovered, 4);
    let done = recovery(&world, &webhook).await;
    assert!(!done.waiting && !done.is_running());
    // It has given its turn back.
    assert!(store.take_turn(&other(9), (world.now(), until), 2).await.unwrap());
}

#[tokio::test]
async fn finding_02_a_recovery_whose_time_is_over_in_the_middle_of_a_page_goes_on_there() {
    let world = World::new();
    let webhook = missed(&world).await;
    start_thorough(&world, &webhook, WantedStatus::Skipped).await;
    // The clock is read when the step begins and before each event but the first.
    let mut sent = Vec::new();
    while !is_done(&world, &webhook).await {
        *world.registry.hooks.tick_of_recoveries.lock().unwrap() = seconds(30);
        world.run().await;
        world.clock.tick(seconds(0));
        *world.registry.hooks.tick_of_recoveries.lock().unwrap() = seconds(0);
        world.pass(minutes(2));
        world.mark(&webhook).await;
        sent.push(recovery(&world, &webhook).await.sent);
        assert!(sent.len() < 20, "it makes no progress: {sent:?}");
    }
    assert_eq!(sent.last(), Some(&4));
    assert!(sent.contains(&1), "a run ends after the event that it looked at: {sent:?}");
    let expected: BTreeSet<_> = (0..4).map(|n| format!("skipped{n}")).collect();
    assert_eq!(sent_events(&world), expected);
}

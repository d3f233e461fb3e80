//! Canaries through the whole pipeline: what `upkeep` says of them while all is well, while a function stands
//! still, and while calls fail.

use hooklane_domain::canary::{Schedule, Sighting};
use hooklane_domain::delivery::waiting::Lane;
use jiff::SignedDuration;

use crate::harness::event_queue::QueuedEvent;
use crate::harness::fault_rates::FaultRates;
use crate::harness::functions::cold_upkeep;
use crate::harness::limits::Units;
use crate::harness::pipeline::Pipeline;

/// A pipeline that sends a canary every five minutes, and nothing else.
async fn pipeline(seed: u64, rates: FaultRates) -> Pipeline {
    let mut pipeline = Pipeline::with(seed, (rates, Units::AWS)).await;
    *pipeline.environment.canary.lock().unwrap() = Schedule::of_minutes(5);
    let upkeep = || cold_upkeep(&pipeline.environment);
    pipeline.upkeep = [upkeep(), upkeep()];
    pipeline
}

/// What is stopped, as by an event source mapping that is disabled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Nothing,
    Ingest,
    Fanout,
    Delivery,
}

/// Two runs of `upkeep` at once each minute, and twelve steps of everything else after them. Returns what the
/// runs said that did not fail.
async fn minutes(
    pipeline: &mut Pipeline,
    minutes: usize,
    stopped: Stopped,
) -> Vec<Option<Sighting>> {
    let mut said = Vec::new();
    for _ in 0..minutes {
        let runs = pipeline.upkeep.iter().map(|upkeep| upkeep.function.run());
        for run in futures::future::join_all(runs).await {
            said.extend(run.map(|summary| summary.canary));
        }
        for _ in 0..12 {
            let now = pipeline.environment.now();
            for (n, body) in pipeline.environment.queues.take_events().into_iter().enumerate() {
                let id = format!("{}-{n}", now.as_millisecond());
                pipeline.events.send(QueuedEvent { id, body, receives: 0 }, now);
            }
            let mut works = Vec::new();
            if stopped != Stopped::Ingest {
                works.extend(pipeline.ingest_some());
            }
            if stopped != Stopped::Fanout {
                works.extend(pipeline.fan_out_some());
            }
            works.extend(pipeline.index_some());
            if stopped != Stopped::Delivery {
                works.extend(pipeline.deliver_some(Lane::Fast));
            }
            let this = &*pipeline;
            let worked = works.into_iter().map(|work| this.perform(work));
            for (work, answer) in futures::future::join_all(worked).await {
                pipeline.settle(work, answer);
            }
            pipeline.environment.advance(SignedDuration::from_secs(5));
        }
    }
    said
}

fn arrived(said: &[Option<Sighting>]) -> Vec<Option<bool>> {
    said.iter().map(|said| said.map(|said| said.arrived)).collect()
}

/// The canaries that were accepted as events.
fn accepted(pipeline: &Pipeline) -> usize {
    let events = pipeline.environment.ledger.all_events();
    assert!(events.iter().all(|event| event.tenant.is_canary()));
    events.len()
}

#[tokio::test(start_paused = true)]
async fn a_canary_arrives_every_five_minutes_and_two_runs_at_once_send_one() {
    let mut pipeline = pipeline(1, FaultRates::NONE).await;
    let said = minutes(&mut pipeline, 21, Stopped::Nothing).await;
    assert_eq!(arrived(&said[..2]), [None, None], "the first runs have seen none");
    assert!(said[2..].iter().all(|said| said.is_some_and(|said| said.arrived)), "{said:?}");
    let seconds: Vec<_> = said.iter().flatten().filter_map(Sighting::seconds).collect();
    assert!(seconds.len() > 20 && seconds.iter().all(|took| *took < 60.0), "{seconds:?}");
    assert_eq!(accepted(&pipeline), 5, "at 0, 5, 10, 15 and 20 minutes");
    let environment = &pipeline.environment;
    assert_eq!(environment.queues.all_dead_letters(), []);
    let entries = environment.journal.entries();
    assert!(entries.seen.is_empty(), "no delivery is written");
    assert!(entries.deliveries.is_empty(), "no request is made");
    assert_eq!(environment.ledger.index_calls().0, 0, "no list of events has canaries");
    assert_eq!(environment.bus.notices(), []);
}

#[tokio::test(start_paused = true)]
async fn a_canary_does_not_arrive_while_a_function_stands_still_and_does_again_afterwards() {
    for stopped in [Stopped::Ingest, Stopped::Fanout, Stopped::Delivery] {
        let mut pipeline = pipeline(2, FaultRates::NONE).await;
        minutes(&mut pipeline, 5, Stopped::Nothing).await;
        let said = arrived(&minutes(&mut pipeline, 12, stopped).await);
        // It is sent at 5 minutes. What the one before said stands until its time is over.
        let (until, after) = said.split_at(4);
        assert_eq!(until, [Some(true); 4]);
        assert_eq!(after, [Some(false); 20]);
        // What waited in a queue is late, and its canary another one by now.
        let said = arrived(&minutes(&mut pipeline, 8, Stopped::Nothing).await);
        assert_eq!(said[..2], [Some(false); 2]);
        assert_eq!(
            said[14..],
            [Some(true); 2],
            "the next one, at 15 or 20 minutes, arrives in time"
        );
        assert_eq!(pipeline.environment.queues.all_dead_letters(), []);
    }
}

/// One call in twenty fails. Canaries arrive all the same, mostly in time, and never two for one time.
#[tokio::test(start_paused = true)]
async fn canaries_arrive_through_faults_that_pass() {
    let flaky = FaultRates { failed_calls: 0.05, duplicate_messages: 0.1, ..FaultRates::NONE };
    let mut pipeline = pipeline(3, flaky).await;
    let said = minutes(&mut pipeline, 200, Stopped::Nothing).await;
    let known: Vec<_> = said.iter().flatten().collect();
    let in_time = known.iter().filter(|said| said.arrived).count();
    assert!(in_time * 10 > known.len() * 8, "{in_time} of {}", known.len());
    let accepted = accepted(&pipeline);
    assert!((36..=41).contains(&accepted), "{accepted} in 200 minutes");
    assert_eq!(pipeline.environment.queues.all_dead_letters(), []);
}

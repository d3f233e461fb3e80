use hooklane_app::ports::BrakeStore as _;

use super::world::{BRAKE_LIMIT, World, minutes};

#[tokio::test]
async fn the_brake_follows_the_retry_queue_and_comes_off_below_seven_eighths_of_the_limit() {
    assert_eq!(BRAKE_LIMIT, 8);
    let world = World::new();
    let webhook = world.webhook(1, |webhook| webhook).await;
    for (in_flight, on) in [(0, false), (8, false), (9, true), (8, true), (7, false), (8, false)] {
        world.hold_in_flight(&webhook, in_flight).await;
        world.run().await;
        let brake = world.registry.stored.brake().await.unwrap().unwrap();
        let (in_flight, now) = (in_flight as u64, world.now());
        assert_eq!((brake.on, brake.in_flight, brake.measured_at), (on, in_flight, now));
        world.pass(minutes(1));
    }
}

#[tokio::test]
async fn a_brake_that_cannot_be_measured_stops_no_run() {
    let world = World::new();
    let webhook = world.watched_webhook(1).await;
    world.park(&webhook, "e1").await;
    *world.registry.hooks.brake_is_down.lock().unwrap() = true;
    let summary = world.run().await;
    assert_eq!((summary.looked, summary.released, summary.failed), (1, 1, 0));
    assert_eq!(world.registry.stored.brake().await.unwrap(), None, "nothing was written");
}

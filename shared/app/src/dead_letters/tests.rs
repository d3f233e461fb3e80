use hooklane_domain::Timestamp;
use hooklane_domain::dead_letter::{Errand, MOVED};
use jiff::SignedDuration;

use super::*;
use crate::dead_letters::order::MAX_LETTERS;
use crate::fakes::{FakeSystem, Faults, MemoryLetters};

struct World {
    letters: MemoryLetters,
    faults: Faults,
    clock: FakeSystem,
}

const SOURCE: Source = Source::Events;

impl World {
    fn new() -> Self {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let faults = Faults::default();
        let letters = MemoryLetters::with_faults(faults.clone());
        letters.set_time(now);
        Self { letters, faults, clock: FakeSystem::at(now) }
    }

    fn pass(&self, seconds: i64) {
        self.clock.pass(SignedDuration::from_secs(seconds));
        self.letters.set_time(crate::ports::Clock::now(&self.clock));
    }

    fn fill(&self, count: usize, reason: &str) {
        for n in 0..count {
            self.letters.add(SOURCE, &format!("body {n}"), reason);
        }
    }

    async fn list(&self) -> Listing {
        list(&self.letters, SOURCE, None, None, 100).await.unwrap()
    }

    async fn order(&self, act: Act, which: Which, dry_run: bool) -> Done {
        let order = Order { source: SOURCE, which, dry_run };
        carry_out((&self.letters, &self.letters), &self.clock, act, &order).await.unwrap()
    }

    fn visible(&self) -> usize {
        self.letters.held(SOURCE).iter().filter(|(_, is_visible)| *is_visible).count()
    }

    fn sent(&self) -> Vec<String> {
        let body = |errand| match errand {
            Errand::Publish(body) => body,
            other => panic!("{other:?}"),
        };
        self.letters.errands().into_iter().map(body).collect()
    }
}

fn all(reason: &str) -> Which {
    Which::Reason(reason.to_owned())
}

fn one(id: &str) -> Which {
    Which::One(id.parse().unwrap())
}

#[tokio::test]
async fn a_list_is_newest_first_and_hides_nothing() {
    let world = World::new();
    for reason in ["first", "second", "third"] {
        world.letters.add(SOURCE, "{}", reason);
        world.pass(1);
    }
    world.letters.add_letter(SOURCE, "é".repeat(2_000).as_str(), None, None);
    for _ in 0..2 {
        let listing = world.list().await;
        let reasons: Vec<_> = listing.letters.iter().map(|letter| letter.reason.as_str()).collect();
        assert_eq!(reasons, [MOVED, "third", "second", "first"]);
        assert_eq!((listing.complete, listing.held, listing.next), (true, 4, None));
        let moved = &listing.letters[0];
        assert_eq!((moved.moved, moved.body.text.len(), moved.body.size), (true, 2_000, 4_000));
        assert!(moved.body.is_cut() && !listing.letters[1].body.is_cut());
        assert_eq!(world.visible(), 4, "a redrive right after it finds all");
    }
}

#[tokio::test]
async fn pages_hold_each_letter_once() {
    let world = World::new();
    // Several of one moment, too.
    for n in 0..23 {
        world.letters.add(SOURCE, "{}", if n % 2 == 0 { "even" } else { "odd" });
        world.pass(i64::from(n % 3));
    }
    for (reason, expected) in [(None, 23), (Some("even"), 12), (Some("d"), 11), (Some("x"), 0)] {
        let (mut seen, mut place) = (Vec::new(), None::<LetterPlace>);
        loop {
            let page = list(&world.letters, SOURCE, reason, place.as_ref(), 5).await.unwrap();
            seen.extend(page.letters.into_iter().map(|letter| letter.id));
            match page.next {
                Some(next) => place = Some(next.to_string().parse().unwrap()),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), expected, "{reason:?}");
    }
}

#[tokio::test]
async fn of_two_who_look_at_once_each_says_that_it_may_not_see_all() {
    let world = World::new();
    world.fill(25, "is corrupt");
    let taken = world.letters.take_letters(SOURCE, 30).await.unwrap();
    let listing = world.list().await;
    assert_eq!((listing.letters.len(), listing.complete, listing.held), (15, false, 25));
    let done = world.order(Act::Delete, one(taken[0].id.as_str()), false).await;
    assert_eq!(done, Done { count: 0, kept: Vec::new(), more: true }, "it may be there");
    let handles: Vec<_> = taken.into_iter().map(|letter| letter.receipt_handle).collect();
    world.letters.give_back(SOURCE, &handles).await.unwrap();
    let listing = world.list().await;
    assert_eq!((listing.letters.len(), listing.complete), (25, true));
}

#[tokio::test]
async fn a_look_that_dies_hides_letters_for_a_minute_at_most() {
    let world = World::new();
    world.fill(25, "is corrupt");
    // The count and two takes.
    world.faults.die_after(3);
    assert!(list(&world.letters, SOURCE, None, None, 100).await.is_err());
    world.faults.revive();
    assert_eq!(world.visible(), 5);
    world.pass(60);
    assert_eq!(world.list().await.letters.len(), 25);
}

#[tokio::test]
async fn a_look_that_fails_on_its_way_gives_back_what_it_took() {
    let world = World::new();
    world.fill(25, "is corrupt");
    struct Flaky<'w>(&'w World);
    impl LetterBox for Flaky<'_> {
        async fn letter_count(&self, source: Source) -> Result<LetterCount, Unavailable> {
            self.0.letters.letter_count(source).await
        }
        async fn take_letters(&self, source: Source, s: u32) -> Result<Vec<Letter>, Unavailable> {
            match self.0.visible() {
                5 => Err(Unavailable::new("ReceiveMessage", "no answer")),
                _ => self.0.letters.take_letters(source, s).await,
            }
        }
        async fn give_back(&self, source: Source, of: &[String]) -> Result<(), Unavailable> {
            self.0.letters.give_back(source, of).await
        }
        async fn discard(&self, source: Source, of: &str) -> Result<(), Unavailable> {
            self.0.letters.discard(source, of).await
        }
    }
    assert!(list(&Flaky(&world), SOURCE, None, None, 100).await.is_err());
    assert_eq!(world.visible(), 25);
}

#[tokio::test]
async fn what_is_sent_again_is_gone_and_the_rest_is_visible() {
    let world = World::new();
    world.fill(4, "type: is required");
    world.fill(3, "is corrupt");
    world.pass(1);
    let dry = world.order(Act::Redrive, all("is required"), true).await;
    assert_eq!(dry, Done { count: 4, kept: Vec::new(), more: false });
    assert_eq!((world.visible(), world.sent().len()), (7, 0), "a dry run does nothing");
    let done = world.order(Act::Redrive, all("is required"), false).await;
    assert_eq!(done, Done { count: 4, kept: Vec::new(), more: false });
    assert_eq!(world.sent(), ["body 0", "body 1", "body 2", "body 3"]);
    assert_eq!(world.letters.held(SOURCE).len(), 3);
    assert_eq!(world.visible(), 3);
}

#[tokio::test]
async fn one_letter_is_found_among_many() {
    let world = World::new();
    world.fill(42, "is corrupt");
    for (id, act, left) in [("letter-0037", Act::Redrive, 41), ("letter-0011", Act::Delete, 40)] {
        assert_eq!(world.order(act, one(id), true).await.count, 1);
        let done = world.order(act, one(id), false).await;
        assert_eq!(done, Done { count: 1, kept: Vec::new(), more: false });
        assert_eq!(world.visible(), left);
        let again = world.order(act, one(id), false).await;
        assert_eq!(again, Done { count: 0, kept: Vec::new(), more: false }, "it is gone");
    }
    assert_eq!(world.sent(), ["body 36"], "the deleted one was not sent");
}

#[tokio::test]
async fn a_letter_is_sent_before_it_is_deleted_wherever_the_function_dies() {
    // The count, a take, and for each letter a send and a delete.
    for steps in 0..12 {
        let world = World::new();
        world.fill(3, "is corrupt");
        world.faults.die_after(steps);
        let order = Order { source: SOURCE, which: all("corrupt"), dry_run: false };
        let letters = (&world.letters, &world.letters);
        drop(carry_out(letters, &world.clock, Act::Redrive, &order).await);
        world.faults.revive();
        let sent = world.sent();
        let held = world.letters.held(SOURCE);
        for n in 0..3 {
            let (id, body) = (format!("letter-{:04}", n + 1), format!("body {n}"));
            let is_held = held.iter().any(|(one, _)| *one == id);
            assert!(is_held || sent.contains(&body), "{body} is lost after {steps} steps");
        }
        world.pass(60);
        let done = world.order(Act::Redrive, all("corrupt"), false).await;
        assert_eq!((done.kept, done.more), (Vec::new(), false));
        let mut sent = world.sent();
        sent.sort();
        sent.dedup();
        assert_eq!(sent, ["body 0", "body 1", "body 2"], "the next order finishes it");
    }
}

#[tokio::test]
async fn what_was_done_before_a_fault_is_said() {
    let world = World::new();
    world.fill(3, "is corrupt");
    // The count, a take, one letter sent and deleted, another sent.
    world.faults.die_after(5);
    let done = world.order(Act::Redrive, all("corrupt"), false).await;
    assert_eq!((done.count, done.kept.len(), done.more), (1, 1, true));
    assert!(done.kept[0].why.contains("was sent, and could not be deleted"), "{:?}", done.kept);
}

#[tokio::test]
async fn a_letter_that_cannot_be_sent_stays_with_its_reason() {
    let world = World::new();
    world.letters.add(SOURCE, "bad", "one");
    world.letters.add(SOURCE, "good", "two");
    world.letters.add(SOURCE, " ", "three");
    world.letters.refuse("bad", "SQS refuses it");
    let done = world.order(Act::Redrive, all("o"), false).await;
    let why: Vec<_> = done.kept.iter().map(|kept| kept.why.as_str()).collect();
    assert_eq!((done.count, why), (1, vec!["SQS refuses it"]));
    let done = world.order(Act::Redrive, all("three"), true).await;
    assert_eq!((done.count, done.kept[0].why.as_str()), (0, "it has no body"), "dry, too");
    assert_eq!((world.visible(), world.sent()), (2, vec!["good".to_owned()]));
}

#[tokio::test]
async fn a_letter_that_came_since_the_order_began_is_left_alone() {
    let world = World::new();
    world.pass(5);
    world.letters.add(SOURCE, "{}", "is corrupt");
    let clock = FakeSystem::at("2024-01-15T10:30:00Z".parse().unwrap());
    let order = Order { source: SOURCE, which: all("corrupt"), dry_run: false };
    let letters = (&world.letters, &world.letters);
    let done = carry_out(letters, &clock, Act::Redrive, &order).await.unwrap();
    assert_eq!((done.count, world.visible()), (0, 1));
}

#[tokio::test]
async fn one_order_does_a_bounded_number_and_the_next_goes_on() {
    let world = World::new();
    world.fill(250, "is corrupt");
    let mut counts = Vec::new();
    for _ in 0..3 {
        let before = world.faults.requests();
        let done = world.order(Act::Redrive, all("corrupt"), false).await;
        let calls = world.faults.requests() - before;
        // The count, the takes, two calls for each letter, and what is given back.
        assert!(calls <= 1 + MAX_TAKES + 2 * MAX_LETTERS + MAX_TAKES, "{calls}");
        counts.push((done.count, done.more));
    }
    assert_eq!(counts, [(MAX_LETTERS, true), (MAX_LETTERS, true), (50, false)]);
    assert_eq!(world.sent().len(), 250);
}

#[tokio::test]
async fn an_order_ends_in_time() {
    let world = World::new();
    world.fill(30, "is corrupt");
    world.pass(1);
    world.clock.tick(SignedDuration::from_secs(1));
    let done = world.order(Act::Delete, all("corrupt"), false).await;
    assert_eq!((done.count, done.more), (8, true));
    assert_eq!(world.visible(), 22);
}

#[tokio::test]
async fn a_look_at_a_full_queue_is_bounded_and_says_so() {
    let world = World::new();
    world.fill(1_000, "is corrupt");
    let listing = world.list().await;
    assert_eq!((listing.letters.len(), listing.complete, listing.held), (100, false, 1_000));
    assert_eq!(world.faults.requests(), 1 + MAX_TAKES + MAX_TAKES);
    assert_eq!(world.visible(), 1_000);
    let before = world.faults.requests();
    let dry = world.order(Act::Redrive, all("corrupt"), true).await;
    assert_eq!((dry.count, dry.more), (10 * MAX_TAKES, true));
    assert_eq!(world.faults.requests() - before, 1 + MAX_TAKES + MAX_TAKES);
}

#[test]
fn an_order_names_one_letter_or_a_reason() {
    let read = |body: &str| Order::read(body).map_err(|errors| errors.to_string());
    let order = read(r#"{"source":"upkeep","reason":"x","dryRun":true}"#).unwrap();
    assert_eq!(order, Order { source: Source::Upkeep, which: all("x"), dry_run: true });
    let order = read(r#"{"source":"events","id":"letter-1"}"#).unwrap();
    assert_eq!(order, Order { source: SOURCE, which: one("letter-1"), dry_run: false });
    for (body, expected) in [
        ("{}", "source"),
        (r#"{"source":"queue","id":"a"}"#, "must be one of events, fanout"),
        (r#"{"source":"events"}"#, "is required, or a reason"),
        (r#"{"source":"events","reason":""}"#, "1 to 1000 characters"),
        (r#"{"source":"events","reason":"a","id":"b"}"#, "cannot be combined"),
        (r#"{"source":"events","id":"a b"}"#, "must be the id of a dead letter"),
        (r#"{"source":"events","id":"a","all":true}"#, "all"),
    ] {
        let error = read(body).unwrap_err();
        assert!(error.contains(expected), "{body}: {error}");
    }
}

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use hooklane_domain::Timestamp;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger};

/// What happens to an item when it is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is done at once.
    Fine,
    /// A passing fault lets it stay.
    Faulty,
    /// It panics.
    Panics,
    /// It ends the function: here, it never ends, and the test drops the batch.
    Deadly,
}

#[derive(Debug)]
struct Item {
    name: &'static str,
    fate: Fate,
    suspicious: bool,
}

fn item(name: &'static str, fate: Fate, suspicious: bool) -> Item {
    Item { name, fate, suspicious }
}

/// Notes what was begun, done, given up and handed back, in this order of time.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>, AtomicBool);

impl Notes {
    fn note(&self, what: &str, item: &Item) {
        self.0.lock().unwrap().push(format!("{what} {}", item.name));
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Work for Notes {
    type Item = Item;

    fn suspect(&self, item: &Item) -> Suspect {
        Suspect::message(item.name)
    }

    fn is_suspicious(&self, item: &Item) -> bool {
        item.suspicious
    }

    async fn handle(&self, item: &Item) -> Disposition {
        self.note("begun", item);
        tokio::task::yield_now().await;
        match item.fate {
            Fate::Fine => {
                self.note("done", item);
                Disposition::Done
            }
            Fate::Faulty => Disposition::Interrupted,
            Fate::Panics => panic!("on purpose"),
            Fate::Deadly => {
                self.1.store(true, Ordering::SeqCst);
                std::future::pending().await
            }
        }
    }

    async fn give_up(&self, item: &Item, reason: &str) -> Disposition {
        assert_eq!(reason, given_up());
        self.note("given up", item);
        Disposition::Done
    }

    async fn hand_back(&self, item: &Item) -> Disposition {
        self.note("handed back", item);
        Disposition::Stays
    }

    async fn put_off(&self, item: &Item) {
        self.note("put off", item);
    }
}

struct World {
    notes: Notes,
    ledger: MemoryLedger,
    clock: FakeSystem,
}

impl World {
    fn new() -> Self {
        let clock = FakeSystem::at(Timestamp::UNIX_EPOCH);
        Self { notes: Notes::default(), ledger: MemoryLedger::default(), clock }
    }

    /// Works on a batch until it ends, or until an item ends the function (`None`).
    async fn batch(&self, items: &[Item], deadline: Deadline) -> Option<Worked> {
        let needs = Duration::from_secs(35);
        let (work, strikes, clock) = (&self.notes, &self.ledger, &self.clock);
        let careful = Careful { work, strikes, clock, deadline, needs };
        let mut batch = Box::pin(careful.batch(items));
        self.notes.1.store(false, Ordering::SeqCst);
        loop {
            let polled = poll_fn(|context| Poll::Ready(batch.as_mut().poll(context))).await;
            if let Poll::Ready(worked) = polled {
                return Some(worked);
            }
            if self.notes.1.load(Ordering::SeqCst) {
                return None;
            }
        }
    }

    fn strikes_of(&self, name: &str) -> u32 {
        let all = self.ledger.all_strikes();
        all.iter().find(|(of, _)| *of == Suspect::message(name)).map_or(0, |(_, count)| *count)
    }
}

#[tokio::test]
async fn what_is_not_a_suspect_writes_nothing_and_suspects_come_after_it() {
    let world = World::new();
    let healthy = [item("a", Fate::Fine, false), item("b", Fate::Faulty, false)];
    world.batch(&healthy, Deadline::never()).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun a", "begun b", "done a", "put off b"]);
    let mixed = [item("s", Fate::Fine, true), item("a", Fate::Fine, false)];
    let worked = world.batch(&mixed, Deadline::never()).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun a", "done a", "begun s", "done s"]);
    assert_eq!(worked.dispositions, [Disposition::Done, Disposition::Done]);
    assert!(world.ledger.all_strikes().is_empty(), "a suspect that is done is forgiven");
}

#[tokio::test]
async fn a_passing_fault_puts_an_item_off_if_there_is_time_and_a_panic_does_not() {
    let world = World::new();
    let soon = |seconds| Deadline::after(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds));
    for (fate, suspicious, seconds, expected) in [
        (Fate::Faulty, false, 3, vec!["begun s", "put off s"]),
        (Fate::Faulty, true, 3, vec!["begun s", "put off s"]),
        (Fate::Faulty, false, 2, vec!["begun s"]),
        (Fate::Panics, false, 3, vec!["begun s"]),
    ] {
        let worked = world.batch(&[item("s", fate, suspicious)], soon(seconds)).await.unwrap();
        assert_eq!(worked.dispositions, [Disposition::Stays]);
        assert_eq!(world.notes.taken(), expected, "{fate:?} {seconds}");
    }
}

#[tokio::test]
async fn a_passing_fault_is_no_strike_however_often() {
    let world = World::new();
    for _ in 0..3 * MAX_STRIKES {
        let worked =
            world.batch(&[item("s", Fate::Faulty, true)], Deadline::never()).await.unwrap();
        assert_eq!(worked.dispositions, [Disposition::Stays]);
        assert_eq!(world.strikes_of("s"), 0);
    }
}

#[tokio::test]
async fn finding_02_an_item_that_ends_the_function_is_alone_and_then_given_up() {
    let world = World::new();
    let batch = |mate| [item("deadly", Fate::Deadly, true), item(mate, Fate::Fine, true)];
    assert_eq!(world.batch(&batch("a"), Deadline::never()).await, None);
    assert_eq!(world.strikes_of("deadly"), 1);
    world.notes.taken();
    for strikes in 2..=MAX_STRIKES {
        assert_eq!(world.batch(&batch("b"), Deadline::never()).await, None);
        assert_eq!(world.notes.taken(), ["begun b", "done b", "begun deadly"], "it goes last");
        assert_eq!((world.strikes_of("deadly"), world.strikes_of("b")), (strikes, 0));
    }
    let worked = world.batch(&batch("c"), Deadline::never()).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun c", "done c", "given up deadly"]);
    assert_eq!(worked.dispositions, [Disposition::Done; 2]);
    assert_eq!(world.strikes_of("deadly"), 0);
}

#[tokio::test]
async fn a_panic_is_a_strike_and_the_others_go_on() {
    let world = World::new();
    for _ in 1..MAX_STRIKES {
        let batch = [item("bad", Fate::Panics, false), item("a", Fate::Fine, false)];
        let worked = world.batch(&batch, Deadline::never()).await.unwrap();
        assert_eq!(worked.dispositions, [Disposition::Stays, Disposition::Done]);
    }
    assert_eq!(world.strikes_of("bad"), MAX_STRIKES - 1);
    world.notes.taken();
    let worked = world.batch(&[item("bad", Fate::Panics, true)], Deadline::never()).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun bad", "given up bad"]);
    assert_eq!(worked.dispositions, [Disposition::Done]);
}

#[tokio::test]
async fn what_does_not_fit_into_the_time_is_handed_back_but_the_first_is_always_begun() {
    let world = World::new();
    let soon = Deadline::after(Timestamp::UNIX_EPOCH, Duration::from_secs(34));
    let names = ["a", "b", "c"].map(|name| item(name, Fate::Fine, name == "c"));
    let worked = world.batch(&names, soon).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun a", "handed back b", "done a", "handed back c"]);
    assert_eq!(worked.handed_back, 2);
    world.batch(&[item("s", Fate::Fine, true)], soon).await.unwrap();
    assert_eq!(world.notes.taken(), ["begun s", "done s"]);
    let enough = Deadline::after(Timestamp::UNIX_EPOCH, Duration::from_secs(35));
    assert_eq!(world.batch(&names, enough).await.unwrap().handed_back, 0);
    assert!(world.ledger.all_strikes().is_empty());
}

#[test]
fn the_message_of_a_panic_is_logged_only_if_it_is_a_constant() {
    let logged = |panics: &dyn Fn()| {
        let caught = std::panic::catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        constant_of(&*caught)
    };
    let payload = String::from("a payload");
    assert_eq!(logged(&|| panic!("a constant")), Some("a constant"));
    assert_eq!(logged(&|| panic!("made of {payload}")), None);
    assert_eq!(logged(&|| std::panic::panic_any(payload.clone())), None);
}

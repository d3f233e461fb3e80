//! The receiver of a test, with scripted answers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hooklane_app::fakes::{FakeSystem, MemoryLedger, MemoryQueues};
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::outcome::{Outcome, Response};

/// A receiver that gives scripted answers first, then the default one. It notes each request and its time.
pub(super) struct Script {
    pub(super) clock: Arc<FakeSystem>,
    pub(super) answers: Mutex<VecDeque<Outcome>>,
    /// The status that it answers when the script is used up.
    pub(super) default_status: Mutex<u16>,
    /// The duration of each request.
    pub(super) response_time: Mutex<Duration>,
    pub(super) seen: Mutex<Vec<(Timestamp, WireRequest)>>,
    /// The timeout of each request.
    pub(super) timeouts: Mutex<Vec<Duration>>,
    /// What another writer writes during the next request.
    pub(super) concurrent_write: Mutex<Option<Delivery>>,
    pub(super) ledger: Arc<MemoryLedger>,
    /// The event whose request ends the function, or panics.
    pub(super) deadly: Mutex<Option<(&'static str, Death)>>,
    pub(super) died: AtomicBool,
    pub(super) queues: MemoryQueues,
    /// When a message would be visible again, as it was during each request.
    pub(super) visible_at: Mutex<Vec<Option<Timestamp>>>,
}

/// How a function ends in the middle of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// The request never ends, and the test drops the invocation.
    Killed,
    Panicked,
}

/// The pipeline's sender. It shares the script with the test.
pub(super) struct Posts(pub(super) Arc<Script>);

impl Post for Posts {
    async fn post(&self, _: Destination<'_>, request: WireRequest, timeout: Duration) -> Sent {
        let deadly = *self.0.deadly.lock().unwrap();
        if let Some((event, death)) = deadly
            && request.headers.iter().any(|(_, value)| value == event)
        {
            assert!(death == Death::Killed, "on purpose");
            self.0.died.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        self.0.seen.lock().unwrap().push((self.0.clock.now(), request));
        self.0.timeouts.lock().unwrap().push(timeout);
        let write = self.0.concurrent_write.lock().unwrap().take();
        if let Some(write) = write {
            self.0.ledger.save(&write).await.unwrap();
        }
        // Lets other messages of the batch run, as a real request would.
        tokio::task::yield_now().await;
        self.0.visible_at.lock().unwrap().push(self.0.queues.next_visible());
        let outcome = self.0.answers.lock().unwrap().pop_front();
        let outcome = outcome.unwrap_or_else(|| answer(*self.0.default_status.lock().unwrap()));
        Sent { outcome, remarks: Vec::new(), took: *self.0.response_time.lock().unwrap() }
    }
}

pub(super) fn answer(status: u16) -> Outcome {
    answer_with(status, &[])
}

pub(super) fn answer_with(status: u16, headers: &[(&str, &str)]) -> Outcome {
    Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body: "thanks".to_owned(),
    })
}

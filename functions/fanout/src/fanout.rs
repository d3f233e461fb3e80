//! The function, and what it does with a record that may have ended it.

use hooklane_app::careful::forgive;
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{Clock as _, DeadLetters as _, Strikes as _, Unavailable};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, RECORD_IS_OLD, Suspect, given_up};
use hooklane_domain::time::later;
use serde::Serialize;

use crate::deps::Deps;
use crate::pass::Pass;
use crate::ports::Ports;
use crate::record::{self, Batch};
use crate::route_cache::RouteCache;

/// The function, with what it remembers between invocations.
pub struct Fanout<P: Ports> {
    pub(crate) routes: RouteCache<P::Routes>,
    pub(crate) queues: P::Queues,
    pub(crate) dead_letters: P::DeadLetters,
    pub(crate) strikes: P::Ledger,
    pub(crate) system: P::System,
}

/// The first record that is not done, if the time was over before it was. Lambda delivers it and all after
/// it again (*AWS Lambda Developer Guide*, "Using AWS Lambda with Amazon DynamoDB").
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub(crate) batch_item_failures: Vec<HandedBack>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandedBack {
    /// Its sequence number.
    pub(crate) item_identifier: String,
}

impl<P: Ports> Fanout<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        Self {
            routes: RouteCache::new(deps.routes),
            queues: deps.queues,
            dead_letters: deps.dead_letters,
            strikes: deps.strikes,
            system: deps.system,
        }
    }

    /// An error fails the whole batch, and Lambda delivers it again.
    pub async fn handle(&self, batch: Batch, deadline: Deadline) -> Result<Answer, Unavailable> {
        match self.suspect(&batch) {
            Some(suspect) => self.alone(&batch, &suspect, deadline).await,
            None => Pass::new(self, &batch, deadline, None).run().await.result,
        }
    }

    /// The record of a batch that has no other, if it is old. A batch that ends the function is halved
    /// until it looks like this. A batch of several records, or a young one, is as good as never halved.
    fn suspect(&self, batch: &Batch) -> Option<Suspect> {
        let [raw] = batch.records.as_slice() else { return None };
        let place = record::place(raw);
        let is_old = later(place.created_at?, RECORD_IS_OLD) < self.system.now();
        is_old.then_some(Suspect::record(&place.sequence_number?))
    }

    /// Fans out a record whose death would be counted, or dead-letters it if it has had enough of them.
    async fn alone(
        &self,
        batch: &Batch,
        suspect: &Suspect,
        deadline: Deadline,
    ) -> Result<Answer, Unavailable> {
        let failed = |error: Unavailable| {
            error.log("batch.failed");
            error
        };
        let strikes = self.strikes.strike(suspect, self.system.now()).await.map_err(failed)?;
        if strikes > MAX_STRIKES {
            let reason = given_up();
            for raw in &batch.records {
                self.dead_letters.put(raw.get(), &reason).await.map_err(failed)?;
            }
            tracing::error!(reason, record.suspect = suspect.as_str(), "record.dead_lettered");
            forgive(&self.strikes, suspect).await;
            return Ok(Answer::default());
        }
        let passed = Pass::new(self, batch, deadline, Some(strikes)).run().await;
        if !passed.panicked {
            forgive(&self.strikes, suspect).await;
        }
        passed.result
    }
}

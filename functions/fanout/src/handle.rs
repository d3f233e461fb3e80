//! A batch of the stream, and what is done with a record that may have ended the function.

use hooklane_app::careful::forgive;
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{Clock as _, DeadLetters as _, Strikes as _, Unavailable};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, RECORD_IS_OLD, Suspect, given_up};
use hooklane_domain::time::later;

use crate::answer::Answer;
use crate::fanout::Fanout;
use crate::pass::Pass;
use crate::ports::Ports;
use crate::record::{self, Batch};

impl<P: Ports> Fanout<P> {
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

//! A batch of the stream, and what is done with a record that may have ended the function.

use hooklane_app::careful::Alone;
use hooklane_app::deadline::Deadline;
use hooklane_app::ports::{Clock as _, DeadLetters as _, Unavailable};
use hooklane_aws::stream::{Answer, Batch};
use hooklane_domain::isolation::deaths::{Suspect, given_up};
use hooklane_domain::metrics::{Figures, Metric};

use crate::fanout::Fanout;
use crate::pass::Pass;
use crate::ports::Ports;

impl<P: Ports> Fanout<P> {
    /// An error fails the whole batch, and Lambda delivers it again.
    pub async fn handle(&self, batch: Batch, deadline: Deadline) -> Result<Answer, Unavailable> {
        let now = self.system.now();
        let Some(number) = batch.old_record_alone(now) else {
            return Pass::new(self, &batch, deadline, None).run().await.result;
        };
        let suspect = &Suspect::record(&number);
        let batch = &batch;
        let work = |strikes| async move {
            let passed = Pass::new(self, batch, deadline, Some(strikes)).run().await;
            (passed.result, passed.panicked)
        };
        Alone { strikes: &self.strikes, suspect, now }.work(self.give_up(batch), work).await
    }

    /// Dead-letters a batch whose death was counted often enough.
    async fn give_up(&self, batch: &Batch) -> Result<Answer, Unavailable> {
        for raw in &batch.records {
            self.dead_letters.put(raw.get(), &given_up()).await?;
        }
        let figures = Figures::default().with(Metric::DeadLetters, batch.records.len() as u64);
        tracing::info!(metrics = %figures, "batch.given_up");
        Ok(Answer::default())
    }
}

//! Records that become dead letters.

use hooklane_app::careful::forgive;
use hooklane_app::ports::{DeadLetters as _, Unavailable};
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::metrics::Metric;
use serde_json::value::RawValue;
use tracing::{Instrument as _, Span};

use super::{Begun, Pass};
use crate::ports::Ports;
use crate::spans::batch_failed;

/// A record for the dead-letter queue.
pub(super) struct DeadRecord<'a> {
    pub(super) index: usize,
    pub(super) raw: &'a RawValue,
    pub(super) reason: String,
    pub(super) span: Span,
    /// Its strikes, which are forgiven once it is there.
    pub(super) suspect: Option<Suspect>,
}

impl<P: Ports> Pass<'_, P> {
    pub(super) fn bury(&mut self, begun: Begun<'_>, reason: String, suspect: Option<Suspect>) {
        let index = begun.entry.index;
        let (raw, span) = (&*self.batch.records[index], begun.span.clone());
        self.dead.push(DeadRecord { index, raw, reason, span, suspect });
    }

    pub(super) async fn dead_letter(&mut self, record: DeadRecord<'_>) -> Result<(), Unavailable> {
        let DeadRecord { raw, reason, span, suspect, .. } = record;
        span.in_scope(|| tracing::warn!(reason, "record.dead_lettered"));
        let put = self.fanout.dead_letters.put(raw.get(), &reason).instrument(span.clone());
        put.await.map_err(|error| batch_failed(error, &span))?;
        self.figures.add(Metric::DeadLetters, 1);
        if let Some(suspect) = suspect {
            forgive(&self.fanout.strikes, &suspect).await;
        }
        Ok(())
    }
}

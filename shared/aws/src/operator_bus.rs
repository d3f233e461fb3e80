//! The platform's bus on EventBridge.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use hooklane_app::ports::{OperatorBus, Refused, Unavailable};
use hooklane_domain::isolation::notice::Notice;

use crate::clients::Aws;
use crate::failure::Call;
use crate::retry::{Answer, UNSENT_MESSAGES, until_processed};

/// An event bus of the platform.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: Client,
    name: String,
}

/// What Hooklane calls itself on the bus.
const SOURCE: &str = "hooklane";
/// EventBridge takes at most ten entries in one call, and 256 KiB in all of them together (*Amazon EventBridge API
/// Reference*, "PutEvents"; *Amazon EventBridge User Guide*, "Calculating PutEvents event entry size").
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 256 * 1024;
/// The bytes that the `time` of an entry counts.
const TIME_BYTES: usize = 14;

impl EventBus {
    /// Its calls end sooner than others, since deliveries may wait for the end of a batch.
    #[must_use]
    pub fn new(config: &Aws, name: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .operation_timeout(Duration::from_secs(4))
            .build();
        let config = Builder::from(&**config).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Sends notices that fit into one call until each is on the bus or refused. Returns the refused ones.
    async fn put(
        &self,
        notices: &[Notice],
        chunk: Vec<usize>,
    ) -> Result<Vec<Refused>, Unavailable> {
        let put = |left| self.put_some(notices, left);
        let answer = until_processed(UNSENT_MESSAGES, chunk, put).await?;
        let (mut refused, mut last) = (Vec::new(), String::new());
        for failed in answer.results {
            match failed {
                Failed::Refused(entry) => refused.push(entry),
                Failed::Unavailable(reason) => last = reason,
            }
        }
        if answer.left.is_empty() {
            return Ok(refused);
        }
        let why = format!("{} entries failed, last with {last}", answer.left.len());
        Err(self.call().answered(why))
    }

    /// Makes one call for the notices at the indexes `left`. Its results say why entries failed, in the order
    /// of the entries; what it leaves may still be taken.
    async fn put_some(
        &self,
        notices: &[Notice],
        left: Vec<usize>,
    ) -> Result<Answer<Failed, usize>, Unavailable> {
        let entries = left.iter().map(|index| self.entry(&notices[*index])).collect();
        let sent = self.client.put_events().set_entries(Some(entries)).send().await;
        let answer = sent.map_err(self.call().failed())?;
        let outcomes = answer.entries();
        if outcomes.len() != left.len() {
            let why = format!("{} results for {} entries", outcomes.len(), left.len());
            return Err(self.call().answered(why));
        }
        let (mut results, mut again) = (Vec::new(), Vec::new());
        for (index, outcome) in left.into_iter().zip(outcomes) {
            match Failed::of(index, outcome) {
                None => {}
                Some(refused @ Failed::Refused(_)) => results.push(refused),
                Some(unavailable @ Failed::Unavailable(_)) => {
                    results.push(unavailable);
                    again.push(index);
                }
            }
        }
        Ok(Answer { results, left: again })
    }

    fn entry(&self, notice: &Notice) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(notice.event_type.as_str())
            .detail(&notice.detail)
            .time(DateTime::from_secs(notice.at.as_second()))
            .build()
    }

    fn call(&self) -> Call<'_> {
        Call { service: "EventBridge", operation: "PutEvents", on: &self.name }
    }
}

/// Why an entry is not on the bus.
#[derive(Debug)]
enum Failed {
    /// It would be refused again.
    Refused(Refused),
    /// It may be taken later. Holds the reason.
    Unavailable(String),
}

impl Failed {
    /// `None` if the entry is on the bus. Only what an entry says is refused for good. Everything else passes,
    /// or is an operator's to mend: throttling, permissions, the bus itself.
    fn of(index: usize, entry: &PutEventsResultEntry) -> Option<Self> {
        const REFUSALS: [&str; 3] =
            ["MalformedDetail", "InvalidArgument", "NotAuthorizedForSource"];
        let code = entry.error_code()?;
        let message = entry.error_message().unwrap_or("no message");
        let reason = format!("EventBridge refuses the event with {code}: {message}");
        Some(if REFUSALS.iter().any(|refusal| code.contains(refusal)) {
            Self::Refused(Refused { index, reason })
        } else {
            Self::Unavailable(reason)
        })
    }
}

/// The bytes of an entry, as EventBridge counts them.
fn size(notice: &Notice) -> usize {
    TIME_BYTES + SOURCE.len() + notice.event_type.as_str().len() + notice.detail.len()
}

/// The notices as calls take them, by their indexes, and those that no call takes.
fn calls(notices: &[Notice]) -> (Vec<Vec<usize>>, Vec<Refused>) {
    let (mut calls, mut refused) = (Vec::new(), Vec::new());
    let (mut call, mut bytes) = (Vec::new(), 0);
    for (index, notice) in notices.iter().enumerate() {
        let size = size(notice);
        if size > MAX_BYTES {
            let reason = format!("the event is {size} bytes long; EventBridge takes {MAX_BYTES}");
            refused.push(Refused { index, reason });
            continue;
        }
        if call.len() == MAX_ENTRIES || bytes + size > MAX_BYTES {
            calls.push(std::mem::take(&mut call));
            bytes = 0;
        }
        call.push(index);
        bytes += size;
    }
    if !call.is_empty() {
        calls.push(call);
    }
    (calls, refused)
}

impl OperatorBus for EventBus {
    async fn tell(&self, notices: &[Notice]) -> Result<Vec<Refused>, Unavailable> {
        let (calls, mut refused) = calls(notices);
        for call in calls {
            refused.extend(self.put(notices, call).await?);
        }
        refused.sort_by_key(|entry| entry.index);
        Ok(refused)
    }
}

#[cfg(test)]
mod tests;

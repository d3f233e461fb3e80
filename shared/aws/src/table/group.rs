//! New items that several callers write at about the same time go into one call. A call costs the SDK more
//! work than anything else that this product does, so ten items in one are the largest saving there is (ADR 90).
//!
//! Whoever may still write a new item says so ([`Table::gather`]). The items wait until all of those callers
//! wait, or for [`LONGEST_WAIT`]. Then a task writes them and answers each caller, and ends. A caller that is
//! dropped while its item waits takes it back; one that is dropped later leaves the task to the others.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::batch_execute_statement::{
    BatchExecuteStatement, BatchExecuteStatementInput,
};
use aws_sdk_dynamodb::types::{BatchStatementRequest, BatchStatementResponse};
use backon::BackoffBuilder as _;
use hooklane_app::ports::{Gathered, Unavailable};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Item, Table, Write, size};
use crate::direct::Operation;
use crate::failure::{is_throttle, unavailable};
use crate::retry::UNWRITTEN_ITEMS;

/// `BatchExecuteStatement` takes at most 25 statements.
const MOST: usize = 25;
/// The bytes of the items in one call.
const MOST_BYTES: usize = 1 << 20;
/// An item with more bytes is written alone: it would delay the others.
const LARGE: usize = 64 << 10;
/// The longest that an item waits for others.
const LONGEST_WAIT: Duration = Duration::from_millis(10);

static EXECUTE: LazyLock<Operation> =
    LazyLock::new(|| Operation::of(&BatchExecuteStatement::new()));

/// Whether an item was written; otherwise there is one already.
type Written = Result<bool, Unavailable>;

/// What a table's callers wait for.
#[derive(Debug, Clone, Default)]
pub(super) struct Group(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Items that are in no call yet, the oldest first.
    waiting: Vec<Waiting>,
    /// The callers that wait: for a call to begin, or for its answer.
    callers: usize,
    /// Those that may still write a new item, whether they wait or not.
    gathered: usize,
}

/// An item that is in no call yet.
#[derive(Debug)]
struct Waiting {
    item: Item,
    bytes: usize,
    since: Instant,
    caller: oneshot::Sender<Written>,
}

/// An item in a call.
#[derive(Debug)]
struct Insert {
    statement: BatchStatementRequest,
    caller: oneshot::Sender<Written>,
}

/// A caller that waits.
struct Caller(Group);

impl Table {
    /// Says that the caller may still write a new item, until it drops the result.
    pub(crate) fn gather(&self) -> Gathered {
        self.group.state().gathered += 1;
        let table = self.clone();
        Gathered::until(move || {
            table.group.state().gathered -= 1;
            table.flush();
        })
    }

    /// Writes an item if there is none with its key, together with others that come at about the same time.
    /// Returns whether it was written.
    ///
    /// As with any conditional write, `false` may mean the caller's own item: if an answer is lost, the call is
    /// repeated. So a caller reads what is there, and compares.
    pub(crate) async fn put_new(&self, item: Item) -> Written {
        let _caller = self.group.call();
        let (bytes, since) = (size(&item), Instant::now());
        let (caller, mut answer) = oneshot::channel();
        let waiting = Waiting { item, bytes, since, caller };
        if bytes > LARGE {
            tokio::spawn(self.begin(vec![waiting]));
        } else {
            self.group.state().waiting.push(waiting);
        }
        self.flush();
        let answered = match timeout_at(since + LONGEST_WAIT, &mut answer).await {
            Ok(answered) => answered,
            Err(_) => {
                self.flush();
                answer.await
            }
        };
        answered.map_err(unavailable("writing a new item".to_owned()))?
    }

    /// Begins the calls that are due. Outside of a runtime there is nobody who could wait for one.
    fn flush(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        loop {
            let due = self.group.state().take_due(Instant::now());
            if due.is_empty() {
                return;
            }
            runtime.spawn(self.begin(due));
        }
    }

    /// The task that writes these items.
    fn begin(&self, items: Vec<Waiting>) -> impl Future<Output = ()> + Send + use<> {
        let table = self.clone();
        async move {
            match <[Waiting; 1]>::try_from(items) {
                // An item alone is an ordinary conditional write.
                Ok([Waiting { item, caller, .. }]) => {
                    answer(caller, table.write(Write::put(item).if_absent()).await);
                }
                Err(items) => table.insert_together(items).await,
            }
        }
    }

    /// Makes one call for all, and after a pause another one for those that it refused for now.
    async fn insert_together(&self, items: Vec<Waiting>) {
        let mut inserts: Vec<_> =
            items.into_iter().filter_map(|item| self.statement(item)).collect();
        let mut pauses = UNWRITTEN_ITEMS.build();
        while !inserts.is_empty() {
            let refused = self.try_inserts(inserts).await;
            let pause = pauses.next().filter(|_| !refused.is_empty());
            let Some(pause) = pause else {
                refused.into_iter().for_each(|(insert, error)| answer(insert.caller, Err(error)));
                return;
            };
            sleep(pause).await;
            let refused = refused.into_iter().map(|(insert, _)| insert);
            inserts = refused.filter(|insert| !insert.caller.is_closed()).collect();
        }
    }

    /// Makes one call, and answers the callers for whom it decided. Returns those that it refused for now.
    async fn try_inserts(&self, inserts: Vec<Insert>) -> Vec<(Insert, Unavailable)> {
        let call = self.call("BatchExecuteStatement");
        let execute = || {
            let statements = inserts.iter().map(|insert| insert.statement.clone()).collect();
            BatchExecuteStatementInput::builder().set_statements(Some(statements))
        };
        let sdk = || execute().send_with(&self.client);
        let mut responses = match self.direct.call(&EXECUTE, execute().build(), sdk).await {
            Ok(answer) => answer.responses.unwrap_or_default().into_iter(),
            Err(error) => {
                let error = Arc::new(error);
                for insert in inserts {
                    answer(insert.caller, Err(call.refused(error.code(), Arc::clone(&error))));
                }
                return Vec::new();
            }
        };
        let mut refused = Vec::new();
        for insert in inserts {
            // They are in the order of the statements.
            match Outcome::of(responses.next()) {
                Outcome::Decided(written) => answer(insert.caller, Ok(written)),
                Outcome::Passing(code, why) => {
                    refused.push((insert, call.refused(Some(&code), format!("{code}: {why}"))));
                }
                Outcome::Failed(why) => answer(insert.caller, Err(call.answered(why))),
            }
        }
        refused
    }

    /// The statement that inserts an item. Attributes are named after fields of ours, so their names need no
    /// escape.
    fn statement(&self, Waiting { item, caller, .. }: Waiting) -> Option<Insert> {
        let mut attributes: Vec<_> = item.into_iter().collect();
        attributes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let (names, values): (Vec<_>, Vec<_>) =
            attributes.into_iter().map(|(name, value)| (format!("'{name}': ?"), value)).unzip();
        let text = format!(r#"INSERT INTO "{}" VALUE {{{}}}"#, self.name, names.join(", "));
        let statement = BatchStatementRequest::builder().statement(text);
        match statement.set_parameters(Some(values)).build() {
            Ok(statement) => Some(Insert { statement, caller }),
            Err(error) => {
                answer(caller, Err(unavailable("building a statement".to_owned())(error)));
                None
            }
        }
    }
}

/// A caller that was dropped needs no answer.
fn answer(caller: oneshot::Sender<Written>, written: Written) {
    drop(caller.send(written));
}

impl Group {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Caller {
        self.state().callers += 1;
        Caller(self.clone())
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.state().callers -= 1;
    }
}

impl State {
    /// Takes the items of one call, if one is due.
    fn take_due(&mut self, now: Instant) -> Vec<Waiting> {
        self.waiting.retain(|item| !item.caller.is_closed());
        if !self.is_due(now) {
            return Vec::new();
        }
        let mut taken: Vec<Waiting> = Vec::new();
        let mut bytes = 0;
        for item in std::mem::take(&mut self.waiting) {
            // A call that names an item twice is refused.
            let is_twin = taken.iter().any(|other| has_key_of(&other.item, &item.item));
            if taken.len() < MOST && bytes + item.bytes <= MOST_BYTES && !is_twin {
                bytes += item.bytes;
                taken.push(item);
            } else {
                self.waiting.push(item);
            }
        }
        taken
    }

    fn is_due(&self, now: Instant) -> bool {
        let Some(oldest) = self.waiting.first() else { return false };
        self.callers >= self.gathered
            || self.waiting.len() >= MOST
            || self.waiting.iter().map(|item| item.bytes).sum::<usize>() >= MOST_BYTES
            || now.duration_since(oldest.since) >= LONGEST_WAIT
    }
}

fn has_key_of(a: &Item, b: &Item) -> bool {
    ["pk", "sk"].iter().all(|name| a.get(*name) == b.get(*name))
}

/// What became of one statement.
enum Outcome {
    /// Whether the item was written; otherwise there is one already.
    Decided(bool),
    /// It was refused for now. Holds the code and the message.
    Passing(String, String),
    Failed(String),
}

impl Outcome {
    /// By the code of its error (*Amazon DynamoDB API Reference*, "BatchStatementError"). The call itself has
    /// succeeded, so the SDK repeats none of them.
    fn of(response: Option<BatchStatementResponse>) -> Self {
        let Some(response) = response else {
            return Self::Failed("the answer lacks a statement".to_owned());
        };
        let Some(error) = response.error else { return Self::Decided(true) };
        let code = error.code.as_ref().map_or("no code", |code| code.as_str());
        let why = error.message.unwrap_or_default();
        match code {
            "DuplicateItem" | "ConditionalCheckFailed" => Self::Decided(false),
            "InternalServerError" | "TransactionConflict" => Self::Passing(code.to_owned(), why),
            _ if is_throttle(code) => Self::Passing(code.to_owned(), why),
            _ => Self::Failed(format!("{code}: {why}")),
        }
    }
}

#[cfg(test)]
mod tests;

//! Transactions: several writes, of which all are made or none.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use backon::Retryable as _;
use hooklane_app::ports::{Throttled, Unavailable};

use super::Table;
use super::write::{Action, Terms, Write};
use crate::failure::{is_throttle, unavailable};
use crate::retry::TRANSACTION_CONFLICT;

type Failure = SdkError<TransactWriteItemsError>;

impl Table {
    /// Makes all of the writes, or none. Returns whether their conditions held. A transaction that
    /// conflicts with another one, or is throttled, is tried again after a pause: neither is in a retry
    /// class of the SDK.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<bool, Unavailable> {
        let parts = self.parts(writes)?;
        let sent = (|| self.try_transaction(&parts)).retry(TRANSACTION_CONFLICT);
        let sent = sent.when(|failed| will_pass(failed) != Passing::No).await;
        sent.map_err(|failed| match will_pass(&failed) {
            Passing::Throttled => Unavailable::new(
                self.call("TransactWriteItems").to_string(),
                Throttled(failed.into()),
            ),
            Passing::Conflict | Passing::No => self.call("TransactWriteItems").failed()(failed),
        })
    }

    async fn try_transaction(&self, parts: &[TransactWriteItem]) -> Result<bool, Failure> {
        let sent = self.client.transact_write_items().set_transact_items(Some(parts.to_vec()));
        match sent.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_refused) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn parts(&self, writes: Vec<Write>) -> Result<Vec<TransactWriteItem>, Unavailable> {
        let parts = writes.into_iter().map(|write| self.part(write));
        parts.collect::<Result<_, _>>().map_err(unavailable("building a transaction".to_owned()))
    }

    fn part(&self, write: Write) -> Result<TransactWriteItem, BuildError> {
        let Write { action, terms: Terms { condition, names, values } } = write;
        let part = TransactWriteItem::builder();
        let part = match action {
            Action::Put(item) => {
                let put = Put::builder().table_name(&self.name).set_item(Some(item));
                let put = put
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                part.put(put.build()?)
            }
            Action::Update { key, expression } => {
                let update = Update::builder().table_name(&self.name).set_key(Some(key));
                let update = update
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                part.update(update.build()?)
            }
            Action::Delete(key) => {
                let delete = Delete::builder().table_name(&self.name).set_key(Some(key));
                let delete = delete
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                part.delete(delete.build()?)
            }
        };
        Ok(part.build())
    }
}

/// Whether a transaction was cancelled because the condition of one of its writes did not hold.
fn is_refused(error: &TransactWriteItemsError) -> bool {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
            .cancellation_reasons()
            .iter()
            .any(|reason| reason.code() == Some("ConditionalCheckFailed")),
        _ => false,
    }
}

/// Whether a transaction that failed may succeed after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passing {
    /// Another transaction was under way on one of its items, or its own first try still is.
    Conflict,
    Throttled,
    /// It would fail again, or the SDK has repeated it.
    No,
}

/// By the reasons of a cancelled transaction (*Amazon DynamoDB API Reference*, "TransactWriteItems"): one
/// whose input is refused is not repeated.
fn will_pass(error: &Failure) -> Passing {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Passing::Conflict,
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            let codes = || reasons.iter().filter_map(|reason| reason.code());
            if codes()
                .any(|code| !matches!(code, "None" | "TransactionConflict") && !is_throttle(code))
            {
                Passing::No
            } else if codes().any(is_throttle) {
                Passing::Throttled
            } else {
                Passing::Conflict
            }
        }
        _ => Passing::No,
    }
}

#[cfg(test)]
mod tests;

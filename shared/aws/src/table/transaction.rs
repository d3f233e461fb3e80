//! Transactions: several writes, of which all are made or none.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use backon::Retryable as _;
use hooklane_app::ports::Unavailable;

use super::Table;
use super::write::{Action, Terms, Write};
use crate::failure::unavailable;
use crate::retry::TRANSACTION_CONFLICT;

type Failure = SdkError<TransactWriteItemsError>;

impl Table {
    /// Makes all of the writes, or none. Returns whether their conditions held. A transaction that
    /// conflicts with another one is tried again after a pause.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<bool, Unavailable> {
        let parts = self.parts(writes)?;
        let sent = (|| self.try_transaction(&parts)).retry(TRANSACTION_CONFLICT);
        sent.when(is_cancelled).await.map_err(self.call("TransactWriteItems").failed())
    }

    /// As [`Table::transact`], but a conflict is an error at once: for a message, which comes back.
    pub(crate) async fn transact_once(&self, writes: Vec<Write>) -> Result<bool, Unavailable> {
        let parts = self.parts(writes)?;
        self.try_transaction(&parts).await.map_err(self.call("TransactWriteItems").failed())
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

/// Whether a transaction was cancelled: by a conflict with another one, or by throttling.
fn is_cancelled(error: &Failure) -> bool {
    error.as_service_error().is_some_and(TransactWriteItemsError::is_transaction_canceled_exception)
}

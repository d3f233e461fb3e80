//! Writes. A write is a value that carries its own condition. It is sent on its own or in a transaction.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use backon::Retryable as _;
use hooklane_app::ports::Unavailable;

use super::{Item, Key, Table, number};
use crate::failure::Call;
use crate::retry::TRANSACTION_CONFLICT;

/// A write of one item. It is made only if its condition holds.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(super) action: Action,
    pub(super) terms: Terms,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Put(Item),
    Update { key: Item, expression: String },
    Delete(Item),
}

/// The condition of a write, and what the placeholders of condition and update stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) condition: Option<String>,
    /// Names by `#placeholder`. `None` if there are none: DynamoDB refuses an empty map.
    pub(super) names: Option<HashMap<String, String>>,
    /// Values by `:placeholder`, likewise.
    pub(super) values: Option<Item>,
}

impl Write {
    /// Writes the whole item, in place of the one that is there. What a newer version added to that one is
    /// lost, so this is for new items; others are written by a [`super::Rewrite`].
    pub(crate) fn put(item: Item) -> Self {
        Self::of(Action::Put(item))
    }

    /// Changes the attributes that an update expression names. Creates the item if there is none.
    pub(crate) fn update(key: &Key, expression: &str) -> Self {
        Self::of(Action::Update { key: key.attributes(), expression: expression.to_owned() })
    }

    /// As [`Write::update`], with the attributes of a key.
    pub(super) fn update_at(key: Item, expression: String) -> Self {
        Self::of(Action::Update { key, expression })
    }

    pub(crate) fn delete(key: &Key) -> Self {
        Self::of(Action::Delete(key.attributes()))
    }

    fn of(action: Action) -> Self {
        Self { action, terms: Terms::default() }
    }

    /// Sets what `#placeholder` stands for: an attribute whose name is a reserved word.
    pub(crate) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.terms.names.get_or_insert_default().insert(placeholder.to_owned(), name.to_owned());
        self
    }

    /// Sets what `:placeholder` stands for.
    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.terms.values.get_or_insert_default().insert(placeholder.to_owned(), value);
        self
    }

    /// Only if a condition expression holds.
    pub(crate) fn if_holds(mut self, condition: &str) -> Self {
        self.terms.condition = Some(condition.to_owned());
        self
    }

    /// Only if there is no item.
    pub(crate) fn if_absent(self) -> Self {
        self.if_holds("attribute_not_exists(pk)")
    }

    /// Only if there is an item.
    pub(crate) fn if_present(self) -> Self {
        self.if_holds("attribute_exists(pk)")
    }

    /// Only if the item has this revision in `attribute`; with revision 0, only if it has none. The item
    /// may exist without one: some attributes are written without counting the revision.
    pub(crate) fn if_revision(self, attribute: &str, revision: u64) -> Self {
        match revision {
            0 => self.if_holds(&format!("attribute_not_exists({attribute})")),
            revision => self
                .if_holds(&format!("{attribute} = :revision"))
                .value(":revision", number(revision)),
        }
    }
}

impl Table {
    /// Writes the whole item, whatever is there.
    pub(crate) async fn put(&self, item: Item) -> Result<(), Unavailable> {
        self.write(Write::put(item)).await.map(drop)
    }

    /// Makes one write. Returns whether its condition held.
    pub(crate) async fn write(&self, write: Write) -> Result<bool, Unavailable> {
        self.send(write, None).await.map(|written| written.is_some())
    }

    /// Makes one write. Returns the attributes that `returned` asks for, or `None` if its condition did
    /// not hold.
    pub(crate) async fn write_returning(
        &self,
        write: Write,
        returned: ReturnValue,
    ) -> Result<Option<Item>, Unavailable> {
        self.send(write, Some(returned)).await
    }

    /// A write that meets a transaction on its item has taken no effect, and is tried again after a pause.
    async fn send(
        &self,
        write: Write,
        returned: Option<ReturnValue>,
    ) -> Result<Option<Item>, Unavailable> {
        let sent = (|| self.send_once(write.clone(), returned.clone())).retry(TRANSACTION_CONFLICT);
        sent.when(|failed| failed.met_transaction).await.map_err(|failed| failed.error)
    }

    async fn send_once(
        &self,
        write: Write,
        returned: Option<ReturnValue>,
    ) -> Result<Option<Item>, Failed> {
        let Write { action, terms: Terms { condition, names, values } } = write;
        let attributes = match action {
            Action::Put(item) => {
                let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
                let sent = put
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(returned)
                    .send();
                let written = unless_refused(sent.await).map_err(failed(self.call("PutItem")))?;
                written.map(|answer| answer.attributes)
            }
            Action::Update { key, expression } => {
                let update = self.client.update_item().table_name(&self.name).set_key(Some(key));
                let sent = update
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(returned)
                    .send();
                let written =
                    unless_refused(sent.await).map_err(failed(self.call("UpdateItem")))?;
                written.map(|answer| answer.attributes)
            }
            Action::Delete(key) => {
                let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
                let sent = delete
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(returned)
                    .send();
                let written =
                    unless_refused(sent.await).map_err(failed(self.call("DeleteItem")))?;
                written.map(|answer| answer.attributes)
            }
        };
        Ok(attributes.map(Option::unwrap_or_default))
    }
}

/// A write that failed.
struct Failed {
    error: Unavailable,
    /// Whether a transaction on the same item was under way (`TransactionConflictException`), which is in no
    /// retry class of the SDK.
    met_transaction: bool,
}

fn failed<E>(call: Call<'_>) -> impl FnOnce(E) -> Failed + use<E>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let failed = call.failed();
    move |error| Failed {
        met_transaction: error.code() == Some("TransactionConflictException"),
        error: failed(error),
    }
}

/// The answer to a write, or `None` if its condition did not hold.
fn unless_refused<T, E, R>(sent: Result<T, SdkError<E, R>>) -> Result<Option<T>, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
{
    match sent {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(error),
    }
}

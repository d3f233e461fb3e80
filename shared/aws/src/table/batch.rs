//! The calls that take many keys at once. DynamoDB may leave some of them unprocessed and still report
//! success, so the rest is sent again.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItem, BatchGetItemInput};
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};
use hooklane_app::ports::Unavailable;

use super::{Item, Key, Table};
use crate::direct::Operation;
use crate::failure::unavailable;
use crate::retry::{Answer, UNDELETED_KEYS, UNREAD_KEYS, until_processed};

/// `BatchGetItem` takes at most 100 keys.
pub(super) const READS: usize = 100;
/// `BatchWriteItem` takes at most 25 writes.
const WRITES: usize = 25;

static BATCH_GET_ITEM: LazyLock<Operation> = LazyLock::new(|| Operation::of(&BatchGetItem::new()));

/// DynamoDB refuses a call that names a key twice.
fn each_once(keys: &[Key]) -> Vec<&Key> {
    keys.iter().collect::<BTreeSet<_>>().into_iter().collect()
}

impl Table {
    /// The items of these keys, read consistently, in any order and each once; keys without an item are
    /// absent.
    pub(crate) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::new();
        for chunk in each_once(keys).chunks(READS) {
            let wanted = chunk.iter().map(|key| key.attributes()).collect();
            let answer = until_processed(UNREAD_KEYS, wanted, |keys| self.read_some(keys)).await?;
            self.none_left("BatchGetItem", "keys", &answer.left)?;
            items.extend(answer.results);
        }
        Ok(items)
    }

    /// Makes one call for the items of these keys.
    pub(super) async fn read_some(
        &self,
        keys: Vec<Item>,
    ) -> Result<Answer<Item, Item>, Unavailable> {
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let request = request.build().map_err(unavailable("building a batch read".to_owned()))?;
        let get = BatchGetItemInput::builder().request_items(&self.name, request);
        let input = get.clone().build();
        let answer = self.direct.call(&BATCH_GET_ITEM, input, || get.send_with(&self.client)).await;
        let answer = answer.map_err(self.call("BatchGetItem").failed())?;
        let items = answer.responses.unwrap_or_default().remove(&self.name);
        let left = answer.unprocessed_keys.unwrap_or_default().remove(&self.name);
        Ok(Answer {
            results: items.unwrap_or_default(),
            left: left.map(|left| left.keys).unwrap_or_default(),
        })
    }

    /// Deletes the items of these keys. A key without an item is no error.
    pub(crate) async fn delete_all(&self, keys: &[Key]) -> Result<(), Unavailable> {
        for chunk in each_once(keys).chunks(WRITES) {
            let deletions = chunk.iter().map(|key| self.deletion(key));
            let deletions = deletions.collect::<Result<_, _>>()?;
            let answer = until_processed(UNDELETED_KEYS, deletions, |left| self.write_some(left));
            self.none_left("BatchWriteItem", "deletions", &answer.await?.left)?;
        }
        Ok(())
    }

    fn deletion(&self, key: &Key) -> Result<WriteRequest, Unavailable> {
        let delete = DeleteRequest::builder().set_key(Some(key.attributes())).build();
        let delete = delete.map_err(unavailable("building a deletion".to_owned()))?;
        Ok(WriteRequest::builder().delete_request(delete).build())
    }

    /// Makes one call for these writes, which have no results.
    async fn write_some(
        &self,
        writes: Vec<WriteRequest>,
    ) -> Result<Answer<(), WriteRequest>, Unavailable> {
        let call = self.client.batch_write_item().request_items(&self.name, writes);
        let answer = call.send().await.map_err(self.call("BatchWriteItem").failed())?;
        let left = answer.unprocessed_items.unwrap_or_default().remove(&self.name);
        Ok(Answer { results: Vec::new(), left: left.unwrap_or_default() })
    }

    pub(super) fn none_left<L>(
        &self,
        operation: &'static str,
        what: &str,
        left: &[L],
    ) -> Result<(), Unavailable> {
        if left.is_empty() {
            return Ok(());
        }
        Err(self.call(operation).answered(format!("{} {what} stayed unprocessed", left.len())))
    }
}

//! A DynamoDB table. Every call to DynamoDB is made here. So one place names the call in an error
//! (`DynamoDB GetItem on Ledger`), and one place turns a condition that did not hold from an error into
//! an answer.
//!
//! [`item`] has items and keys, [`write`] single writes with their conditions, [`rewrite`] those that keep
//! what newer versions added, [`transaction`] several writes that are made together or not at all, [`group`]
//! new items of several callers that share a call, [`together`] reads of several callers that share one,
//! [`query`] queries and scans, and [`batch`] the calls that take many keys at once.

use std::sync::LazyLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput};
use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::Unavailable;
use serde::de::DeserializeOwned;

mod batch;
mod group;
mod item;
mod query;
mod rewrite;
mod together;
mod transaction;
mod write;

pub(crate) use item::{Item, Key, binary, from_item, number, size, string, text, to_item, value};
pub(crate) use query::limit;
pub(crate) use rewrite::{Rewrite, with_unknown_fields};
pub(crate) use write::Write;

use crate::clients::Aws;
use crate::direct::{Direct, Operation};
use crate::failure::Call;

static GET_ITEM: LazyLock<Operation> = LazyLock::new(|| Operation::of(&GetItem::new()));

/// One of the two tables.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    direct: Direct,
    name: String,
    group: group::Group,
    together: together::Together,
}

impl Table {
    pub(crate) fn new(aws: &Aws, name: String) -> Self {
        Self {
            client: Client::new(aws),
            direct: Direct::to_dynamodb(aws),
            name,
            group: group::Group::default(),
            together: together::Together::default(),
        }
    }

    /// The item under `key`, read consistently.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, Unavailable> {
        self.get_item(key).await?.map(from_item).transpose()
    }

    /// The item under `key` as its attributes, read consistently.
    pub(crate) async fn get_item(&self, key: &Key) -> Result<Option<Item>, Unavailable> {
        let get = || {
            let get = GetItemInput::builder().table_name(&self.name).consistent_read(true);
            get.set_key(Some(key.attributes()))
        };
        let sdk = || get().send_with(&self.client);
        let answer = self.direct.call(&GET_ITEM, get().build(), sdk).await;
        Ok(answer.map_err(self.call("GetItem").failed())?.item)
    }

    /// One attribute of the item under `key`, read consistently.
    pub(crate) async fn get_attribute(
        &self,
        key: &Key,
        name: &str,
    ) -> Result<Option<AttributeValue>, Unavailable> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let answer = get
            .set_key(Some(key.attributes()))
            .projection_expression("#name")
            .expression_attribute_names("#name", name)
            .send()
            .await
            .map_err(self.call("GetItem").failed())?;
        Ok(answer.item.and_then(|mut item| item.remove(name)))
    }

    /// A call on this table, for its errors.
    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { service: "DynamoDB", operation, on: &self.name }
    }
}

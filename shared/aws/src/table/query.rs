//! Queries and scans, page by page.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use futures::stream::{BoxStream, StreamExt as _};
use hooklane_app::ports::Unavailable;

use super::{Item, Table};

/// What one call of a query or scan read.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The key after which the next call goes on, if there may be more.
    pub(crate) next: Option<Item>,
}

impl Table {
    /// A consistent query for the items whose keys meet the condition `keys`.
    pub(crate) fn query(&self, keys: &str) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        query.key_condition_expression(keys)
    }

    /// A query of an index, which is eventually consistent.
    pub(crate) fn query_index(&self, index: &str, keys: &str) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.name).index_name(index);
        query.key_condition_expression(keys)
    }

    /// A scan of the whole table.
    pub(crate) fn scan(&self) -> ScanFluentBuilder {
        self.client.scan().table_name(&self.name)
    }

    /// Reads one page of a query.
    pub(crate) async fn page(&self, query: QueryFluentBuilder) -> Result<Page, Unavailable> {
        let answer = query.send().await.map_err(self.call("Query").failed())?;
        let items = answer.items.unwrap_or_default();
        Ok(Page { items, next: answer.last_evaluated_key })
    }

    /// Reads one page of a scan: up to 1 MiB of the table, before its filter is applied.
    pub(crate) async fn scanned(&self, scan: ScanFluentBuilder) -> Result<Page, Unavailable> {
        let answer = scan.send().await.map_err(self.call("Scan").failed())?;
        let items = answer.items.unwrap_or_default();
        Ok(Page { items, next: answer.last_evaluated_key })
    }

    /// Counts the items of one page of a query.
    pub(crate) async fn count(&self, query: QueryFluentBuilder) -> Result<u64, Unavailable> {
        let answer =
            query.select(Select::Count).send().await.map_err(self.call("Query").failed())?;
        Ok(u64::try_from(answer.count).unwrap_or(0))
    }

    /// Every item of a query. Pages are read as the stream is polled.
    pub(crate) fn stream(
        &self,
        query: QueryFluentBuilder,
    ) -> BoxStream<'static, Result<Item, Unavailable>> {
        let table = self.clone();
        let items = query.into_paginator().items().send();
        futures::stream::unfold((items, table), async |(mut items, table)| {
            let next = items.next().await?.map_err(table.call("Query").failed());
            Some((next, (items, table)))
        })
        .boxed()
    }
}

/// A limit on the items that a query reads, as the SDK takes it.
pub(crate) fn limit(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}

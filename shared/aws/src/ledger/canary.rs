//! The newest canary, one item: its id (`i`), when it was sent (`s`) and when it arrived (`a`), both in
//! milliseconds, and whether the one before it arrived in time (`b`).

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::{CanaryStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::canary::Canary;
use hooklane_domain::ids::EventId;
use serde::Deserialize;

use super::{Ledger, keys, time};
use crate::table::{Write, number, string};

#[derive(Deserialize)]
struct CanaryItem {
    i: EventId,
    s: i64,
    a: Option<i64>,
    b: Option<bool>,
}

impl CanaryStore for Ledger {
    async fn canary(&self) -> Result<Option<Canary>, Unavailable> {
        let Some(item) = self.table.get::<CanaryItem>(&keys::canary()).await? else {
            return Ok(None);
        };
        Ok(Some(Canary {
            id: item.i,
            sent_at: time(item.s)?,
            arrived_at: item.a.map(time).transpose()?,
            before: item.b,
        }))
    }

    async fn replace_canary(
        &self,
        newest: Option<&EventId>,
        next: &Canary,
    ) -> Result<bool, Unavailable> {
        let update = match next.before {
            Some(_) => "SET i = :next, s = :sent, b = :before, expiresAt = :expires REMOVE a",
            None => "SET i = :next, s = :sent, expiresAt = :expires REMOVE a, b",
        };
        let mut replace = Write::update(&keys::canary(), update)
            .value(":next", string(&next.id))
            .value(":sent", number(next.sent_at.as_millisecond()))
            .value(":expires", number(self.retention.expires_at(next.sent_at)));
        if let Some(before) = next.before {
            replace = replace.value(":before", AttributeValue::Bool(before));
        }
        let replace = match newest {
            Some(newest) => replace.if_holds("i = :newest").value(":newest", string(newest)),
            None => replace.if_holds("attribute_not_exists(i)"),
        };
        self.table.write(replace).await
    }

    async fn canary_arrived(&self, id: &EventId, at: Timestamp) -> Result<bool, Unavailable> {
        let arrived = Write::update(&keys::canary(), "SET a = :at")
            .if_holds("i = :id AND attribute_not_exists(a)")
            .value(":id", string(id))
            .value(":at", number(at.as_millisecond()));
        self.table.write(arrived).await
    }
}

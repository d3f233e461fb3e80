//! A scan of the whole ledger for a tenant's events. Each event is a partition of its own, so no query
//! finds them together. A scan costs as much as the ledger is large; only recoveries need it, and they
//! are rare.

use hooklane_app::ports::{EventPage, EventScan, Unavailable};
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::isolation::recovery::Wanted;

use super::{Ledger, keys};
use crate::failure::newer;
use crate::table::{Key, number, string, text};

/// Stands between the two parts of a cursor. No key of this table has it.
const SEPARATOR: char = '\n';

impl EventScan for Ledger {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        let from = cursor.map(|cursor| {
            let (pk, sk) = cursor
                .split_once(SEPARATOR)
                .ok_or_else(|| newer("a cursor", "it is not a partition key and a sort key"))?;
            Ok::<_, Unavailable>(Key { pk: pk.to_owned(), sk: sk.to_owned() }.attributes())
        });
        let scan = self
            .table
            .scan()
            .filter_expression("sk = :event AND begins_with(pk, :ours) AND a BETWEEN :from AND :to")
            .expression_attribute_values(":event", string(keys::EVENT))
            .expression_attribute_values(":ours", string(keys::events_of(tenant)))
            .expression_attribute_values(":from", number(wanted.since.as_millisecond()))
            .expression_attribute_values(":to", number(wanted.until.as_millisecond()))
            .set_exclusive_start_key(from.transpose()?);
        let page = self.table.scanned(scan).await?;
        let next = page.next.as_ref().and_then(Key::of);
        let next = next.map(cursor_of);
        let mut events = Vec::new();
        for item in page.items {
            let id = text(&item, "i");
            match super::event::read(item) {
                Ok(event) if event.tenant == *tenant => events.push(event),
                Ok(_) => {}
                Err(_) => tracing::error!(%tenant, event.id = id, "event.left_out"),
            }
        }
        Ok(EventPage { events, next })
    }

    fn cursor_after(&self, (tenant, id): &(TenantId, EventId)) -> String {
        cursor_of(keys::event(tenant, id))
    }
}

fn cursor_of(Key { pk, sk }: Key) -> String {
    format!("{pk}{SEPARATOR}{sk}")
}

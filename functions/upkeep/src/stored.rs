//! Reads the items of deliveries.

use hooklane_app::deliveries::read_each;
use hooklane_app::ports::Unavailable;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{DeliveryId, TenantId};

use crate::deps::Deps;
use crate::ports::Ports;
use crate::spans;

/// What the ledger holds of a delivery.
pub(crate) enum Stored {
    Found(Box<Delivery>),
    Missing,
    /// There is an item, and it cannot be read.
    Unreadable,
}

/// The items of these deliveries, in the order asked for. One that cannot be read does not affect the
/// others.
pub(crate) async fn read<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    ids: &[DeliveryId],
) -> Result<Vec<Stored>, Unavailable> {
    let each = read_each(&deps.ledger, ids).await?;
    let stored = each.into_iter().zip(ids).map(|(read, id)| match read {
        Ok(Some(delivery)) => Ok(Stored::Found(Box::new(delivery))),
        Ok(None) => Ok(Stored::Missing),
        Err(error) if error.is_unreadable() => {
            spans::of_delivery(tenant, id).in_scope(|| error.log("delivery.unreadable"));
            Ok(Stored::Unreadable)
        }
        Err(error) => Err(error),
    });
    stored.collect()
}

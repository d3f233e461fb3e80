//! Reads the items of deliveries.

use hooklane_app::deliveries::read_each;
use hooklane_app::ports::Unavailable;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::DeliveryId;

use crate::deps::Deps;
use crate::ports::Ports;

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
    ids: &[DeliveryId],
) -> Result<Vec<Stored>, Unavailable> {
    let each = read_each(&deps.ledger, ids).await?;
    let stored = each.into_iter().zip(ids).map(|(read, id)| match read {
        Ok(Some(delivery)) => Ok(Stored::Found(Box::new(delivery))),
        Ok(None) => Ok(Stored::Missing),
        Err(error) if error.is_corrupt() => {
            tracing::error!(delivery.id = %id, error = error.chain(), "delivery.unreadable");
            Ok(Stored::Unreadable)
        }
        Err(error) => Err(error),
    });
    stored.collect()
}

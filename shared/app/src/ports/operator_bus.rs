use hooklane_domain::isolation::notice::Notice;

use super::{Refused, Unavailable};

/// The platform's own bus, which is told of the operational events of all tenants.
pub trait OperatorBus: Send + Sync {
    /// Sends any number of notices. One that fails is sent again. An error means that at least one could not
    /// be sent; others may have been. Returns the notices that the bus refuses and would refuse again. All
    /// others were sent.
    fn tell(
        &self,
        notices: &[Notice],
    ) -> impl Future<Output = Result<Vec<Refused>, Unavailable>> + Send;
}

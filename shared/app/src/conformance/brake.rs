use hooklane_domain::isolation::brake::Brake;

use super::samples::at;
use crate::ports::BrakeStore;

/// The brake reads back as it was set. There is one for all, so its check runs alone.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
pub async fn brake<S: BrakeStore>(store: &S) {
    for on in [true, false] {
        let brake = Brake { on, in_flight: 80_001, measured_at: at(0) };
        store.set_brake(brake).await.unwrap();
        assert_eq!(store.brake().await.unwrap(), Some(brake));
    }
}

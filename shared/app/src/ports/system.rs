use std::time::Duration;

use hooklane_domain::Timestamp;

/// The time of day.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Waiting.
pub trait Pause: Send + Sync {
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// Randomness.
pub trait Entropy: Send + Sync {
    /// Unpredictable bytes, fit for a secret.
    fn random(&self) -> [u8; 32];

    /// The random part of an id.
    fn random_id(&self) -> u128 {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.random()[..16]);
        u128::from_be_bytes(bytes)
    }

    /// A random number from 0 to 1, for the jitter of retries.
    fn jitter(&self) -> f64 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.random()[..4]);
        f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
    }
}

//! Secrets Manager: the data keys, the operator's and those of tokens, fetched at first use and kept.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use hooklane_app::ports::{Clock as _, Entropy as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::RwLock;

use crate::failure::Call;
use crate::seal::{DataKeys, SealError};
use crate::system::System;

/// One secret, read when it is needed.
#[derive(Debug, Clone)]
pub struct Secret {
    client: Client,
    id: String,
}

impl Secret {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, id: String) -> Self {
        Self { client: Client::new(config), id }
    }
}

/// Where a secret's text is read from, each time anew.
pub trait SecretSource: Send + Sync {
    fn read(&self) -> impl Future<Output = Result<SecretString, Unavailable>> + Send;
}

impl SecretSource for Secret {
    async fn read(&self) -> Result<SecretString, Unavailable> {
        let call = Call { service: "Secrets Manager", operation: "GetSecretValue", on: &self.id };
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
            .map_err(call.failed())?;
        let text = value.secret_string.ok_or_else(|| call.answered("it has no text"))?;
        Ok(text.into())
    }
}

/// A key that was made current takes over in warm functions within so many seconds.
const KEYS_SECONDS: i64 = 300;

/// Seals and opens under the data keys. A name that is not known means that the keys were rotated:
/// they are fetched again, once. What is sealed is sealed under keys that were read a short while ago.
pub struct Vault<S = Secret> {
    secret: S,
    keys: RwLock<Option<(Timestamp, Arc<DataKeys>)>>,
    /// So long a set of keys is good for sealing.
    seconds: i64,
}

impl<S: SecretSource> Vault<S> {
    #[must_use]
    pub fn new(secret: S) -> Self {
        Self { secret, keys: RwLock::new(None), seconds: KEYS_SECONDS }
    }

    pub async fn seal(&self, plain: &str, owner: &str) -> Result<String, Unavailable> {
        let keys = self.recent_keys().await?;
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&System.random()[..12]);
        keys.seal(plain, owner, nonce).map_err(sealing)
    }

    pub async fn open(&self, sealed: &str, owner: &str) -> Result<SecretString, Unavailable> {
        match self.keys().await?.open(sealed, owner) {
            Err(SealError::UnknownKey) => self.fetch().await?.open(sealed, owner).map_err(sealing),
            opened => opened.map_err(sealing),
        }
    }

    async fn keys(&self) -> Result<Arc<DataKeys>, Unavailable> {
        if let Some((_, keys)) = self.keys.read().await.as_ref() {
            return Ok(Arc::clone(keys));
        }
        self.fetch().await
    }

    /// Keys that were read lately. Where reading them again fails, the known ones serve.
    async fn recent_keys(&self) -> Result<Arc<DataKeys>, Unavailable> {
        let known = self.keys.read().await.clone();
        let Some((read_at, keys)) = known else { return self.fetch().await };
        if System.now().duration_since(read_at).as_secs() < self.seconds {
            return Ok(keys);
        }
        match self.fetch().await {
            Err(error) => {
                tracing::warn!(error = error.chain(), "secret.refresh_failed");
                Ok(keys)
            }
            fetched => fetched,
        }
    }

    async fn fetch(&self) -> Result<Arc<DataKeys>, Unavailable> {
        let text = self.secret.read().await?;
        let keys = Arc::new(DataKeys::parse(text.expose_secret()).map_err(sealing)?);
        *self.keys.write().await = Some((System.now(), Arc::clone(&keys)));
        Ok(keys)
    }
}

fn sealing(error: SealError) -> Unavailable {
    Unavailable::new("encryption at rest", error)
}

/// Keys that are read again every so often, so that what is put into their secret takes over in warm
/// functions.
pub struct RotatingKeys<S = Secret> {
    secret: S,
    known: RwLock<Option<CachedKeys>>,
}

#[derive(Clone)]
struct CachedKeys {
    keys: Arc<KeyRing>,
    read_at: Timestamp,
    /// When they were to be read last, well or not.
    tried_at: Timestamp,
}

/// The secret is read at most so often, however many callers bring a key that nobody knows, and while it
/// cannot be read.
const PAUSE_SECONDS: i64 = 10;

impl<S: SecretSource> RotatingKeys<S> {
    #[must_use]
    pub fn new(secret: S) -> Self {
        Self { secret, known: RwLock::new(None) }
    }

    /// The keys, read at most five minutes ago. Where reading them again fails, the known ones serve.
    pub async fn known(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        self.not_older(KEYS_SECONDS, now).await
    }

    /// The keys as they are now, give or take ten seconds: for a caller whose key is not among the known
    /// ones, because it may have been made a moment ago.
    pub async fn newest(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        self.not_older(PAUSE_SECONDS, now).await
    }

    async fn not_older(&self, seconds: i64, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        // A clock that went back knows nothing of how old it is.
        let within = |since: Timestamp, seconds: i64| {
            (0..seconds).contains(&now.duration_since(since).as_secs())
        };
        let known = self.known.read().await.clone();
        if let Some(known) = &known
            && (within(known.read_at, seconds) || within(known.tried_at, PAUSE_SECONDS))
        {
            return Ok(Arc::clone(&known.keys));
        }
        let known = match (self.read().await, known) {
            (Ok(keys), _) => CachedKeys { keys: Arc::new(keys), read_at: now, tried_at: now },
            (Err(error), Some(known)) => {
                tracing::warn!(error = error.chain(), "secret.refresh_failed");
                CachedKeys { tried_at: now, ..known }
            }
            (Err(error), None) => return Err(error),
        };
        *self.known.write().await = Some(known.clone());
        Ok(known.keys)
    }

    async fn read(&self) -> Result<KeyRing, Unavailable> {
        let text = self.secret.read().await?;
        KeyRing::parse(text.expose_secret()).map_err(|e| Unavailable::new("reading keys", e))
    }
}

#[cfg(test)]
mod tests;

//! Secrets Manager: the data keys, the operator keys and the token keys. They are read at first use and
//! cached.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use hooklane_app::ports::{Clock as _, Entropy as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::RwLock;

use crate::clients::Aws;
use crate::failure::Call;
use crate::seal::{DataKeys, SealError};
use crate::system::System;

/// One secret of Secrets Manager.
#[derive(Debug, Clone)]
pub struct Secret {
    client: Client,
    id: String,
}

impl Secret {
    #[must_use]
    pub fn new(config: &Aws, id: String) -> Self {
        Self { client: Client::new(config), id }
    }
}

/// Reads the text of a secret, without a cache.
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

/// A warm function uses a new key this many seconds after the secret was changed, at the latest.
const KEYS_SECONDS: i64 = 300;

/// Seals and opens texts with the data keys. To seal, it uses keys that were read at most
/// five minutes ago. To open, any cached keys will do: a ciphertext that names a key that is not
/// among them was made after a rotation, so the keys are read again, once.
pub struct Vault<S = Secret> {
    secret: S,
    keys: RwLock<Option<(Timestamp, Arc<DataKeys>)>>,
    /// For how many seconds a set of keys is used to seal.
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

    /// Keys that are recent enough to seal with. If reading them again fails, the cached ones are used.
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

/// Keys that are read again every five minutes, so that a warm function takes over a change of their
/// secret.
pub struct RotatingKeys<S = Secret> {
    secret: S,
    known: RwLock<Option<CachedKeys>>,
}

#[derive(Clone)]
struct CachedKeys {
    keys: Arc<KeyRing>,
    read_at: Timestamp,
    /// When reading them was last tried, whether it succeeded or not.
    tried_at: Timestamp,
}

/// The secret is read at most once in this many seconds, however many callers bring an unknown key, and
/// also while reading it fails.
const PAUSE_SECONDS: i64 = 10;

impl<S: SecretSource> RotatingKeys<S> {
    #[must_use]
    pub fn new(secret: S) -> Self {
        Self { secret, known: RwLock::new(None) }
    }

    /// The keys, read at most five minutes ago. If reading them again fails, the cached ones are used.
    pub async fn known(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        self.not_older(KEYS_SECONDS, now).await
    }

    /// The keys, read at most ten seconds ago: for a caller whose key is not among the cached ones, as
    /// it may have been added a moment ago.
    pub async fn newest(&self, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        self.not_older(PAUSE_SECONDS, now).await
    }

    async fn not_older(&self, seconds: i64, now: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        // After the clock went back the age is unknown: the keys are read again.
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

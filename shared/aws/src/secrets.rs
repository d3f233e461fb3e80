//! Secrets Manager: the data keys and the operator key, fetched at first use and kept.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use hooklane_app::ports::{Surroundings as _, Unavailable};
use hooklane_domain::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::RwLock;

use crate::failure::unavailable;
use crate::seal::{DataKeys, SealError};
use crate::surroundings::System;

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
        let what = || format!("Secrets Manager GetSecretValue on {}", self.id);
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
            .map_err(unavailable(what()))?;
        let text = value.secret_string.ok_or_else(|| Unavailable::new(what(), "it has no text"))?;
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

/// A secret that is read again every so often, so that a new value takes over in warm functions.
pub struct Refreshed<S = Secret> {
    secret: S,
    seconds: i64,
    value: RwLock<Option<(Timestamp, Arc<SecretString>)>>,
}

impl<S: SecretSource> Refreshed<S> {
    #[must_use]
    pub fn new(secret: S, seconds: i64) -> Self {
        Self { secret, seconds, value: RwLock::new(None) }
    }

    /// The value, read at most so many seconds ago. Where reading it again fails, the old one serves.
    pub async fn get(&self, now: Timestamp) -> Result<Arc<SecretString>, Unavailable> {
        let known = self.value.read().await.clone();
        if let Some((read_at, value)) = &known
            && now.duration_since(*read_at).as_secs() < self.seconds
        {
            return Ok(Arc::clone(value));
        }
        match self.secret.read().await {
            Ok(value) => {
                let value = Arc::new(value);
                *self.value.write().await = Some((now, Arc::clone(&value)));
                Ok(value)
            }
            Err(error) => match known {
                Some((_, value)) => {
                    tracing::warn!(error = error.chain(), "secret.refresh_failed");
                    Ok(value)
                }
                None => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests;

//! The SDK's configuration and the HTTP client under it, made once at cold start.

use std::ops::Deref;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::http::{self, Http};
use crate::settings::text_or_empty;

/// The longest that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that one try of a call may take.
pub(crate) const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that a call may take with all its tries. It ends one that hangs well before the time limit of any
/// function.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// What every client of AWS is made of.
#[derive(Debug, Clone)]
pub struct Aws {
    sdk: SdkConfig,
    pub(crate) http: Http,
}

impl Aws {
    /// By a configuration of the SDK, which gets our HTTP client.
    #[must_use]
    pub fn of(config: SdkConfig) -> Self {
        Self::new(config, http::client(CONNECT_TIMEOUT))
    }

    fn new(config: SdkConfig, http: Http) -> Self {
        Self { sdk: config.into_builder().http_client(http.shared()).build(), http }
    }

    /// The same, with another configuration of the SDK.
    #[must_use]
    pub fn with(self, change: impl FnOnce(SdkConfig) -> SdkConfig) -> Self {
        Self::new(change(self.sdk), self.http)
    }
}

impl Deref for Aws {
    type Target = SdkConfig;

    fn deref(&self) -> &SdkConfig {
        &self.sdk
    }
}

/// Takes region, credentials and endpoint from the environment, where Lambda puts them (*AWS Lambda Developer
/// Guide*, "Defined runtime environment variables"). The SDK's own search goes on to files, other accounts and
/// the machine's metadata: it would be two megabytes of every function, and time at every cold start, for what
/// a function never has.
#[must_use]
pub fn load() -> Aws {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(TRY_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let endpoint = Some(text_or_empty("AWS_ENDPOINT_URL")).filter(|url| !url.is_empty());
    let mut config = SdkConfig::builder();
    config.set_endpoint_url(endpoint);
    let config = config
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(text_or_empty("AWS_REGION")))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .build();
    Aws::of(config)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use aws_sdk_sqs::config::Credentials;
    use tokio::time::{Instant, timeout};

    use super::*;

    /// Time limits need a clock, which the SDK's own loader would have brought.
    #[tokio::test(start_paused = true)]
    async fn a_call_that_nobody_answers_ends_after_fifteen_seconds() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let config = load().with(|config| {
            config
                .into_builder()
                .region(Region::from_static("us-east-1"))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
                .endpoint_url(url)
                .build()
        });
        let begun = Instant::now();
        let call = aws_sdk_sqs::Client::new(&config).list_queues().send();
        let answer = timeout(Duration::from_secs(600), call).await.expect("the call hangs");
        let error = format!("{:?}", answer.unwrap_err());
        assert!(error.contains("Timeout"), "{error}");
        assert!(begun.elapsed() <= Duration::from_secs(16), "{:?}", begun.elapsed());
    }
}

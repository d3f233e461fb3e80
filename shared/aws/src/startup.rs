//! A function that cannot start answers every invocation with the reason.
//!
//! If the process ended instead, the answer would say only that the runtime exited, and the reason
//! would be found in the log at best.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

use crate::settings::InvalidSetting;

/// Serves invocations until the process ends, each with an error such as
/// `api cannot start: the setting REGISTRY_TABLE is missing`.
pub async fn explain(function: &str, error: InvalidSetting) -> Result<(), Error> {
    let reason = &format!("{function} cannot start: {error}");
    tracing::error!(reason, "function.cannot_start");
    run(service_fn(
        move |_: LambdaEvent<Value>| async move { Err::<(), Error>(reason.clone().into()) },
    ))
    .await
}

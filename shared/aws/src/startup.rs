//! What a function does that cannot start: it answers every invocation with the reason.
//!
//! Ending the process instead would hide the reason in a log, behind an answer that says no more than
//! that the runtime exited.

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

//! The short way to AWS, for the calls that batches make: the SDK's own serializers, its signature, our HTTP
//! client, and nothing between them. A whole call of the SDK takes 300 µs of processor time in a function that
//! runs now and then, most of it for what it decides anew each time: endpoint, identity, retries, time limits,
//! interceptors (ADR 99).
//!
//! The short way tries once. If that fails, the SDK starts the call over: retries, errors and what is decided by
//! them are the SDK's alone. So a call that fails costs one extra request. After a failure the short way rests,
//! and the SDK makes all calls, so that a service in trouble does not get twice as many for long.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse as _, SerializeRequest as _, SharedRequestSerializer,
    SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use aws_smithy_types::error::operation::BuildError;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hooklane_app::ports::Clock as _;
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Uri};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::clients::{self, Aws};
use crate::http::Http;
use crate::settings::text_or_empty;
use crate::system::System;

/// For how long the SDK makes all calls after a failure.
const REST: Duration = Duration::from_secs(10);
/// By this header Lambda detects functions that call themselves in a loop (*AWS Lambda Developer Guide*, "Use Lambda
/// recursive loop detection to prevent infinite loops"). The SDK sends it, too.
const TRACE: &str = "x-amzn-trace-id";
const AGENT: &str = concat!("hooklane/", env!("CARGO_PKG_VERSION"));

/// Why the short way failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the request could not be written")]
    Unwritten,
    #[error("the request could not be signed")]
    Unsigned,
    #[error("the request could not be sent, or was not answered")]
    Unanswered,
    #[error("the answer has the status {0}")]
    Status(u16),
    #[error("the answer could not be read")]
    Unread,
    #[error("there was no answer within {} s", clients::TRY_TIMEOUT.as_secs())]
    Late,
}

/// The serializer and the deserializer of an operation of the SDK.
#[derive(Debug)]
pub(crate) struct Operation(Option<FrozenLayer>);

impl Operation {
    pub(crate) fn of(operation: &dyn RuntimePlugin) -> Self {
        Self(operation.config())
    }

    fn request(&self, input: Input) -> Option<http::Request<SdkBody>> {
        let writer = self.0.as_ref()?.load::<SharedRequestSerializer>()?;
        let request = writer.serialize_input(input, &mut ConfigBag::base()).ok()?;
        request.try_into_http1x().ok()
    }

    fn output<O: Debug + Send + Sync + 'static>(&self, answer: &HttpResponse) -> Option<O> {
        let reader = self.0.as_ref()?.load::<SharedResponseDeserializer>()?;
        let read = reader.deserialize_nonstreaming_with_config(answer, &ConfigBag::base());
        read.ok()?.downcast().ok()
    }
}

/// The short way to a service, for one of its clients.
#[derive(Debug, Clone)]
pub(crate) struct Direct(Option<Arc<Service>>);

#[derive(Debug)]
struct Service {
    http: Http,
    credentials: SharedCredentialsProvider,
    name: &'static str,
    region: String,
    endpoint: Uri,
    host: HeaderValue,
    /// Until then the SDK makes all calls of this client.
    rests_until: Mutex<Option<Instant>>,
}

impl Direct {
    pub(crate) fn to_dynamodb(aws: &Aws) -> Self {
        use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let params = Params::builder().set_region(region(aws)).set_endpoint(endpoint(aws)).build();
        let resolved = params.ok().and_then(|params| {
            ResolveEndpoint::resolve_endpoint(&DefaultResolver::new(), &params).now_or_never()
        });
        Self::to(aws, "dynamodb", resolved.and_then(Result::ok).map(|found| found.url().to_owned()))
    }

    pub(crate) fn to_sqs(aws: &Aws) -> Self {
        use aws_sdk_sqs::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let params = Params::builder().set_region(region(aws)).set_endpoint(endpoint(aws)).build();
        let resolved = params.ok().and_then(|params| {
            ResolveEndpoint::resolve_endpoint(&DefaultResolver::new(), &params).now_or_never()
        });
        Self::to(aws, "sqs", resolved.and_then(Result::ok).map(|found| found.url().to_owned()))
    }

    /// Without an endpoint, a region or credentials there is no short way, and the SDK says what is missing.
    fn to(aws: &Aws, name: &'static str, url: Option<String>) -> Self {
        let service = || {
            let endpoint: Uri = url?.parse().ok()?;
            let host = HeaderValue::from_str(endpoint.authority()?.as_str()).ok()?;
            Some(Service {
                http: aws.http.clone(),
                credentials: aws.credentials_provider()?,
                name,
                region: region(aws)?,
                endpoint,
                host,
                rests_until: Mutex::new(None),
            })
        };
        Self(service().map(Arc::new))
    }

    /// The answer to `input` by the short way, or else what `sdk` says. Both together take no longer than a call
    /// of the SDK alone. The future is boxed, so that the types of whoever awaits it stay shallow.
    pub(crate) fn call<'a, O, E, S>(
        &'a self,
        operation: &'a Operation,
        input: Result<impl Debug + Send + Sync + 'static, BuildError>,
        sdk: impl FnOnce() -> S + Send + 'a,
    ) -> BoxFuture<'a, Result<O, SdkError<E, HttpResponse>>>
    where
        O: Debug + Send + Sync + 'static,
        E: Send + 'a,
        S: Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send + 'a,
    {
        let input = input.map(Input::erase);
        Box::pin(async move {
            let begun = Instant::now();
            if let Some(answer) = self.try_once(operation, input.ok(), begun).await {
                return Ok(answer);
            }
            match timeout_at(begun + clients::CALL_TIMEOUT, sdk()).await {
                Ok(answer) => answer,
                Err(late) => Err(SdkError::timeout_error(late)),
            }
        })
    }

    async fn try_once<O: Debug + Send + Sync + 'static>(
        &self,
        operation: &Operation,
        input: Option<Input>,
        now: Instant,
    ) -> Option<O> {
        let service = self.0.as_ref().filter(|service| !service.rests(now))?;
        let tried = timeout(clients::TRY_TIMEOUT, service.call(operation, input)).await;
        match tried.unwrap_or(Err(Failure::Late)) {
            Ok(output) => Some(output),
            Err(failure) => {
                if service.rest(Instant::now()) {
                    tracing::info!(service = service.name, reason = %failure, "call.left_to_sdk");
                }
                None
            }
        }
    }
}

impl Service {
    /// Whether the SDK makes the calls at this time.
    fn rests(&self, now: Instant) -> bool {
        self.rests_until().is_some_and(|until| now < until)
    }

    /// From now on the SDK makes the calls for a while. Returns whether that is new.
    fn rest(&self, now: Instant) -> bool {
        let before = self.rests_until().replace(now + REST);
        before.is_none_or(|until| until <= now)
    }

    fn rests_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call<O: Debug + Send + Sync + 'static>(
        &self,
        operation: &Operation,
        input: Option<Input>,
    ) -> Result<O, Failure> {
        let request = input.and_then(|input| operation.request(input));
        let mut request = request.ok_or(Failure::Unwritten)?;
        let trace = text_or_empty("_X_AMZN_TRACE_ID");
        self.address(&mut request, &trace).ok_or(Failure::Unwritten)?;
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| Failure::Unsigned)?.into();
        self.sign(&mut request, &identity, System.now().into()).ok_or(Failure::Unsigned)?;
        let answer = self.http.send(request).await.map_err(|_| Failure::Unanswered)?;
        let (head, body) = answer.into_parts();
        if !head.status.is_success() {
            return Err(Failure::Status(head.status.as_u16()));
        }
        let body = body.collect().await.map_err(|_| Failure::Unread)?;
        let answer = http::Response::from_parts(head, SdkBody::from(body.to_bytes()));
        let answer = HttpResponse::try_from(answer).map_err(|_| Failure::Unread)?;
        operation.output(&answer).ok_or(Failure::Unread)
    }

    /// Says where the request goes, and what caused it: `trace` names the invocation, if there is one.
    fn address(&self, request: &mut http::Request<SdkBody>, trace: &str) -> Option<()> {
        *request.uri_mut() = self.endpoint.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if !trace.is_empty() {
            headers.insert(TRACE, HeaderValue::from_str(trace).ok()?);
        }
        Some(())
    }

    fn sign(
        &self,
        request: &mut http::Request<SdkBody>,
        identity: &Identity,
        time: SystemTime,
    ) -> Option<()> {
        let params = v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name(self.name)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let (method, uri) = (request.method().as_str(), request.uri().to_string());
        let body = SignableBody::Bytes(request.body().bytes()?);
        let signable = SignableRequest::new(method, uri, headers, body).ok()?;
        let (instructions, _) = sign(signable, &params).ok()?.into_parts();
        instructions.apply_to_request_http1x(request);
        Some(())
    }
}

fn region(aws: &Aws) -> Option<String> {
    aws.region().map(|region| region.as_ref().to_owned())
}

fn endpoint(aws: &Aws) -> Option<String> {
    aws.endpoint_url().map(str::to_owned)
}

#[cfg(test)]
mod tests;

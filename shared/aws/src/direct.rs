//! The short way to AWS, for the calls that every delivery needs: the SDK's own writers and readers, its
//! signature, our HTTP client, and nothing between them. A whole call of the SDK takes 300 µs of processor time in
//! a function that runs now and then, most of it for what it decides anew each time: endpoint, identity, retries,
//! time limits, interceptors (ADR 99).
//!
//! The short way makes one try. If that is no success, the SDK makes the call from the beginning: retries, errors
//! and what is decided by them are the SDK's alone. So a call that fails is one request more, and for a second
//! after that the SDK makes all calls, so that a service in trouble does not get twice as many.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
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

/// For how long the SDK makes all calls after one that was no success.
const REST: Duration = Duration::from_secs(1);
/// Lambda finds functions that call themselves without end by this header, which the SDK sends, too (*AWS Lambda
/// Developer Guide*, "Use Lambda recursive loop detection to prevent infinite loops").
const TRACE: &str = "x-amzn-trace-id";
const AGENT: &str = concat!("hooklane/", env!("CARGO_PKG_VERSION"));

/// How the request of an operation is written, and its answer read: both by the SDK.
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

/// The short way to one service.
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
    /// Until then the SDK makes all calls.
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
        let call = service.call(operation, input?);
        let answer = timeout(clients::TRY_TIMEOUT, call).await.ok().flatten();
        let answer = answer.and_then(|answer| operation.output(&answer));
        if answer.is_none() {
            service.rest(Instant::now());
        }
        answer
    }
}

impl Service {
    /// Whether the SDK makes the calls at this time.
    fn rests(&self, now: Instant) -> bool {
        let until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }

    /// The SDK makes the calls from now on, for a while.
    fn rest(&self, now: Instant) {
        let mut until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(now + REST);
    }

    /// The whole answer, if its status is one of success.
    async fn call(&self, operation: &Operation, input: Input) -> Option<HttpResponse> {
        let mut request = operation.request(input)?;
        self.address(&mut request, &text_or_empty("_X_AMZN_TRACE_ID"))?;
        let identity = self.credentials.provide_credentials().await.ok()?.into();
        self.sign(&mut request, &identity, System.now().into())?;
        let (head, body) = self.http.send(request).await.ok()?.into_parts();
        if !head.status.is_success() {
            return None;
        }
        let body = SdkBody::from(body.collect().await.ok()?.to_bytes());
        HttpResponse::try_from(http::Response::from_parts(head, body)).ok()
    }

    /// Says where the request goes, and what it comes from: `trace` is the invocation, if there is one.
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

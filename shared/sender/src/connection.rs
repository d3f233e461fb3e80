//! One HTTP/1.1 connection. It is driven by the attempt that uses it, and by nothing while it is idle.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::meter::{BODY, HEAD, Meter, Metered};

/// What HTTP is spoken over: TCP, or TLS over TCP.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

type Io = TokioIo<Metered<Box<dyn ByteStream>>>;
type Driver = http1::Connection<Io, Full<Bytes>>;

pub(crate) struct Connection {
    requests: http1::SendRequest<Full<Bytes>>,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
    /// Counts what comes off the network.
    wire: Meter,
    /// Counts what comes of answers, without what TLS adds.
    answers: Meter,
    /// The count of `answers` when the request began.
    before: usize,
}

impl Connection {
    pub(crate) fn new(
        requests: http1::SendRequest<Full<Bytes>>,
        driver: Driver,
        wire: Meter,
        answers: Meter,
    ) -> Self {
        Self { requests, driver: Some(driver), wire, answers, before: 0 }
    }

    /// Sends a request and returns the head of its final answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        self.before = self.answers.bytes();
        self.wire.allow(HEAD);
        let sent = self.requests.send_request(request);
        let answer = drive(&mut self.driver, sent).await;
        self.wire.allow(BODY);
        answer
    }

    /// The next part of the body, or `None` at its end.
    pub(crate) async fn data(
        &mut self,
        body: &mut Incoming,
    ) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            return match drive(&mut self.driver, body.frame()).await? {
                // Trailers say nothing that is kept.
                Ok(frame) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_) => continue,
                },
                Err(error) => Some(Err(error)),
            };
        }
    }

    /// Whether nothing of an answer has come since the request began.
    pub(crate) fn heard_nothing(&self) -> bool {
        self.answers.bytes() == self.before
    }

    /// Whether the connection can take a request: the last answer is complete, and the receiver has not
    /// hung up.
    pub(crate) async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(poll(&mut self.driver, cx))).await;
        self.driver.is_some() && self.requests.is_ready()
    }
}

/// Drives the connection until the future has its result.
async fn drive<F: Future>(driver: &mut Option<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        poll(driver, cx);
        future.as_mut().poll(cx)
    })
    .await
}

/// Lets the connection read and write. How it ended is the result of whatever waits for it.
fn poll(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if let Some(connection) = driver
        && Pin::new(connection).poll(cx).is_ready()
    {
        *driver = None;
    }
}

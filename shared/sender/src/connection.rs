//! One HTTP/1.1 connection. The attempt that uses it reads and writes, and nobody does while it is idle.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::answer::Answer;
use crate::meter::{BODY, HEAD, Meter};

/// What HTTP is spoken over: TCP, or TLS over TCP.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The most bytes that one read brings.
const READ: usize = 8 * 1024;

pub(crate) struct Connection {
    stream: Box<dyn ByteStream>,
    /// Counts what comes off the network.
    wire: Meter,
}

/// A request and its answer, as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) answer: Answer,
    /// The bytes of the request that were handed to the connection.
    written: usize,
    request: Request,
}

#[derive(Debug, Default)]
enum Request {
    #[default]
    Writing,
    Flushing,
    Sent,
    Failed(io::Error),
}

/// Why an exchange ended before its answer did.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The receiver ended the connection.
    Closed,
    /// TLS ended without `close_notify`.
    TlsClosed,
    Error(io::Error),
}

impl Exchange {
    /// Whether the whole request has been sent.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.request, Request::Sent)
    }

    /// Whether the connection can serve another request.
    pub(crate) fn leaves_connection(&self) -> bool {
        self.is_sent() && self.answer.leaves_connection()
    }

    /// Whether there is nothing left to wait for. A receiver that answers 2xx early may still want the rest of
    /// the request. After any other status it does not, as curl assumes.
    fn is_over(&self) -> bool {
        let wants_more = self.answer.status().is_some_and(|status| (200..=299).contains(&status));
        let writes = matches!(self.request, Request::Writing | Request::Flushing);
        self.answer.is_over() && !(wants_more && writes)
    }

    /// Why the request could not be written.
    pub(crate) fn write_error(&self) -> Option<&io::Error> {
        match &self.request {
            Request::Failed(error) => Some(error),
            _ => None,
        }
    }

    fn write(
        &mut self,
        stream: &mut dyn ByteStream,
        request: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let wrote = match self.request {
            Request::Writing => match Pin::new(stream).poll_write(cx, &request[self.written..]) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => {
                    self.written += n;
                    if self.written == request.len() {
                        self.request = Request::Flushing;
                    }
                    Ok(())
                }
                Poll::Ready(Err(error)) => Err(error),
            },
            Request::Flushing => match Pin::new(stream).poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(flushed) => flushed.map(|()| self.request = Request::Sent),
            },
            Request::Sent | Request::Failed(_) => return Poll::Pending,
        };
        if let Err(error) = wrote {
            self.request = Request::Failed(error);
        }
        Poll::Ready(())
    }
}

impl Connection {
    pub(crate) fn new(stream: Box<dyn ByteStream>, wire: Meter) -> Self {
        Self { stream, wire }
    }

    /// Sends the request and reads the answer at the same time, because an answer may come before the request
    /// has been read: its status counts, even if the rest cannot be sent any more.
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        exchange: &mut Exchange,
    ) -> Result<(), Broken> {
        self.wire.allow(HEAD);
        let mut buffer = vec![0; READ];
        poll_fn(|cx| {
            loop {
                if !exchange.answer.is_over() {
                    match read(&mut *self.stream, &mut buffer, cx) {
                        Poll::Ready(Ok(0)) => {
                            return Poll::Ready(Err(Broken::Closed));
                        }
                        Poll::Ready(Ok(n)) => {
                            let in_head = !exchange.answer.has_whole_head();
                            exchange.answer.feed(&buffer[..n]);
                            if in_head && exchange.answer.has_whole_head() {
                                self.wire.allow(BODY);
                            }
                            continue;
                        }
                        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                            return Poll::Ready(Err(Broken::TlsClosed));
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(Broken::Error(error))),
                        Poll::Pending => {}
                    }
                }
                if exchange.is_over() {
                    return Poll::Ready(Ok(()));
                }
                if exchange.write(&mut *self.stream, request, cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Whether an idle connection can take a request: the receiver has neither hung up nor sent anything.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(read(&mut *self.stream, &mut [0; 1], cx).is_pending())).await
    }

    /// Ends the connection in order, with TLS's `close_notify`, as far as that takes no waiting.
    pub(crate) async fn close(mut self) {
        poll_fn(|cx| {
            let _ = Pin::new(&mut *self.stream).poll_shutdown(cx);
            Poll::Ready(())
        })
        .await;
    }
}

fn read(
    stream: &mut dyn ByteStream,
    buffer: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    Pin::new(stream).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
}

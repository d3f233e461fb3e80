//! Counts what a receiver sends, and ends the connection when it is too much. A read is work even if it
//! brings one byte, so reads are counted, too.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What may come in one phase of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    bytes: usize,
    /// Reads that bring anything.
    reads: usize,
    /// The end of the sentence that says what came.
    when: &'static str,
}

/// TLS's own messages. A long chain of certificates has some 20 KiB.
pub(crate) const HANDSHAKE: Allowance =
    Allowance { bytes: 64 * 1024, reads: 1_000, when: "before TLS was set up" };
/// Everything before the end of the final headers, informational answers included.
pub(crate) const HEAD: Allowance =
    Allowance { bytes: 64 * 1024, reads: 1_000, when: "before the answer's headers were complete" };
/// A body is read up to 64 KiB ([`MAX_DRAINED`](crate::answer::MAX_DRAINED)), and TLS adds to it. Some devices
/// send byte by byte.
pub(crate) const BODY: Allowance =
    Allowance { bytes: 96 * 1024, reads: 2_000, when: "for the part of the body that is read" };

/// A receiver sent more than it may. The webhook's owner reads the text.
#[derive(Debug, thiserror::Error)]
#[error("more than {} bytes, or more than {} pieces, came {}", .0.bytes, .0.reads, .0.when)]
pub(crate) struct TooMuch(Allowance);

/// The count of one connection. Without an allowance it only counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<Mutex<Count>>);

#[derive(Debug, Default)]
struct Count {
    bytes: usize,
    reads: usize,
    limit: Option<Limit>,
}

/// An allowance as counts of the whole connection.
#[derive(Debug, Clone, Copy)]
struct Limit {
    bytes: usize,
    reads: usize,
    allowance: Allowance,
}

impl Meter {
    /// Begins a phase: from now on this may come.
    pub(crate) fn allow(&self, allowance: Allowance) {
        let mut count = self.lock();
        let (bytes, reads) = (count.bytes + allowance.bytes, count.reads + allowance.reads);
        count.limit = Some(Limit { bytes, reads, allowance });
    }

    fn count(&self, bytes: usize) -> Result<(), TooMuch> {
        let mut count = self.lock();
        count.bytes += bytes;
        count.reads += 1;
        match count.limit {
            Some(limit) if count.bytes > limit.bytes || count.reads > limit.reads => {
                Err(TooMuch(limit.allowance))
            }
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A byte stream with a meter on what is read.
#[derive(Debug)]
pub(crate) struct Metered<T> {
    inner: T,
    meter: Meter,
}

impl<T> Metered<T> {
    pub(crate) fn new(inner: T, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let came = buf.filled().len() - before;
        Poll::Ready(if came == 0 {
            Ok(())
        } else {
            self.meter.count(came).map_err(io::Error::other)
        })
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

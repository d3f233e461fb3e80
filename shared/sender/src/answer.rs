//! Reads one answer as it comes. The status line decides what the attempt's outcome is. What could not be read
//! after it is a remark.

mod chunks;
mod head;
mod kept;

use hooklane_domain::delivery::outcome::Response;
use hooklane_domain::delivery::remark::Remark;

use chunks::Chunks;
use head::StatusLine;

/// The number of bytes of a body that are read, chunk sizes included. A handler that writes more than is kept can
/// still come to its end.
pub(crate) const MAX_DRAINED: usize = 64 * 1024;

/// An answer as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The bytes of the head, up to the first that belong to the body.
    head: Vec<u8>,
    /// Where in `head` the line begins that is not complete.
    line: usize,
    /// How much of `head` has no line end after `line`.
    seen: usize,
    /// The status line, and where in `head` the headers begin.
    status: Option<(StatusLine, usize)>,
    is_garbage: bool,
    body: Option<Body>,
}

/// A body as far as it has come. Its head is complete.
#[derive(Debug)]
struct Body {
    framing: Framing,
    kept: Vec<u8>,
    drained: usize,
    /// Whether the connection can serve another request if the body ends as it says.
    reusable: bool,
    defect: Option<Remark>,
}

/// How the end of a body is known (RFC 9112 §6.3).
#[derive(Debug)]
enum Framing {
    /// The bytes that are left.
    Length(u64),
    Chunked(Chunks),
    /// The end of the connection is the end of the body.
    ToEnd,
}

/// How reading an answer ended, where it did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The receiver ended the connection in order.
    Closed,
    /// TLS ended without `close_notify`.
    TlsClosed,
    /// Reading failed.
    Broken,
    /// More came than an attempt may read.
    TooMuch,
    TimeOver,
}

impl Answer {
    /// Whether nothing has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty() && !self.is_garbage
    }

    /// Whether what came is no HTTP.
    pub(crate) fn is_garbage(&self) -> bool {
        self.is_garbage
    }

    pub(crate) fn has_whole_head(&self) -> bool {
        self.body.is_some()
    }

    /// The status of the final answer, once its line is complete.
    pub(crate) fn status(&self) -> Option<u16> {
        let (line, _) = self.status?;
        (!line.is_informational()).then_some(line.status)
    }

    /// Whether nothing more is read: the answer has ended, cannot be read any further, or is long enough.
    pub(crate) fn is_over(&self) -> bool {
        self.is_garbage || self.body.as_ref().is_some_and(Body::is_over)
    }

    /// Whether it has ended as it said it would, and its connection can serve another request.
    pub(crate) fn leaves_connection(&self) -> bool {
        self.body.as_ref().is_some_and(|body| {
            body.reusable && body.defect.is_none() && body.framing.is_complete()
        })
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        match &mut self.body {
            Some(body) => body.feed(bytes),
            None => {
                self.head.extend_from_slice(bytes);
                self.read_head();
            }
        }
    }

    fn read_head(&mut self) {
        while let Some(end) = self.head[self.seen..].iter().position(|b| *b == b'\n') {
            let end = self.seen + end;
            let line = self.head[self.line..end].trim_ascii_end();
            let next = end + 1;
            match self.status {
                // Blank lines before a status line are passed over.
                None if line.is_empty() => {}
                None => match head::status_line(line) {
                    Some(status) => self.status = Some((status, next)),
                    None => return self.is_garbage = true,
                },
                // A line of blanks goes on with the header before it.
                Some((status, from)) if matches!(&self.head[self.line..end], b"" | b"\r") => {
                    if !status.is_informational() {
                        let rest = self.head.split_off(next);
                        self.head.truncate(self.line);
                        let mut body = Body::new(status, &self.head[from..]);
                        body.feed(&rest);
                        self.body = Some(body);
                        return;
                    }
                    self.head.drain(..next);
                    self.status = None;
                    (self.line, self.seen) = (0, 0);
                    continue;
                }
                Some(_) => {}
            }
            (self.line, self.seen) = (next, next);
        }
        self.seen = self.head.len();
        let begun = &self.head[self.line..];
        let blank = begun.iter().all(u8::is_ascii_whitespace);
        self.is_garbage = self.status.is_none() && !blank && !head::may_begin(begun);
    }

    /// What is kept of the answer and what there is to say about it, where its status line has come. `cut` says
    /// why reading ended, if the answer did not.
    pub(crate) fn kept(&self, cut: Option<Cut>) -> Option<(Response, Option<Remark>)> {
        let status = self.status()?;
        let (_, from) = self.status?;
        let block =
            if self.body.is_some() { &self.head[from..] } else { &self.head[from..self.line] };
        let body = self.body.as_ref();
        let remark = match body {
            Some(body) => body.remark(cut),
            None => Some(Remark::HeadersTruncated),
        };
        let named = http::StatusCode::from_u16(status).ok();
        let text = named.and_then(|status| status.canonical_reason()).unwrap_or_default();
        let response = Response {
            status,
            status_text: text.to_owned(),
            headers: kept::headers(head::fields(block)),
            body: kept::to_text(body.map_or(&[], |body| &body.kept)),
        };
        Some((response, remark))
    }
}

impl Body {
    fn new(line: StatusLine, block: &[u8]) -> Self {
        let (mut lengths, mut codings, mut options) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in head::fields(block) {
            let values =
                value.split(|b| *b == b',').map(|part| part.trim_ascii().to_ascii_lowercase());
            match name.as_str() {
                "content-length" => lengths.extend(values),
                "transfer-encoding" => codings.extend(values),
                "connection" => options.extend(values),
                _ => {}
            }
        }
        let mut defect = None;
        let framing = if matches!(line.status, 101 | 204 | 304) {
            Framing::Length(0)
        } else if codings.last().is_some_and(|coding| coding == b"chunked") {
            Framing::Chunked(Chunks::new())
        } else if !codings.is_empty() || lengths.is_empty() {
            Framing::ToEnd
        } else {
            match length(&lengths) {
                Some(length) => Framing::Length(length),
                None => {
                    defect = Some(Remark::BodyMalformed);
                    Framing::ToEnd
                }
            }
        };
        let reusable = line.keeps_alive
            && line.status != 101
            && !options.iter().any(|option| option == b"close");
        Self { framing, kept: Vec::new(), drained: 0, reusable, defect }
    }

    fn is_over(&self) -> bool {
        let chunks_failed = self.defect.is_some() && matches!(self.framing, Framing::Chunked(_));
        self.framing.is_complete() || chunks_failed || self.drained >= MAX_DRAINED
    }

    fn feed(&mut self, bytes: &[u8]) {
        let kept = &mut self.kept;
        let mut keep = |data: &[u8]| {
            kept.extend_from_slice(&data[..data.len().min(kept::MAX_BODY - kept.len())]);
        };
        let taken = match &mut self.framing {
            Framing::Length(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                keep(&bytes[..here]);
                *left -= here as u64;
                here
            }
            Framing::Chunked(chunks) => match chunks.take(bytes, keep) {
                Ok(taken) => taken,
                Err(chunks::Malformed) => {
                    self.defect = Some(Remark::BodyMalformed);
                    bytes.len()
                }
            },
            Framing::ToEnd => {
                keep(bytes);
                bytes.len()
            }
        };
        self.drained += taken;
        // Nothing was asked for that could be answered by what follows.
        self.reusable &= taken == bytes.len();
    }

    fn remark(&self, cut: Option<Cut>) -> Option<Remark> {
        let without_length = matches!(self.framing, Framing::ToEnd);
        match cut {
            _ if self.framing.is_complete() => None,
            _ if self.drained >= MAX_DRAINED => Some(Remark::BodyTooLong),
            _ if self.defect.is_some() => self.defect,
            Some(Cut::TooMuch) => Some(Remark::BodyTooLong),
            Some(Cut::TimeOver) => Some(Remark::BodyStalled),
            Some(Cut::Closed) if without_length => None,
            Some(Cut::TlsClosed) if without_length => Some(Remark::TlsTruncated),
            Some(Cut::Closed | Cut::TlsClosed | Cut::Broken) | None => Some(Remark::BodyTruncated),
        }
    }
}

impl Framing {
    /// Whether the body has come to the end that it announced.
    fn is_complete(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunks::Over))
    }
}

/// The length that all values agree on.
fn length(values: &[Vec<u8>]) -> Option<u64> {
    let first = values.first()?;
    if values.iter().any(|value| value != first) || !first.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(first).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;

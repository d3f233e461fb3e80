//! Receivers: one server that counts the POSTs of each path, without TLS and with it. The first part of a path
//! says how it answers: `/ok/…` at once, `/after-100/…` after 100 ms, `/failing-1/…` with 500 to one request in a
//! hundred, the others as a hostile receiver would.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub mod tls;

/// What one path has got.
#[derive(Debug, Clone, Default)]
pub struct Got {
    pub posts: u64,
    pub ids: HashSet<String>,
    pub bytes: u64,
}

/// The running server. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    /// The same under TLS.
    tls_address: SocketAddr,
    got: Arc<Mutex<HashMap<String, Got>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> anyhow::Result<Self> {
        let (plain, secure) = (listener().await?, listener().await?);
        let (address, tls_address) = (plain.local_addr()?, secure.local_addr()?);
        let acceptor = tls::acceptor()?;
        let got: Arc<Mutex<HashMap<String, Got>>> = Arc::default();
        let counted = Arc::clone(&got);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, acceptor) = tokio::select! {
                    Ok((stream, _)) = plain.accept() => (stream, None),
                    Ok((stream, _)) = secure.accept() => (stream, Some(acceptor.clone())),
                    Some(_) = connections.join_next() => continue,
                    else => continue,
                };
                drop(stream.set_nodelay(true));
                let got = Arc::clone(&counted);
                // A sender that hangs up ends its connection, and nothing else.
                connections.spawn(async move { drop(connected(stream, acceptor, &got).await) });
            }
        });
        Ok(Self { address, tls_address, got, task })
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of a path under TLS.
    #[must_use]
    pub fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.tls_address)
    }

    /// What the path has got so far.
    #[must_use]
    pub fn got(&self, path: &str) -> Got {
        locked(&self.got).get(path).cloned().unwrap_or_default()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listener() -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).await.context("no loopback port")
}

/// Serves a connection, after the handshake if there is an acceptor.
async fn connected(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    got: &Mutex<HashMap<String, Got>>,
) -> std::io::Result<()> {
    match acceptor {
        Some(acceptor) => serve(acceptor.accept(stream).await?, got).await,
        None => serve(stream, got).await,
    }
}

struct Request {
    path: String,
    id: String,
    body_bytes: u64,
}

async fn serve<S>(mut stream: S, got: &Mutex<HashMap<String, Got>>) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        let posts = {
            let mut got = locked(got);
            let got = got.entry(request.path.clone()).or_default();
            got.posts += 1;
            got.bytes += request.body_bytes;
            got.ids.insert(request.id.clone());
            got.posts
        };
        let kind = request.path.split('/').nth(1).unwrap_or_default();
        let kind = match number(kind) {
            Some(("after", milliseconds)) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                "ok"
            }
            // Evenly: 1 percent is one in a hundred.
            Some(("failing", percent)) if posts * percent % 100 < percent => "failing",
            Some(("failing", _)) => "ok",
            _ => kind,
        };
        let is_kept = answer(&mut stream, kind).await?;
        stream.flush().await?;
        if !is_kept {
            return Ok(());
        }
    }
    Ok(())
}

/// A kind with a number, such as `after-100`.
fn number(kind: &str) -> Option<(&str, u64)> {
    let (kind, number) = kind.rsplit_once('-')?;
    Some((kind, number.parse().ok()?))
}

/// Reads one request with its body; what follows stays in the buffer.
async fn read<S>(stream: &mut S, buffer: &mut Vec<u8>) -> std::io::Result<Option<Request>>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let header = |wanted: &str| {
                head.lines().skip(1).find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
                })
            };
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            while buffer.len() < end + 4 + length {
                if stream.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
            }
            buffer.drain(..end + 4 + length);
            let id = header("webhook-id").unwrap_or_default();
            return Ok(Some(Request { path, id, body_bytes: length as u64 }));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Answers as the kind says. Returns whether the connection can be used again.
async fn answer<S>(stream: &mut S, kind: &str) -> std::io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match kind {
        "ok" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await?;
            return Ok(true);
        }
        "failing" => {
            stream
                .write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\nno")
                .await?;
            return Ok(true);
        }
        "informational" => forever(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n", 4_000, 0).await?,
        "continue" => forever(stream, b"HTTP/1.1 100 Continue\r\n\r\n", 4_000, 0).await?,
        "informational-headers" => {
            let mut one = b"HTTP/1.1 103 Early Hints\r\n".to_vec();
            for i in 0..60 {
                one.extend_from_slice(format!("link-{i}: </{}>\r\n", "x".repeat(60)).as_bytes());
            }
            one.extend_from_slice(b"\r\n");
            forever(stream, &one, 16, 0).await?;
        }
        "tiny-chunks" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            forever(stream, b"1\r\nx\r\n", 4_000, 0).await?;
        }
        "chunk-extensions" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            let one = format!("1;{}\r\nx\r\n", "e=f;".repeat(200));
            forever(stream, one.as_bytes(), 100, 0).await?;
        }
        "trailers" => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n")
                .await?;
            forever(stream, b"x-trailer: 1\r\n", 4_000, 0).await?;
        }
        "header-flood" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            forever(stream, b"x-flood: 0123456789\r\n", 4_000, 0).await?;
        }
        "long-header" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-long: ").await?;
            forever(stream, b"0123456789", 8_000, 0).await?;
        }
        "long-status" => {
            stream.write_all(b"HTTP/1.1 200 ").await?;
            forever(stream, b"OK ", 8_000, 0).await?;
        }
        "drip" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await?;
            forever(stream, b"x", 1, 50).await?;
        }
        "header-drip" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-drip: ").await?;
            forever(stream, b"x", 1, 50).await?;
        }
        "endless-body" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            forever(stream, b"0123456789abcdef", 4_000, 0).await?;
        }
        "silent" => forever(stream, b"", 1, 1_000).await?,
        _ => {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes `one` many times at once, with pauses between, until the other side hangs up.
async fn forever<S>(
    stream: &mut S,
    one: &[u8],
    at_once: usize,
    pause_ms: u64,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let many = one.repeat(at_once);
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut ignored = [0; 1_024];
    let hung_up = async {
        while reading.read(&mut ignored).await? > 0 {}
        Ok(())
    };
    let write = async {
        loop {
            writing.write_all(&many).await?;
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
    };
    tokio::select! {
        ended = hung_up => ended,
        ended = write => ended,
    }
}
